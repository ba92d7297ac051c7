/*
 * The log of the relay, in a file and what that was rotated into, or in the
 * systemd journal (relay_journal.h): a place in it that can be stored, and
 * the lines from there on.  A place in a file is known again by the file's
 * number or by the bytes in front of it, so also in a copy or a compressed
 * file.  Understands no line: receipt_book.
 */
#ifndef PLAINTIFF_RELAY_LOG_H
#define PLAINTIFF_RELAY_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/base/text.h"

struct arena;

/* The end of the log now, as text in the arena.  path: of a file, "journal"
 * or "journal:PATH".  NULL: it cannot be read, *why in the arena. */
const char *relay_log_place(const char *path, struct arena *a,
    const char **why);

struct relay_log_reader {
	void (*line)(void *ctx, struct text line);
	void (*mark)(void *ctx); /* the place `mark` has been reached */
	void *ctx;
};

struct relay_log_place {
	const char *from; /* as relay_log_place gave it; NULL: unknown */
	bool lost;        /* set: no file has it any more */
};

/* Reads the lines from the earliest of the places to the end, but for a last
 * one that is not whole yet; for places that are lost, the log and its
 * newest forerunner.  Tells when `mark` (NULL: never) is passed.  -1: some
 * file cannot be read. */
int relay_log_read(const char *path, struct relay_log_place *places,
    size_t count, const char *mark, const struct relay_log_reader *reader)
    __attribute__((warn_unused_result));

#endif
