/* Stamps; see stamp.h. */
#include "agent/stamp.h"

#include <assert.h>
#include <string.h>

#include "agent/zone.h"
#include "proto/base/clock.h"

enum {
	JITTER_S = 300, /* lines of one file may be this much out of order */
	OLDEST_YEAR = 1970,
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

static int
two_digits(const char *s)
{
	int high = s[0] == ' ' ? 0 : s[0] - '0', low = s[1] - '0';

	if (high < 0 || high > 9 || low < 0 || low > 9)
		return -1;
	return high * 10 + low;
}

static int
month_of(const char *s)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int i = 0; i < 12; i++)
		if (memcmp(s, names + 3 * i, 3) == 0)
			return i + 1;
	return 0;
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

/* The UTC second at which the minute "Mmm dd hh:mm" begins, its length n. */
static bool
read_minute(struct stamp_clock *c, const char *s, size_t n)
{
	static const int month_days[] = {
	    31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int month = month_of(s), year;
	/* an unpadded day has its blank in front */
	int day = two_digits(s + n - 8);
	int hour = two_digits(s + n - 5), minute = two_digits(s + n - 2);
	int64_t utc_s[2];

	if (month == 0 || day < 1 || day > month_days[month - 1] || hour < 0 ||
	    hour > 23 || minute < 0 || minute > 59)
		return false;
	/* the slack may reach into the next year, its zone into one more */
	for (year = year_of(c->bound_us + 2 * SLACK_US); year >= OLDEST_YEAR;
	     year--) {
		if (month == 2 && day == 29 && !is_leap(year))
			continue;
		(void)zone_to_utc(c->zone,
		    clock_days(year, month, day) * 86400 + hour * 3600 +
			minute * 60,
		    utc_s);
		if (utc_s[0] * CLOCK_SECOND_US <= c->bound_us + SLACK_US)
			break;
	}
	if (year < OLDEST_YEAR)
		return false;
	c->minute_s = choose(c, utc_s);
	memcpy(c->key, s, n);
	c->key_n = n;
	return true;
}

static bool
see_rfc3164(struct stamp_clock *c, struct text stamp)
{
	size_t n = stamp.n - 3;
	int second = two_digits(stamp.at + stamp.n - 2);

	assert(n <= STAMP_KEY_BYTES);
	if (second < 0 || second > 60)
		return false;
	if ((n != c->key_n || memcmp(stamp.at, c->key, n) != 0) &&
	    !read_minute(c, stamp.at, n))
		return false;
	c->last_s = c->minute_s + second;
	return true;
}

bool
stamp_see(struct stamp_clock *c, const struct line *line)
{
	switch (line->form) {
	case LINE_RFC3164:
		return see_rfc3164(c, line->stamp);
	case LINE_RFC3339:
		return true;
	}
	return false;
}

bool
stamp_time(
    const struct stamp_clock *c, const struct line *line, int64_t *time_us)
{
	switch (line->form) {
	case LINE_RFC3164:
		*time_us = c->last_s * CLOCK_SECOND_US;
		return true;
	case LINE_RFC3339:
		return clock_parse(line->stamp.at, line->stamp.n, time_us) ==
		       line->stamp.n;
	}
	return false;
}
