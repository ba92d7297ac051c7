/*
 * The bytes a source has read and not yet given as lines.  Lines end at LF
 * only.  A line of any length takes bounded memory: what is over
 * SOURCE_LINE_BYTES is cut out of its middle, and it still counts as one
 * line of its true length.  Used by source_file.c and source_stdin.c.
 */
#ifndef PLAINTIFF_LINES_H
#define PLAINTIFF_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/text.h"

enum { LINES_BYTES = 256 * 1024 };

/* Zeroed is empty. */
struct lines {
	char *bytes;    /* LINES_BYTES, allocated at first use */
	size_t start;   /* of the line under way */
	size_t end;     /* of what was read */
	size_t seen;    /* no LF before here */
	int64_t cut;    /* bytes cut out of the line under way */
};

/* Room to read into: always at least a byte.  Moves what is held. */
char *lines_room(struct lines *l, size_t *n);
/* n bytes were read into the room. */
void lines_fill(struct lines *l, size_t n);
/* The next whole line without its LF; *bytes is its true length with it. */
bool lines_next(struct lines *l, struct text *line, int64_t *bytes);
/* All whole lines at hand, with their LFs; empty when there are none. */
struct text lines_ahead(const struct lines *l);
/* The first n bytes of those, whole lines, were taken. */
void lines_take(struct lines *l, size_t n);
/* What is left, without a LF, as the last line; false when nothing is. */
bool lines_last(struct lines *l, struct text *line, int64_t *bytes);
void lines_reset(struct lines *l);
void lines_free(struct lines *l);

#endif
