/* One event of a report; see entry.h. */
#include "hub/report/entry.h"

#include "hub/report/compose.h"
#include "hub/report/wording.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"

static void
format_port(char out[ENTRY_PORT_BYTES], uint16_t port)
{
	char reversed[ENTRY_PORT_BYTES];
	size_t n = 0;

	if (port == 0)
		reversed[n++] = '-';
	for (; port != 0; port /= 10)
		reversed[n++] = (char)('0' + port % 10);
	while (n != 0)
		*out++ = reversed[--n];
	*out = '\0';
}

static const char *
format_addr(const struct addr *address, struct arena *a)
{
	char s[ADDR_TEXT_BYTES];

	return address->family == 0
	    ? "-"
	    : arena_string(a, addr_format(s, address));
}

static const struct entry *
entries_of(const struct compose_source *s,
    const unsigned char key[REDACT_KEY_BYTES], struct arena *a)
{
	struct entry *list = arena_array(a, s->line_count + 1, sizeof *list);
	const char *source = format_addr(&s->address, a);

	for (size_t i = 0; i < s->line_count; i++) {
		const struct compose_event *e = &s->lines[i];
		struct entry *out = &list[i];

		(void)clock_format(out->time, e->time_us, false);
		out->source = source;
		format_port(out->port, e->port);
		/* mostly the same as in the line before */
		out->destination = i != 0 &&
		        addr_equal(&e->destination, &e[-1].destination)
		    ? out[-1].destination
		    : format_addr(&e->destination, a);
		format_port(out->destination_port, e->destination_port);
		(void)redact_login(out->login, key, e->login);
		out->service = wording_service(e->service,
		    e->destination_port);
		out->kind = wording_kind(e->kind);
	}
	return list;
}

const struct entry *const *
entry_all(const struct compose_facts *f, struct arena *a)
{
	const struct entry **all = arena_array(a, f->listed + 1, sizeof *all);
	unsigned char key[REDACT_KEY_BYTES];

	redact_key(key, f);
	for (size_t i = 0; i < f->listed; i++)
		all[i] = entries_of(&f->sources[i], key, a);
	return (const struct entry *const *)all;
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
