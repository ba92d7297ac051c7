/*
 * Realistic mail logs for the benchmarks: who writes which line how often.
 * logs.c is the program, logs_lines.c the lines.
 */
#ifndef PLAINTIFF_BENCH_LOGS_H
#define PLAINTIFF_BENCH_LOGS_H

#include <stddef.h>
#include <stdint.h>

#include "proto/base/clock.h"

struct logs {
	uint64_t random;
	int64_t clock_us;
	int64_t second; /* whose stamp is in text */
	char text[CLOCK_TEXT_BYTES];
	int old_stamps; /* RFC 3164 */
	unsigned pid;
};

enum mix { MIX_POSTFIX, MIX_MIXED, MIX_ALL };

/* 0 .. n - 1, the same for the same seed everywhere. */
unsigned logs_pick(struct logs *l, unsigned n);
/* Writes stamp, host and blank; returns the length. */
size_t logs_stamp(struct logs *l, char *out, size_t cap);

/* A line with LF; returns its length.  A hit is an event of a client and
 * nothing else is. */
size_t logs_hit(struct logs *l, enum mix mix, char *out, size_t cap);
size_t logs_plain(struct logs *l, char *out, size_t cap);

#endif
