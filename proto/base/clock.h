/*
 * Time.  Wall time is microseconds since 1970-01-01T00:00:00Z (no leap
 * seconds) in an int64_t named *_us; spans for time-outs are monotonic
 * milliseconds named *_ms.  Everything shown is UTC.
 */
#ifndef PLAINTIFF_CLOCK_H
#define PLAINTIFF_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLOCK_SECOND_US INT64_C(1000000)
#define CLOCK_DAY_US (86400 * CLOCK_SECOND_US)
/* RFC 3339 with microseconds and Z, and the NUL. */
#define CLOCK_TEXT_BYTES 32

/* Wall time now, or the time a test has set. */
int64_t clock_wall_us(void);
/* Monotonic milliseconds since some start; never a wall clock. */
int64_t clock_mono_ms(void);
/* Unit tests only: from now on clock_wall_us says this; INT64_MIN undoes. */
void clock_set(int64_t wall_us);

/* "2026-11-21T20:42:32Z", with ".123456" when fraction. Returns out. */
const char *clock_format(char out[CLOCK_TEXT_BYTES], int64_t us,
    bool fraction);
/* RFC 3339 date-time at the beginning of n bytes (also "+0100" without the
 * colon and a blank for the T).  Returns the bytes used, 0 when it is none. */
size_t clock_parse(const char *s, size_t n, int64_t *us);
/* Days since 1970-01-01 of a proleptic Gregorian date; month 1-12. */
int64_t clock_days(int year, int month, int day);

#endif
