/* Events as JSON; see scan_json.h.  Without printf: with it, one event would
 * cost as much as a hundred lines without. */
#include "agent/scan_json.h"

#include <string.h>

#include "proto/base/addr.h"
#include "proto/base/buf.h"
#include "proto/base/clock.h"
#include "proto/event.h"

enum {
	FRAME_BYTES = 512, /* keys, numbers, time, addresses, names */
	NUMBER_DIGITS = 20,
};

#define PUT(to, literal) put(to, literal, sizeof(literal) - 1)

static inline char *
put(char *to, const char *s, size_t n)
{
	memcpy(to, s, n);
	return to + n;
}

static char *
put_string(char *to, const char *s)
{
	return put(to, s, strlen(s));
}

static char *
put_number(char *to, uint64_t v)
{
	char digits[NUMBER_DIGITS];
	size_t at = sizeof digits;

	do
		digits[--at] = (char)('0' + v % 10);
	while ((v /= 10) > 0);
	return put(to, digits + at, sizeof digits - at);
}

/* A text that a client may have written; all before it is in the buffer. */
static void
add_text(struct buf *b, struct text t)
{
	if (t.at == NULL) {
		buf_add(b, "null", 4);
		return;
	}
	buf_putc(b, '"');
	buf_json(b, t.at, t.n);
	buf_putc(b, '"');
}

/* Frames and texts in turn: what stands between two texts. */
static char *
put_identity(char *to, const struct event *e)
{
	char address[ADDR_TEXT_BYTES];

	to = PUT(to, ",\"kind\":\"");
	to = put_string(to, kind_name(e->kind));
	to = PUT(to, "\",\"ip\":\"");
	to = put_string(to, addr_format(address, &e->source));
	to = PUT(to, "\",\"port\":");
	if (e->source_port == EVENT_NO_PORT)
		to = PUT(to, "null");
	else
		to = put_number(to, e->source_port);
	return PUT(to, ",\"ptr\":");
}

static void
end_frame(struct buf *b, const char *to)
{
	b->n = (size_t)(to - b->data);
}

void
scan_json_add(struct buf *b, uint64_t line, const struct event *e)
{
	char time[CLOCK_TEXT_BYTES], *to = buf_reserve(b, FRAME_BYTES);

	to = PUT(to, "{\"line\":");
	to = put_number(to, line);
	to = PUT(to, ",\"time\":\"");
	to = put_string(to,
	    clock_format(time, e->time_us, e->time_us % CLOCK_SECOND_US != 0));
	end_frame(b, PUT(to, "\",\"host\":"));
	add_text(b, e->host);
	buf_puts(b, ",\"program\":");
	add_text(b, e->program);
	to = PUT(buf_reserve(b, FRAME_BYTES), ",\"pid\":");
	if (e->pid == EVENT_NO_PID)
		to = PUT(to, "null");
	else
		to = put_number(to, (uint64_t)e->pid);
	end_frame(b, PUT(to, ",\"service\":"));
	add_text(b, e->service);
	end_frame(b, put_identity(buf_reserve(b, FRAME_BYTES), e));
	add_text(b, e->ptr);
	buf_puts(b, ",\"login\":");
	add_text(b, e->login);
	buf_puts(b, ",\"mechanism\":");
	add_text(b, e->mechanism);
	buf_puts(b, ",\"rule\":");
	add_text(b, e->rule);
	buf_puts(b, "}\n");
}
