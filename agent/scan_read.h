/*
 * The lines of a finished log file, plain or .gz, or of standard input.
 * Lines end at LF only; memory does not grow with a line's length.  Each
 * entry of `journalctl -o export` is one line (journal.h), empty when it
 * says too little.
 */
#ifndef PLAINTIFF_SCAN_READ_H
#define PLAINTIFF_SCAN_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/text.h"

struct scan_file;

/* Whole lines with their LF, of which only the last may have none. */
struct scan_lines {
	struct text text;
	bool is_one; /* an entry of the journal; its LFs are no ends */
	/* where what is read next is, as prefetch.h shows it; NULL: nowhere */
	const char *next;
};

/* "-" is standard input.  NULL with *why (static storage). */
struct scan_file *scan_file_open(const char *path, const char **why);
void scan_file_close(struct scan_file *f);

/* 1: *out has the next lines, valid until the next call; 0: there are no
 * more; -1 with *why: it cannot be read further.  Of a line that is longer
 * than LINE_BYTES there are LINE_BYTES + 1, and no LF. */
int scan_file_next(
    struct scan_file *f, struct scan_lines *out, const char **why);

/* When it was last written, INT64_MIN if that says nothing. */
int64_t scan_file_time_us(const struct scan_file *f);
/* Up to n bytes from any place, without moving; 0 when it cannot be. */
size_t scan_file_peek(
    const struct scan_file *f, int64_t offset, char *to, size_t n);
/* Bytes read and bytes there are (0: not known), for the progress. */
void scan_file_progress(
    const struct scan_file *f, int64_t *done_bytes, int64_t *all_bytes);

#endif
