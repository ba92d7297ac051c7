/*
 * What instant the stamp of a log line means.
 *
 * RFC 3164 stamps have no year and no zone.  The year is the newest that
 * does not put the stamp later than the bound (plus a day of slack).  Where
 * the whole file could be looked at before (stamp_order), it is the first
 * that does not go back from the line before, so that a log of several years
 * has the right ones.  A stamp in the hour that comes twice in autumn is the
 * first of the two unless that would go back from the line before.
 */
#ifndef PLAINTIFF_STAMP_H
#define PLAINTIFF_STAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/line.h"

struct zone;

enum { STAMP_KEY_BYTES = 12, STAMP_DATE_BYTES = 11, STAMP_ZONE_BYTES = 6 };

struct stamp_clock {
	const struct zone *zone;
	int64_t bound_us; /* no stamp is later than this and a day */
	int64_t last_s;   /* the line before, INT64_MIN if none */
	bool ordered;     /* last_s is right, and file order counts */
	/* the minute of the line before, so that most lines are two digits */
	char key[STAMP_KEY_BYTES];
	size_t key_n;
	int64_t minute_s;
	/* "YYYY-mm-ddT" and the zone of the line before, absent at first, and
	 * when that day began */
	char date[STAMP_DATE_BYTES];
	char zone_text[STAMP_ZONE_BYTES];
	size_t zone_n;
	int64_t date_us;
};

void stamp_init(struct stamp_clock *c, const struct zone *zone);
void stamp_set_bound(struct stamp_clock *c, int64_t bound_us);

/* Lines of a file, in its order, from its beginning to its end, none of them
 * a year from the next: says in which year the file begins.  To be called
 * before the first line, behind stamp_set_bound. */
void stamp_order(
    struct stamp_clock *c, const struct line *lines, size_t n);

/* Every line of the source is to be shown, in order.  False when the stamp
 * names no instant. */
bool stamp_see(struct stamp_clock *c, const struct line *line);
/* The same for an RFC 3164 stamp of the minute of the line before, of which
 * only the second is another.  False when that minute is not known. */
static inline bool
stamp_again(struct stamp_clock *c, int second)
{
	if (c->key_n == 0)
		return false;
	c->last_s = c->minute_s + second;
	return true;
}
/* The instant of the line that stamp_see has just seen.  False as above. */
bool stamp_time(
    struct stamp_clock *c, const struct line *line, int64_t *time_us);

#endif
