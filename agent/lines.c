/* Bytes into lines; see lines.h. */
#include "agent/lines.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "agent/source.h"
#include "proto/base/die.h"

enum {
	KEPT = SOURCE_LINE_BYTES + 1,  /* of an overlong line's beginning */
	END_KEPT = SOURCE_TAIL_BYTES,  /* of its end: the tail mark's bytes */
};

_Static_assert(KEPT + END_KEPT < LINES_BYTES / 2,
    "an overlong line cut must leave room to read on");

/* A line that fills the buffer: cuts out its middle. */
static void
cut_middle(struct lines *l)
{
	size_t over = l->end - (KEPT + END_KEPT);

	memmove(l->bytes + KEPT, l->bytes + l->end - END_KEPT, END_KEPT);
	l->cut += (int64_t)over;
	l->end -= over;
	l->seen = l->end;
}

char *
lines_room(struct lines *l, size_t *n)
{
	if (l->bytes == NULL) {
		l->bytes = malloc(LINES_BYTES);
		if (l->bytes == NULL)
			die(EX_OSERR, "out of memory");
	}
	if (l->start != 0) {
		memmove(l->bytes, l->bytes + l->start, l->end - l->start);
		l->end -= l->start;
		l->seen -= l->start;
		l->start = 0;
	}
	if (l->end == LINES_BYTES)
		cut_middle(l);
	*n = LINES_BYTES - l->end;
	return l->bytes + l->end;
}

void
lines_fill(struct lines *l, size_t n)
{
	l->end += n;
}

static void
give(struct lines *l, size_t end, size_t next, struct text *line,
    int64_t *bytes)
{
	*line = (struct text){.at = l->bytes + l->start, .n = end - l->start};
	*bytes = (int64_t)(next - l->start) + l->cut;
	l->start = l->seen = next;
	l->cut = 0;
}

bool
lines_next(struct lines *l, struct text *line, int64_t *bytes)
{
	const char *lf;

	if (l->seen == l->end)
		return false;
	lf = memchr(l->bytes + l->seen, '\n', l->end - l->seen);
	if (lf == NULL) {
		l->seen = l->end;
		return false;
	}
	give(l, (size_t)(lf - l->bytes), (size_t)(lf - l->bytes) + 1, line,
	    bytes);
	return true;
}

struct text
lines_ahead(const struct lines *l)
{
	const char *s = l->bytes + l->start, *lf = NULL;

	/* a line whose middle is cut out is not its bytes */
	if (l->cut == 0 && l->end > l->start)
		lf = memrchr(s, '\n', l->end - l->start);
	return lf == NULL ? (struct text){0}
	                  : (struct text){.at = s, .n = (size_t)(lf + 1 - s)};
}

void
lines_take(struct lines *l, size_t n)
{
	l->start += n;
	if (l->seen < l->start)
		l->seen = l->start;
}

bool
lines_last(struct lines *l, struct text *line, int64_t *bytes)
{
	if (l->start == l->end)
		return false;
	give(l, l->end, l->end, line, bytes);
	return true;
}

void
lines_reset(struct lines *l)
{
	l->start = l->end = l->seen = 0;
	l->cut = 0;
}

void
lines_free(struct lines *l)
{
	free(l->bytes);
	*l = (struct lines){0};
}
