/*
 * The days for which there are partitions, so that an event without a place
 * is set aside before the INSERT instead of failing it.  An id begins with
 * its second since 1970 in four bytes: days run from 0 to 2106-02-07.
 */
#ifndef PLAINTIFF_DAYS_H
#define PLAINTIFF_DAYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	DAYS_SECONDS = 86400,
	DAYS_MOST = 49711, /* 2^32 / 86400, and the part of a day behind */
};

/* All zero: no day. */
struct days {
	uint64_t bits[(DAYS_MOST + 63) / 64];
	size_t n;
};

/* Ignores days that no id can have. */
void days_add(struct days *d, int64_t day);
bool days_hold(const struct days *d, uint32_t day);
/* The UTC day, since 1970, of an event id: the partition it belongs to. */
uint32_t days_of_id(const uint8_t id[16]);

#endif
