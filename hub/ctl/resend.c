/* plaintiff report resend, report send --force: what must be told although
 * it was refused, or although it is little.  The week holds for both; the
 * stage report composes, not this program. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "hub/ctl/ctl.h"
#include "hub/ctl/decide_rows.h"
#include "hub/ctl/resend.h"
#include "hub/db.h"
#include "hub/lookup/mailbox.h"
#include "proto/base/addr.h"
#include "proto/base/arena.h"
#include "proto/base/log.h"
#include "proto/base/text.h"

static const char *
key_of(struct ctl *c, const char *s)
{
	struct mailbox m;
	const char *why;

	if (mailbox_parse(c->arena, text_of(s), &m, &why) != MAILBOX_MALFORMED)
		return m.key;
	log_error("\"%s\" is no mailbox: %s", s, why);
	return NULL;
}

int
resend_force(struct ctl *c, const char *mailbox)
{
	const char *key = key_of(c, mailbox);
	struct db_rows *rows;
	bool there, stopped;

	if (key == NULL)
		return EX_USAGE;
	if (decide_rows_run(c, "ctl_may_tell", &key, 1, &rows) < 0)
		return EX_SOFTWARE;
	there = db_rows_count(rows) != 0;
	stopped = there && !db_is_null(rows, 0, 1) &&
	    strcmp(db_string(rows, 0, 1), "held share") != 0;
	if (!there)
		log_error("no contact \"%s\"", mailbox);
	else if (stopped)
		log_error("%s: %s%s%s", db_string(rows, 0, 0),
		    db_string(rows, 0, 1),
		    db_is_null(rows, 0, 2) ? "" : ", not before ",
		    db_string(rows, 0, 2));
	db_rows_free(rows);
	if (!there || stopped)
		return EX_DATAERR;
	if (decide_rows_run(c, "ctl_force", &key, 1, NULL) < 0)
		return EX_SOFTWARE;
	printf("%s is told next, whatever the thresholds say\n", key);
	return EX_OK;
}

/* The failed reports that are meant: by number, address or mailbox. */
static int
find(struct ctl *c, const char *what, struct db_rows **rows)
{
	const char *args[3] = {NULL, NULL, NULL};
	struct addr address;

	if (strspn(what, "0123456789") == strlen(what))
		args[0] = what;
	else if (addr_parse(text_of(what), &address))
		args[1] = what;
	else if ((args[2] = key_of(c, what)) == NULL)
		return EX_USAGE;
	return decide_rows_run(c, "ctl_failed_reports", args, 3, rows) < 0
	    ? EX_SOFTWARE
	    : EX_OK;
}

int
ctl_report_resend(struct ctl *c)
{
	struct db_rows *rows;
	size_t given = 0;
	int code = find(c, c->args[0], &rows);

	if (code != EX_OK)
		return code;
	for (size_t i = 0; code == EX_OK && i < db_rows_count(rows); i++) {
		const char *report =
		    arena_string(c->arena, db_string(rows, i, 0));
		int64_t addresses;

		if (decide_rows_count(c, "ctl_give_back", &report, 1,
		        &addresses) < 0)
			code = EX_SOFTWARE;
		else if (addresses > 0)
			printf("report %s: what it held of %" PRId64
			       " %s is due again\n", report, addresses,
			    addresses == 1 ? "address" : "addresses");
		given += code == EX_OK && addresses > 0;
	}
	db_rows_free(rows);
	if (code == EX_OK && given == 0) {
		log_error("\"%s\" names no failed report whose events are in "
		          "no other", c->args[0]);
		return EX_DATAERR;
	}
	return code;
}
