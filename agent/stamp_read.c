/* The pieces of stamps; see stamp_inside.h. */
#include <stdio.h>
#include <string.h>

#include "agent/stamp_inside.h"
#include "proto/base/clock.h"

int
stamp_two_digits(const char *s)
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

bool
stamp_read_minute(const char *s, size_t n, struct stamp_minute *out)
{
	static const int month_days[] = {
	    31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	/* an unpadded day has its blank in front */
	*out = (struct stamp_minute){.month = month_of(s),
	    .day = stamp_two_digits(s + n - 8),
	    .hour = stamp_two_digits(s + n - 5),
	    .minute = stamp_two_digits(s + n - 2)};
	return out->month != 0 && out->day >= 1 &&
	       out->day <= month_days[out->month - 1] && out->hour >= 0 &&
	       out->hour <= 23 && out->minute >= 0 && out->minute <= 59;
}

bool
stamp_read_wall(const char *s, int64_t *local_s)
{
	char copy[20];
	int64_t us;

	memcpy(copy, s, 19);
	copy[19] = 'Z';
	if (clock_parse(copy, 20, &us) != 20)
		return false;
	*local_s = us / CLOCK_SECOND_US;
	return true;
}

bool
stamp_read_pieces(const char *century, const char *year, const char *month,
    const char *day, const char *time, int64_t *local_s)
{
	char wall[32];
	int number = month_of(month);

	return number != 0 &&
	       snprintf(wall, sizeof wall, "%.2s%.2s-%02d-%.2s %.8s", century,
	           year, number, day, time) == 19 &&
	       stamp_read_wall(wall, local_s);
}

bool
stamp_read_offset(const char *s, int64_t *offset_s)
{
	int hours, minutes;

	*offset_s = 0;
	if (s[1] != '+' && s[1] != '-')
		return true;
	hours = stamp_two_digits(s + 2);
	minutes = stamp_two_digits(s + 4);
	if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
		return false;
	*offset_s = hours * 3600 + minutes * 60;
	if (s[1] == '-')
		*offset_s = -*offset_s;
	return true;
}

int64_t
stamp_fraction_us(struct text stamp, size_t from)
{
	int64_t us = 0, scale = CLOCK_SECOND_US / 10;

	for (size_t i = from + 1; i < stamp.n && stamp.at[i] >= '0' &&
	                          stamp.at[i] <= '9'; i++) {
		us += (stamp.at[i] - '0') * scale;
		scale /= 10;
	}
	return us;
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
bool
stamp_read_tai64n(struct text stamp, int64_t *time_us)
{
	uint64_t second = (uint64_t)hex(stamp.at + 1, 16) -
	                  (UINT64_C(1) << 62) - 10;
	int64_t nano = hex(stamp.at + 17, 8);

	if (second > UINT64_C(253402300799) || nano > 999999999)
		return false;
	*time_us = (int64_t)second * CLOCK_SECOND_US + nano / 1000;
	return true;
}

int64_t
stamp_read_decimal(struct text t)
{
	int64_t v = 0;

	for (size_t i = 0; i < t.n && i < 17 && t.at[i] >= '0' &&
	                   t.at[i] <= '9'; i++)
		v = v * 10 + (t.at[i] - '0');
	return v;
}
