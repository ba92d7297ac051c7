/*
 * Reading the pieces of stamps, shared by the files stamp*.c and by nobody
 * else.
 */
#ifndef PLAINTIFF_STAMP_INSIDE_H
#define PLAINTIFF_STAMP_INSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/text.h"

/* "Mmm dd hh:mm": no year, no zone. */
struct stamp_minute {
	int month, day, hour, minute;
};

/* The value of two digits, the first of which may be a blank; -1. */
int stamp_two_digits(const char *s);
/* Of the n bytes at s, the day padded or not. */
bool stamp_read_minute(const char *s, size_t n, struct stamp_minute *out);
/* "YYYY-mm-dd hh:mm:ss" as the clock on the wall shows, in seconds. */
bool stamp_read_wall(const char *s, int64_t *local_s);
/* The same from the pieces of another form. */
bool stamp_read_pieces(const char *century, const char *year,
    const char *month, const char *day, const char *time, int64_t *local_s);
/* Seconds east of UTC of " +hhmm" at s; 0 for " UTC". */
bool stamp_read_offset(const char *s, int64_t *offset_s);
/* The microseconds of the fraction that begins with its point at from, if
 * there is one. */
int64_t stamp_fraction_us(struct text stamp, size_t from);
/* Times that need nothing but their digits. */
bool stamp_read_tai64n(struct text stamp, int64_t *time_us);
int64_t stamp_read_decimal(struct text t);

#endif
