/*
 * Local time of a zone of the tz database, to UTC.
 *
 * The offsets are asked of libc once, at zone_open (which sets TZ for that
 * moment), and kept as a table of changes from 1970 to 2106; afterwards no
 * line costs a call of libc, several zones can be open in one process, and
 * POSIX rules behind the last change of a file need no parser of ours.
 */
#ifndef PLAINTIFF_ZONE_H
#define PLAINTIFF_ZONE_H

#include <stdint.h>

struct zone;

/* name: "Europe/Berlin", or "" for the machine's (TZ, /etc/localtime).
 * NULL with *why when there is no such zone. */
struct zone *zone_open(const char *name, const char **why);
void zone_close(struct zone *z);

/* local_s: seconds since 1970-01-01T00:00:00 as the clock on the wall shows.
 * Writes the instants that can be meant, the earlier first, and returns how
 * many (1, or 2 in the hour that comes twice in autumn).  A time that spring
 * leaves out is taken as if the clock had not been put forward yet. */
int zone_to_utc(const struct zone *z, int64_t local_s, int64_t utc_s[2]);

#endif
