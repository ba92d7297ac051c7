/*
 * Records that Exim split for syslog, put together again: "[1/3] ...",
 * "[2/3] ...", "[3/3] ...", written one after the other by one process.
 *
 * Only the first line of a record counts, as in Exim's own log: pieces are
 * taken up to the one that ends it, and each has to follow the one before.
 * What a gap, 10 s or too many processes at once tear apart is a miss: a
 * piece alone begins and ends where a client wants it to.
 *
 * Belongs to detect.c, which keeps it with the log position.  No files, no
 * clock.
 */
#ifndef PLAINTIFF_PIECES_H
#define PLAINTIFF_PIECES_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/buf.h"
#include "proto/base/text.h"

struct arena;
struct line;
struct pieces;

enum {
	PIECES_TIME_US = 10 * 1000 * 1000,
	PIECES_BYTES = 16 * 1024, /* Exim's own limit is 8 KiB */
	PIECES_COUNT = 16,        /* records under way */
};

struct pieces *pieces_open(void);
void pieces_close(struct pieces *p);

/* A line that is a piece.  True when it is the last that was missing: *whole
 * is the message, in the arena. */
bool pieces_take(struct pieces *p, const struct line *line, int64_t time_us,
    struct arena *a, struct text *whole);

/* As bytes and back; load forgets all there was, and refuses (-1) bytes that
 * save did not write. */
void pieces_save(const struct pieces *p, struct buf *out);
int pieces_load(struct pieces *p, struct text bytes)
    __attribute__((warn_unused_result));

#endif
