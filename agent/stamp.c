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
	/* "Mmm dd hh:mm", its day with two signs, one or a blank and one */
	size_t n = stamp.at[5] == ' ' ? 11 : 12;
	int second = two_digits(stamp.at + n + 1);

	if (second < 0 || second > 60)
		return false;
	if ((n != c->key_n || memcmp(stamp.at, c->key, n) != 0) &&
	    !read_minute(c, stamp.at, n))
		return false;
	c->last_s = c->minute_s + second;
	return true;
}

/* The microseconds of a fraction that begins with its point, if it does. */
static int64_t
fraction_us(struct text t)
{
	int64_t us = 0, scale = CLOCK_SECOND_US / 10;

	for (size_t i = 1; i < t.n && t.at[i] >= '0' && t.at[i] <= '9'; i++) {
		us += (t.at[i] - '0') * scale;
		scale /= 10;
	}
	return us;
}

static struct text
behind(struct text t, size_t n)
{
	return (struct text){.at = t.at + n, .n = t.n - n};
}

/* "YYYY-mm-dd hh:mm:ss" as the clock on the wall shows. */
static bool
read_wall(struct text stamp, int64_t *local_s)
{
	char copy[20 + 1];
	int64_t us;

	assert(stamp.n >= 19);
	memcpy(copy, stamp.at, 19);
	copy[19] = 'Z';
	if (clock_parse(copy, 20, &us) != 20)
		return false;
	*local_s = us / CLOCK_SECOND_US;
	return true;
}

static bool
see_local(struct stamp_clock *c, struct text stamp)
{
	int64_t utc_s[2], local_s;
	const char *zone = memchr(stamp.at + 19, ' ', stamp.n - 19);

	if (!read_wall(stamp, &local_s))
		return false;
	if (zone == NULL) {
		(void)zone_to_utc(c->zone, local_s, utc_s);
		c->last_s = choose(c, utc_s);
	} else {
		int hours = two_digits(zone + 2);
		int minutes = two_digits(zone + 4);

		if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
			return false;
		hours = hours * 3600 + minutes * 60;
		c->last_s = local_s - (zone[1] == '-' ? -hours : hours);
	}
	return true;
}

static int64_t
hex(const char *s, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 4 |
		    (uint64_t)(s[i] >= 'a' ? s[i] - 'a' + 10 : s[i] - '0');
	return (int64_t)v;
}

/* Seconds from 2^62 on, as daemontools write them: 10 ahead of UTC. */
static bool
tai64n_time(struct text stamp, int64_t *time_us)
{
	int64_t second = hex(stamp.at + 1, 16) - (INT64_C(1) << 62) - 10;
	int64_t nano = hex(stamp.at + 17, 8);

	if (second < 0 || second > INT64_C(253402300799) || nano > 999999999)
		return false;
	*time_us = second * CLOCK_SECOND_US + nano / 1000;
	return true;
}

static int64_t
decimal(struct text t)
{
	int64_t v = 0;

	for (size_t i = 0; i < t.n && i < 17 && t.at[i] >= '0' &&
	                   t.at[i] <= '9'; i++)
		v = v * 10 + (t.at[i] - '0');
	return v;
}

bool
stamp_see(struct stamp_clock *c, const struct line *line)
{
	switch (line->form) {
	case LINE_RFC3164:
		return see_rfc3164(c, line->stamp);
	case LINE_LOCAL:
		return see_local(c, line->stamp);
	case LINE_RFC3339:
	case LINE_TAI64N:
	case LINE_UNIX:
	case LINE_JOURNAL:
		return true;
	}
	return false;
}

bool
stamp_time(
    const struct stamp_clock *c, const struct line *line, int64_t *time_us)
{
	struct text stamp = line->stamp;
	const char *point;

	switch (line->form) {
	case LINE_RFC3164:
		*time_us = c->last_s * CLOCK_SECOND_US +
		           fraction_us(behind(stamp, c->key_n + 3));
		return true;
	case LINE_LOCAL:
		*time_us = c->last_s * CLOCK_SECOND_US +
		           fraction_us(behind(stamp, 19));
		return true;
	case LINE_RFC3339:
		return clock_parse(stamp.at, stamp.n, time_us) == stamp.n;
	case LINE_TAI64N:
		return tai64n_time(stamp, time_us);
	case LINE_UNIX:
		point = memchr(stamp.at, '.', stamp.n);
		assert(point != NULL);
		*time_us = decimal(stamp) * CLOCK_SECOND_US +
		           fraction_us(
				       behind(stamp, (size_t)(point - stamp.at)));
		return true;
	case LINE_JOURNAL:
		*time_us = decimal(stamp);
		return true;
	}
	return false;
}
