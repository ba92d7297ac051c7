/* plaintiff stop, go, clock accept: the switch that stops all reports, and
 * the clock that they go by. */
#include <inttypes.h>
#include <stdio.h>
#include <sysexits.h>

#include "hub/ctl/ctl.h"
#include "hub/ctl/decide_rows.h"
#include "proto/base/log.h"

int
ctl_stop(struct ctl *c)
{
	const char *args[] = {c->args[0], decide_who(c)};

	if (decide_rows_run(c, "ctl_stop", args, 2, NULL) < 0)
		return EX_SOFTWARE;
	puts("stopped: nothing is composed and nothing is sent until "
	     "plaintiff go");
	return EX_OK;
}

int
ctl_go(struct ctl *c)
{
	const char *who = decide_who(c);
	int64_t count;

	if (decide_rows_count(c, "ctl_go", &who, 1, &count) < 0)
		return EX_SOFTWARE;
	puts(count > 0 ? "reports go on" : "it was not stopped");
	return EX_OK;
}

int
ctl_clock_accept(struct ctl *c)
{
	const char *apart;

	if (decide_rows_clock(c, decide_who(c), &apart) < 0)
		return EX_SOFTWARE;
	printf("the clock is accepted; it had moved by %s, and weeks that run "
	       "were moved with it\n", apart);
	return EX_OK;
}
