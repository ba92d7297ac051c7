/* Stamps; see stamp.h. */
#include "agent/stamp.h"

#include <assert.h>
#include <string.h>

#include "agent/stamp_inside.h"
#include "agent/zone.h"
#include "proto/base/clock.h"

enum {
	JITTER_S = 300, /* lines of one file may be this much out of order */
	BACK_S = 31 * 86400, /* further back, and a year has passed */
	OLDEST_YEAR = 1970,
	STAMP_CLOCK_BYTES = 8, /* "hh:mm:ss" */
};

/* Writers of one log overtake each other by less than a day. */
#define SLACK_US CLOCK_DAY_US

void
stamp_init(struct stamp_clock *c, const struct zone *zone)
{
	memset(c, 0, sizeof *c);
	c->zone = zone;
	c->last_s = INT64_MIN;
}

void
stamp_set_bound(struct stamp_clock *c, int64_t bound_us)
{
	/* the year of a minute cannot change within a day of bounds */
	if (bound_us / CLOCK_DAY_US != c->bound_us / CLOCK_DAY_US)
		c->key_n = 0;
	c->bound_us = bound_us;
}

static bool
is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int
year_of(int64_t us)
{
	int year = OLDEST_YEAR + (int)(us / CLOCK_SECOND_US / 31556952);

	while (clock_days(year, 1, 1) * CLOCK_DAY_US > us)
		year--;
	while (clock_days(year + 1, 1, 1) * CLOCK_DAY_US <= us)
		year++;
	return year;
}

/* One of the two instants of an ambiguous local time, by order. */
static int64_t
choose(const struct stamp_clock *c, const int64_t utc_s[2])
{
	if (c->last_s != INT64_MIN && utc_s[0] < c->last_s - JITTER_S)
		return utc_s[1];
	return utc_s[0];
}

/* The newest instants of that minute that are not later than bound_s; false
 * when there are none. */
static bool
newest(const struct stamp_clock *c, const struct stamp_minute *m,
    int64_t bound_s, int64_t utc_s[2])
{
	int64_t clock_s = m->hour * 3600 + m->minute * 60;
	/* its zone may reach into one year more */
	int year = year_of((bound_s + 86400) * CLOCK_SECOND_US);

	for (; year >= OLDEST_YEAR; year--) {
		if (m->month == 2 && m->day == 29 && !is_leap(year))
			continue;
		(void)zone_to_utc(c->zone,
		    clock_days(year, m->month, m->day) * 86400 + clock_s,
		    utc_s);
		if (utc_s[0] <= bound_s)
			return true;
	}
	return false;
}

/* The instants that file order says: the first that are not long before the
 * line before.  Nothing is later than the bound. */
static bool
by_order(const struct stamp_clock *c, const struct stamp_minute *m,
    int64_t bound_s, int64_t utc_s[2])
{
	/* the newest within a year; a leap day may be eight years away */
	static const int64_t years_s[] = {366 * 86400, 8 * 366 * 86400};

	for (int i = 0; i < 2 && c->ordered; i++) {
		int64_t until_s = c->last_s - BACK_S + years_s[i];

		if (until_s > bound_s)
			until_s = bound_s;
		if (newest(c, m, until_s, utc_s) &&
		    utc_s[0] >= c->last_s - BACK_S)
			return true;
	}
	return newest(c, m, bound_s, utc_s);
}

/* The UTC second at which the minute "Mmm dd hh:mm" begins, its length n. */
static bool
read_minute(struct stamp_clock *c, const char *s, size_t n)
{
	struct stamp_minute m;
	int64_t utc_s[2];

	if (!stamp_read_minute(s, n, &m) ||
	    !by_order(c, &m, (c->bound_us + SLACK_US) / CLOCK_SECOND_US, utc_s))
		return false;
	c->minute_s = choose(c, utc_s);
	memcpy(c->key, s, n);
	c->key_n = n;
	return true;
}

/* Length of "Mmm dd hh:mm": the day has two signs, one or a blank and one. */
static size_t
minute_length(struct text stamp)
{
	return stamp.at[5] == ' ' ? 11 : 12;
}

/* memcmp() == 0 for 8 to 16 bytes, as two words that overlap. */
static inline bool
is_same(const char *s, const char *t, size_t n)
{
	uint64_t a[2], b[2];

	memcpy(&a[0], s, 8);
	memcpy(&a[1], s + n - 8, 8);
	memcpy(&b[0], t, 8);
	memcpy(&b[1], t + n - 8, 8);
	return ((a[0] ^ b[0]) | (a[1] ^ b[1])) == 0;
}

static bool
see_rfc3164(struct stamp_clock *c, struct text stamp)
{
	size_t n = minute_length(stamp);
	int second = stamp_two_digits(stamp.at + n + 1);

	if (second < 0 || second > 60)
		return false;
	if ((n != c->key_n || !is_same(stamp.at, c->key, n)) &&
	    !read_minute(c, stamp.at, n))
		return false;
	c->last_s = c->minute_s + second;
	return true;
}

static bool
see_wall(struct stamp_clock *c, int64_t local_s)
{
	int64_t utc_s[2];

	(void)zone_to_utc(c->zone, local_s, utc_s);
	c->last_s = choose(c, utc_s);
	return true;
}

static bool
see_local(struct stamp_clock *c, struct text stamp)
{
	const char *zone = memchr(stamp.at + 19, ' ', stamp.n - 19);
	int64_t local_s, offset_s;

	if (!stamp_read_wall(stamp.at, &local_s))
		return false;
	if (zone == NULL)
		return see_wall(c, local_s);
	if (!stamp_read_offset(zone, &offset_s))
		return false;
	c->last_s = local_s - offset_s;
	return true;
}

bool
stamp_see(struct stamp_clock *c, const struct line *line)
{
	const char *s = line->stamp.at;
	int64_t local_s;

	switch (line->form) {
	case LINE_RFC3164:
		return see_rfc3164(c, line->stamp);
	case LINE_LOCAL:
		return see_local(c, line->stamp);
	case LINE_ASSP:
		return stamp_read_pieces("20", s + 7, s, s + 4, s + 10,
			   &local_s) && see_wall(c, local_s);
	case LINE_KERIO:
		return stamp_read_pieces(s + 7, s + 9, s + 3, s, s + 12,
			   &local_s) && see_wall(c, local_s);
	case LINE_RFC3339:
	case LINE_TAI64N:
	case LINE_UNIX:
	case LINE_JOURNAL:
		return true;
	}
	return false;
}

/* Microseconds since midnight of "hh:mm:ss" and a fraction at s, of n bytes;
 * *used are those they take.  -1 when it is no such time. */
static int64_t
read_clock(const char *s, size_t n, size_t *used)
{
	int64_t us = 0, unit = CLOCK_SECOND_US;
	size_t at = STAMP_CLOCK_BYTES;
	unsigned v[6];
	bool fits = n >= STAMP_CLOCK_BYTES && s[2] == ':' && s[5] == ':';

	for (size_t i = 0; fits && i < 6; i++) {
		v[i] = (unsigned char)s[i + i / 2] - '0';
		fits = v[i] <= 9;
	}
	if (!fits || v[0] * 10 + v[1] > 23 || v[2] > 5 ||
	    v[4] * 10 + v[5] > 60)
		return -1;
	if (at < n && s[at] == '.')
		for (at++; at < n && s[at] >= '0' && s[at] <= '9'; at++) {
			unit /= 10;
			us += (s[at] - '0') * unit;
		}
	*used = at;
	return us + ((v[0] * 10 + v[1]) * INT64_C(3600) +
			(v[2] * 10 + v[3]) * 60 + v[4] * 10 + v[5]) *
			CLOCK_SECOND_US;
}

/* Most lines are of the day and the zone of the line before. */
static bool
rfc3339_time(struct stamp_clock *c, struct text stamp, int64_t *time_us)
{
	const char *clock = stamp.at + STAMP_DATE_BYTES;
	size_t used = 0, zone_n;
	int64_t clock_us =
	    read_clock(clock, stamp.n - STAMP_DATE_BYTES, &used);
	bool has_digits = used != STAMP_CLOCK_BYTES + 1;

	zone_n = stamp.n - STAMP_DATE_BYTES - used;
	if (clock_us >= 0 && has_digits && zone_n > 0 &&
	    zone_n == c->zone_n &&
	    is_same(stamp.at, c->date, STAMP_DATE_BYTES) &&
	    memcmp(clock + used, c->zone_text, zone_n) == 0) {
		*time_us = c->date_us + clock_us;
		return true;
	}
	if (clock_parse(stamp.at, stamp.n, time_us) != stamp.n)
		return false;
	if (clock_us >= 0 && zone_n <= STAMP_ZONE_BYTES) {
		memcpy(c->date, stamp.at, STAMP_DATE_BYTES);
		memcpy(c->zone_text, clock + used, zone_n);
		c->zone_n = zone_n;
		c->date_us = *time_us - clock_us;
	}
	return true;
}

bool
stamp_time(struct stamp_clock *c, const struct line *line, int64_t *time_us)
{
	struct text stamp = line->stamp;
	const char *point;

	switch (line->form) {
	case LINE_RFC3164:
		*time_us = c->last_s * CLOCK_SECOND_US +
		           stamp_fraction_us(stamp, minute_length(stamp) + 3);
		return true;
	case LINE_LOCAL:
		*time_us = c->last_s * CLOCK_SECOND_US +
		           stamp_fraction_us(stamp, 19);
		return true;
	case LINE_ASSP:
	case LINE_KERIO:
		*time_us = c->last_s * CLOCK_SECOND_US;
		return true;
	case LINE_RFC3339:
		return rfc3339_time(c, stamp, time_us);
	case LINE_TAI64N:
		return stamp_read_tai64n(stamp, time_us);
	case LINE_UNIX:
		point = memchr(stamp.at, '.', stamp.n);
		assert(point != NULL);
		*time_us = stamp_read_decimal(stamp) * CLOCK_SECOND_US +
		           stamp_fraction_us(stamp, (size_t)(point - stamp.at));
		return true;
	case LINE_JOURNAL:
		*time_us = stamp_read_decimal(stamp);
		return true;
	}
	return false;
}

void
stamp_order(struct stamp_clock *c, const struct line *lines, size_t n)
{
	int64_t bound_s = (c->bound_us + SLACK_US) / CLOCK_SECOND_US;
	int64_t first_s = INT64_MIN, utc_s[2];
	struct stamp_minute m;

	while (n-- > 0) {
		if (lines[n].form != LINE_RFC3164 ||
		    !stamp_read_minute(lines[n].stamp.at,
			minute_length(lines[n].stamp), &m) ||
		    !newest(c, &m, bound_s, utc_s))
			continue;
		first_s = utc_s[0];
		/* what stands further up is not later, but for disorder */
		if (bound_s > first_s + BACK_S)
			bound_s = first_s + BACK_S;
	}
	if (first_s == INT64_MIN)
		return;
	c->last_s = first_s;
	c->ordered = true;
	c->key_n = 0;
}
