/* One event of a report; see entry.h. */
#include "hub/report/entry.h"

#include <stdio.h>
#include <string.h>

#include "hub/report/compose.h"
#include "hub/report/wording.h"
#include "proto/base/buf.h"

static void
format_port(char out[ENTRY_PORT_BYTES], uint16_t port)
{
	if (port == 0)
		(void)strcpy(out, "-");
	else
		(void)snprintf(out, ENTRY_PORT_BYTES, "%u", port);
}

void
entry_of(struct entry *out, const struct compose_facts *f,
    const struct compose_source *s, const struct compose_event *e)
{
	(void)clock_format(out->time, e->time_us, false);
	(void)addr_format(out->source, &s->address);
	format_port(out->port, e->port);
	if (e->destination.family == 0)
		(void)strcpy(out->destination, "-");
	else
		(void)addr_format(out->destination, &e->destination);
	format_port(out->destination_port, e->destination_port);
	(void)redact_login(out->login, f, e->login);
	out->service = wording_service(e->service, e->destination_port);
	out->kind = wording_kind(e->kind);
}

void
entry_write(struct buf *out, const struct entry *e)
{
	const char *const fields[] = {e->time, e->source, e->port,
	    e->destination, e->destination_port, e->service, e->kind,
	    e->login};
	const size_t n = sizeof fields / sizeof fields[0];

	for (size_t i = 0; i < n; i++) {
		buf_puts(out, fields[i]);
		buf_putc(out, i + 1 == n ? '\n' : ' ');
	}
}
