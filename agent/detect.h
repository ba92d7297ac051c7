/*
 * One log line in, at most one event out: the header (line.h), the rules
 * (rules.h) and what must be remembered from line to line of one source (the
 * year of stamps without one, the ordinals of equal lines).  No files, no
 * network, no clock of its own: the caller says what time it is.
 */
#ifndef PLAINTIFF_DETECT_H
#define PLAINTIFF_DETECT_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/buf.h"
#include "proto/event.h"

struct arena;
struct line;
struct rule;
struct rules;
struct detect;

enum detect_result {
	DETECT_EVENT,      /* *out is filled */
	DETECT_IGNORED,    /* a log line without an event */
	DETECT_UNPARSABLE, /* no known header */
	DETECT_TOLD,       /* an earlier line told of the same attempt */
};

struct detect_options {
	const struct rules *rules; /* must outlive the detect */
	const char *zone;          /* tz database name; "" the machine's */
	const char *site;          /* label that is part of each id */
	const char *host;          /* of lines that name none; NULL: none */
	bool outer_only; /* inner kinds (kind.h) may be left out */
	/* leave out the id, the ordinal and the message, keep the login whole
	 * and each line that tells of an attempt: for showing, not for
	 * sending */
	bool brief;
};

/* The memory of one source (a file with its rotated siblings, or standard
 * input).  NULL with *why when the zone is not known. */
struct detect *detect_open(const struct detect_options *o, const char **why);
void detect_close(struct detect *d);

/* A bound for the year of stamps without one: no stamp is later than this
 * (plus a day of slack).  Set it before the first line and as time goes on:
 * the file's modification time for old files, the clock for live ones. */
void detect_set_now(struct detect *d, int64_t now_us);

/* Lines from all over the file, in its order: for the year in which it
 * begins (stamp.h).  Behind the first detect_set_now. */
void detect_set_order(struct detect *d, const struct line *lines, size_t n);

/* One line, without its LF; any bytes, any length.  *out has its id made,
 * unless brief;
 * its texts live in the line or the arena or are static.  read_us is now_us. */
enum detect_result detect_line(struct detect *d, struct text line,
    struct arena *a, struct event *out);

enum { DETECT_WINDOW = 4096 };

/* Bytes of a log, as they are read. */
struct detect_lines {
	struct text left; /* what detect_lines has not taken yet */
	/* NULL, or what is read next, to be prefetched meanwhile: nobody may
	 * read from there (prefetch.h) */
	const char *next_read;
	/* for detect_lines alone: where in a window of the bytes lines end */
	const char *begin, *window;
	size_t window_bytes;
	unsigned n, next;
	uint16_t ends[DETECT_WINDOW + 1];
};

void detect_begin(struct detect_lines *l, struct text lines);

/* Takes lines with their LFs as detect_line does, up to one that is not
 * ignored: its result.  Adds the number of those before it to *ignored.
 * DETECT_IGNORED when no more lines are left, though perhaps the beginning
 * of one.  Resets the arena at each line. */
enum detect_result detect_lines(struct detect *d, struct detect_lines *l,
    struct arena *a, struct event *out, uint64_t *ignored);

/* Which rule knew the line before, whether or not it was an event; NULL: none
 * did. */
const struct rule *detect_rule(const struct detect *d);

/* The memory as bytes, to be committed with the log position and given back
 * to detect_load in the next life; load refuses (-1) bytes it did not write. */
void detect_save(const struct detect *d, struct buf *out);
int detect_load(struct detect *d, struct text bytes)
    __attribute__((warn_unused_result));

#endif
