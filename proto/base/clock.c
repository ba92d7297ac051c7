/* Wall and monotonic time, RFC 3339 both ways; see clock.h. */
#include "proto/base/clock.h"

#include <time.h>

static int64_t fixed_us = INT64_MIN;

int64_t
clock_wall_us(void)
{
	struct timespec t;

	if (fixed_us != INT64_MIN)
		return fixed_us;
	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * CLOCK_SECOND_US + t.tv_nsec / 1000;
}

int64_t
clock_mono_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void
clock_set(int64_t wall_us)
{
	fixed_us = wall_us;
}

/* Howard Hinnant's days_from_civil: years begin in March. */
int64_t
clock_days(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return era * 146097 + doe - 719468;
}

static char *
put_digits(char *out, uint32_t v, int count)
{
	for (int i = count; i-- > 0; v /= 10)
		out[i] = (char)('0' + v % 10);
	return out + count;
}

/* Howard Hinnant's civil_from_days. */
static char *
put_date(char *out, int64_t days)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	int64_t month = mp < 10 ? mp + 3 : mp - 9;

	out = put_digits(out, (uint32_t)(yoe + era * 400 + (month <= 2)), 4);
	*out++ = '-';
	out = put_digits(out, (uint32_t)month, 2);
	*out++ = '-';
	return put_digits(out, (uint32_t)(doy - (153 * mp + 2) / 5 + 1), 2);
}

const char *
clock_format(char out[CLOCK_TEXT_BYTES], int64_t us, bool fraction)
{
	int64_t s = us / CLOCK_SECOND_US, f = us % CLOCK_SECOND_US, days;
	uint32_t clock;
	char *at;

	if (f < 0) {
		f += CLOCK_SECOND_US;
		s--;
	}
	/* years 0000-9999, so that the text always fits */
	if (s < INT64_C(-62167219200))
		s = INT64_C(-62167219200);
	if (s > INT64_C(253402300799))
		s = INT64_C(253402300799);
	days = s / 86400 - (s % 86400 < 0);
	s -= days * 86400;
	at = put_date(out, days);
	*at++ = 'T';
	clock = (uint32_t)s;
	at = put_digits(at, clock / 3600, 2);
	*at++ = ':';
	at = put_digits(at, clock / 60 % 60, 2);
	*at++ = ':';
	at = put_digits(at, clock % 60, 2);
	if (fraction) {
		*at++ = '.';
		at = put_digits(at, (uint32_t)f, 6);
	}
	*at++ = 'Z';
	*at = '\0';
	return out;
}

/* count decimal digits at s, or -1. */
static int
digits(const char *s, int count)
{
	int v = 0;

	for (int i = 0; i < count; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		v = v * 10 + (s[i] - '0');
	}
	return v;
}

/* The zone at s: "Z", "+hh:mm" or "+hhmm".  Returns bytes used or 0. */
static size_t
parse_zone(const char *s, size_t n, int *seconds)
{
	int h, m;
	size_t colon;

	*seconds = 0;
	if (n >= 1 && (s[0] == 'Z' || s[0] == 'z'))
		return 1;
	if (n < 5 || (s[0] != '+' && s[0] != '-'))
		return 0;
	colon = s[3] == ':';
	if (n < 5 + colon)
		return 0;
	h = digits(s + 1, 2);
	m = digits(s + 3 + colon, 2);
	if (h < 0 || h > 23 || m < 0 || m > 59)
		return 0;
	*seconds = (h * 3600 + m * 60) * (s[0] == '-' ? -1 : 1);
	return 5 + colon;
}

size_t
clock_parse(const char *s, size_t n, int64_t *us)
{
	static const int month_days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31,
	    30, 31};
	int year, month, day, hour, minute, second, zone;
	int64_t fraction = 0, unit = CLOCK_SECOND_US;
	size_t at = 19, used;

	if (n < 20 || s[4] != '-' || s[7] != '-' || s[13] != ':' ||
	    s[16] != ':' || (s[10] != 'T' && s[10] != 't' && s[10] != ' '))
		return 0;
	year = digits(s, 4);
	month = digits(s + 5, 2);
	day = digits(s + 8, 2);
	hour = digits(s + 11, 2);
	minute = digits(s + 14, 2);
	second = digits(s + 17, 2);
	if (year < 0 || month < 1 || month > 12 || day < 1 ||
	    day > month_days[month - 1] || hour < 0 || hour > 23 ||
	    minute < 0 || minute > 59 || second < 0 || second > 60)
		return 0;
	if (month == 2 && day == 29 &&
	    (year % 4 != 0 || (year % 100 == 0 && year % 400 != 0)))
		return 0;
	if (s[at] == '.') {
		size_t first = ++at;

		for (; at < n && s[at] >= '0' && s[at] <= '9'; at++) {
			unit /= 10;
			fraction += (s[at] - '0') * unit;
		}
		if (at == first)
			return 0;
	}
	used = parse_zone(s + at, n - at, &zone);
	if (used == 0)
		return 0;
	*us = ((clock_days(year, month, day) * 86400 + hour * 3600 +
	           minute * 60 + second - zone) *
	          CLOCK_SECOND_US) + fraction;
	return at + used;
}
