/* Events as JSON; see scan_json.h.  Without printf: with it, one event would
 * cost as much as a hundred lines without. */
#include "agent/scan_json.h"

#include "proto/base/addr.h"
#include "proto/base/buf.h"
#include "proto/base/clock.h"
#include "proto/event.h"

#define PUT(b, literal) buf_add(b, literal, sizeof(literal) - 1)

static void
add_text(struct buf *b, struct text t)
{
	if (t.at == NULL) {
		PUT(b, "null");
		return;
	}
	buf_putc(b, '"');
	buf_json(b, t.at, t.n);
	buf_putc(b, '"');
}

static void
add_number(struct buf *b, uint64_t v)
{
	char digits[20];
	size_t at = sizeof digits;

	do
		digits[--at] = (char)('0' + v % 10);
	while ((v /= 10) > 0);
	buf_add(b, digits + at, sizeof digits - at);
}

void
scan_json_add(struct buf *b, uint64_t line, const struct event *e)
{
	char time[CLOCK_TEXT_BYTES], source[ADDR_TEXT_BYTES];

	PUT(b, "{\"line\":");
	add_number(b, line);
	PUT(b, ",\"time\":\"");
	buf_puts(b,
	    clock_format(time, e->time_us, e->time_us % CLOCK_SECOND_US != 0));
	PUT(b, "\",\"host\":");
	add_text(b, e->host);
	PUT(b, ",\"program\":");
	add_text(b, e->program);
	PUT(b, ",\"pid\":");
	if (e->pid == EVENT_NO_PID)
		PUT(b, "null");
	else
		add_number(b, (uint64_t)e->pid);
	PUT(b, ",\"service\":");
	add_text(b, e->service);
	PUT(b, ",\"kind\":");
	add_text(b, text_of(kind_name(e->kind)));
	PUT(b, ",\"ip\":");
	add_text(b, text_of(addr_format(source, &e->source)));
	PUT(b, ",\"port\":");
	if (e->source_port == EVENT_NO_PORT)
		PUT(b, "null");
	else
		add_number(b, e->source_port);
	PUT(b, ",\"ptr\":");
	add_text(b, e->ptr);
	PUT(b, ",\"login\":");
	add_text(b, e->login);
	PUT(b, ",\"mechanism\":");
	add_text(b, e->mechanism);
	PUT(b, ",\"rule\":");
	add_text(b, e->rule);
	PUT(b, "}\n");
}
