/* Events as JSON; see scan_json.h.  Without printf: with it, one event would
 * cost as much as a hundred lines without. */
#include "agent/scan_json.h"

#include <string.h>

#include "proto/base/addr.h"
#include "proto/base/buf.h"
#include "proto/base/clock.h"
#include "proto/event.h"

enum {
	FRAME_BYTES = 1024, /* all but the texts: keys, numbers, names */
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

/* A text that a client may have written.  to is the end of what is in the
 * buffer, with room for a frame; so is what is returned. */
static char *
put_text(struct buf *b, char *to, struct text t)
{
	if (t.at == NULL)
		return PUT(to, "null");
	*to++ = '"';
	b->n = (size_t)(to - b->data);
	if (buf_is_plain_json(t.at, t.n)) {
		to = put(buf_reserve(b, t.n + FRAME_BYTES), t.at, t.n);
	} else {
		buf_json(b, t.at, t.n);
		to = buf_reserve(b, FRAME_BYTES);
	}
	*to++ = '"';
	return to;
}

void
scan_json_add(struct buf *b, uint64_t line, const struct event *e)
{
	char text[CLOCK_TEXT_BYTES > ADDR_TEXT_BYTES ? CLOCK_TEXT_BYTES
	                                             : ADDR_TEXT_BYTES];
	char *to = buf_reserve(b, FRAME_BYTES);

	to = PUT(to, "{\"line\":");
	to = put_number(to, line);
	to = PUT(to, ",\"time\":\"");
	to = put_string(to,
	    clock_format(text, e->time_us, e->time_us % CLOCK_SECOND_US != 0));
	to = put_text(b, PUT(to, "\",\"host\":"), e->host);
	to = put_text(b, PUT(to, ",\"program\":"), e->program);
	to = PUT(to, ",\"pid\":");
	to = e->pid == EVENT_NO_PID ? PUT(to, "null")
	                            : put_number(to, (uint64_t)e->pid);
	to = put_text(b, PUT(to, ",\"service\":"), e->service);
	to = PUT(to, ",\"kind\":\"");
	to = put_string(to, kind_name(e->kind));
	to = PUT(to, "\",\"ip\":\"");
	to = put_string(to, addr_format(text, &e->source));
	to = PUT(to, "\",\"port\":");
	to = e->source_port == EVENT_NO_PORT ? PUT(to, "null")
	                                     : put_number(to, e->source_port);
	to = put_text(b, PUT(to, ",\"ptr\":"), e->ptr);
	to = put_text(b, PUT(to, ",\"login\":"), e->login);
	to = put_text(b, PUT(to, ",\"mechanism\":"), e->mechanism);
	to = put_text(b, PUT(to, ",\"rule\":"), e->rule);
	to = PUT(to, "}\n");
	b->n = (size_t)(to - b->data);
}
