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

/* What is mostly the same in one event after the other is found once. */
struct before {
	const struct compose_event *event;
	const struct entry *entry;
};

static void
settle(struct entry *out, const struct compose_event *e,
    const struct before *before, struct arena *a)
{
	const struct compose_event *last = before->event;

	out->destination = last != NULL &&
	        addr_equal(&e->destination, &last->destination)
	    ? before->entry->destination
	    : format_addr(&e->destination, a);
	out->service = last != NULL &&
	        e->destination_port == last->destination_port &&
	        text_equal(e->service, last->service)
	    ? before->entry->service
	    : wording_service(e->service, e->destination_port);
}

static void
fill(struct entries *out, const struct compose_source *s,
    const unsigned char key[REDACT_KEY_BYTES], struct before *before,
    struct arena *a)
{
	struct entry *list = arena_array(a, s->line_count + 1, sizeof *list);

	out->source = format_addr(&s->address, a);
	(void)clock_format(out->first, s->first_us, false);
	(void)clock_format(out->last, s->last_us, false);
	out->at = list;
	for (size_t i = 0; i < s->line_count; i++) {
		const struct compose_event *e = &s->lines[i];
		struct entry *to = &list[i];

		(void)clock_format(to->time, e->time_us, false);
		to->source = out->source;
		format_port(to->port, e->port);
		format_port(to->destination_port, e->destination_port);
		(void)redact_login(to->login, key, e->login);
		to->kind = wording_kind(e->kind);
		settle(to, e, before, a);
		*before = (struct before){.event = e, .entry = to};
	}
}

const struct entries *
entry_all(const struct compose_facts *f, struct arena *a)
{
	struct entries *all = arena_array(a, f->listed + 1, sizeof *all);
	unsigned char key[REDACT_KEY_BYTES];
	struct before before = {0};

	redact_key(key, f);
	for (size_t i = 0; i < f->listed; i++)
		fill(&all[i], &f->sources[i], key, &before, a);
	return all;
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
