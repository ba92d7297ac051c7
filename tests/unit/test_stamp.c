/* Protects when something happened: the year of stamps that have none, at New
 * Year and on 29 February, and both changes of the clock.  The ancestors' guess
 * is run on the same stamps and shown to be wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agent/line.h"
#include "agent/stamp.h"
#include "agent/zone.h"
#include "proto/base/clock.h"

static struct zone *utc;
static struct stamp_clock stamps;

static int64_t
at(const char *rfc3339)
{
	int64_t us;

	if (clock_parse(rfc3339, strlen(rfc3339), &us) == 0)
		fail_msg("not a time: %s", rfc3339);
	return us;
}

static struct zone *
opened(const char *name)
{
	const char *why = "";
	struct zone *z = zone_open(name, &why);

	if (z == NULL)
		fail_msg("%s: %s", name, why);
	return z;
}

static void
begin(const struct zone *zone, const char *bound)
{
	stamp_init(&stamps, zone);
	stamp_set_bound(&stamps, at(bound));
}

static int
begin_utc(void **state)
{
	(void)state;
	utc = opened("UTC");
	begin(utc, "2025-06-01T12:00:00Z");
	return 0;
}

static int
end_utc(void **state)
{
	(void)state;
	zone_close(utc);
	return 0;
}

static bool
see(const char *stamp, int64_t *time_us)
{
	char s[128] = "";
	struct line line;

	strcat(strcat(s, stamp), " mx1 a[1]: b");
	return line_parse(text_of(s), &line) && stamp_see(&stamps, &line) &&
	       stamp_time(&stamps, &line, time_us);
}

static void
is_time(const char *stamp, const char *want)
{
	char got[CLOCK_TEXT_BYTES];
	int64_t time_us;

	if (!see(stamp, &time_us))
		fail_msg("%s is no time", stamp);
	if (strcmp(clock_format(got, time_us, false), want) != 0)
		fail_msg("%s is %s, not %s", stamp, got, want);
}

/* S1's guess: a month and day before today's was last year. */
static int
ancestors_year(int year, int month, int day, int now_month, int now_day)
{
	return month < now_month || (month == now_month && day < now_day)
	           ? year - 1
	           : year;
}

static void
year_of_the_stamp(void **state)
{
	(void)state;
	stamp_set_bound(&stamps, at("2025-04-19T08:00:00Z"));
	is_time("Apr 18 10:00:00", "2025-04-18T10:00:00Z");
	assert_int_equal(ancestors_year(2025, 4, 18, 4, 19), 2024);
	is_time("Apr 19 07:59:59", "2025-04-19T07:59:59Z");
	/* a day of slack, and no more */
	is_time("Apr 20 07:00:00", "2025-04-20T07:00:00Z");
	is_time("Apr 20 09:00:00", "2024-04-20T09:00:00Z");
	is_time("Dec 31 23:59:59", "2024-12-31T23:59:59Z");
	/* New Year, from both sides */
	stamp_set_bound(&stamps, at("2026-01-01T00:10:00Z"));
	is_time("Dec 31 23:59:59", "2025-12-31T23:59:59Z");
	assert_int_equal(ancestors_year(2026, 12, 31, 1, 1), 2026);
	is_time("Jan  1 00:09:00", "2026-01-01T00:09:00Z");
	stamp_set_bound(&stamps, at("2025-12-31T23:59:00Z"));
	is_time("Jan  1 00:00:30", "2026-01-01T00:00:30Z");
	is_time("Jan  2 00:00:30", "2025-01-02T00:00:30Z");
}

static void
leap_day(void **state)
{
	int64_t time_us;

	(void)state;
	stamp_set_bound(&stamps, at("2026-03-01T00:00:00Z"));
	is_time("Feb 29 10:00:00", "2024-02-29T10:00:00Z");
	stamp_set_bound(&stamps, at("2028-03-01T00:00:00Z"));
	is_time("Feb 29 10:00:00", "2028-02-29T10:00:00Z");
	is_time("2024-02-29T10:00:00Z", "2024-02-29T10:00:00Z");
	assert_false(see("2025-02-29T10:00:00Z", &time_us));
}

static void
bad_stamps(void **state)
{
	static const char *const bad[] = {"Xyz  4 13:01:16", "Jun 31 13:01:xx",
	    "Jun 32 13:01:16", "Jun  0 13:01:16", "Jun  4 24:01:16",
	    "Jun  4 13:60:16", "Jun  4 13:01:61", "2025-13-01T00:00:00Z",
	    "2025-01-01T00:00:00", "1/1/2025", "2025-01-01T00:00:00X"};
	int64_t time_us;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (see(bad[i], &time_us))
			fail_msg("%s", bad[i]);
}

static void
daylight_saving(void **state)
{
	struct zone *z = opened("Europe/Berlin");

	(void)state;
	begin(z, "2025-12-01T00:00:00Z");
	is_time("Mar 30 01:59:59", "2025-03-30T00:59:59Z");
	is_time("Mar 30 03:00:00", "2025-03-30T01:00:00Z");
	/* the hour that does not exist */
	is_time("Mar 30 02:30:00", "2025-03-30T01:30:00Z");
	is_time("Oct 26 01:59:59", "2025-10-25T23:59:59Z");
	/* the hour that comes twice, by order */
	is_time("Oct 26 02:00:00", "2025-10-26T00:00:00Z");
	is_time("Oct 26 02:59:59", "2025-10-26T00:59:59Z");
	/* two writers may overtake each other a little */
	is_time("Oct 26 02:59:50", "2025-10-26T00:59:50Z");
	is_time("Oct 26 02:00:00", "2025-10-26T01:00:00Z");
	is_time("Oct 26 02:30:00", "2025-10-26T01:30:00Z");
	is_time("Oct 26 03:00:00", "2025-10-26T02:00:00Z");
	zone_close(z);
	z = opened("Australia/Lord_Howe");
	begin(z, "2025-12-01T00:00:00Z");
	is_time("Jul  1 12:00:00", "2025-07-01T01:30:00Z");
	zone_close(z);
}

/* The other change in each direction, and local stamps with a year. */
static void
daylight_saving_elsewhere(void **state)
{
	struct zone *z = opened("America/New_York");

	(void)state;
	begin(z, "2025-12-01T00:00:00Z");
	is_time("Mar  9 01:59:59", "2025-03-09T06:59:59Z");
	is_time("Mar  9 03:00:00", "2025-03-09T07:00:00Z");
	is_time("Nov  2 01:30:00", "2025-11-02T05:30:00Z");
	is_time("Nov  2 01:10:00", "2025-11-02T06:10:00Z");
	is_time("Nov  2 02:00:00", "2025-11-02T07:00:00Z");
	begin(z, "2025-12-01T00:00:00Z");
	is_time("2025-11-02 01:30:00", "2025-11-02T05:30:00Z");
	is_time("2025-11-02 01:10:00", "2025-11-02T06:10:00Z");
	is_time("2025-11-02 01:30:00 -0500", "2025-11-02T06:30:00Z");
	is_time("2025-11-02 01:30:00 -0400", "2025-11-02T05:30:00Z");
	zone_close(z);
}

/* All forms say one moment. */
static void
forms(void **state)
{
	static const char *const stamps_of_it[] = {"Mar  4 13:01:16.5",
	    "2025-03-04T13:01:16.500+00:00", "2025-03-04 13:01:16.500",
	    "2025-03-04 14:01:16.5 +0100", "1741093276.500000",
	    "1741093276500000", "@4000000067c6f9a61dcd6500"};
	int64_t time_us;

	(void)state;
	for (size_t i = 0; i < sizeof stamps_of_it / sizeof stamps_of_it[0];
	     i++) {
		if (!see(stamps_of_it[i], &time_us))
			fail_msg("%s is no time", stamps_of_it[i]);
		if (time_us != at("2025-03-04T13:01:16.500Z"))
			fail_msg("%s", stamps_of_it[i]);
	}
	assert_false(see("@0000000067c6f9a61dcd6500", &time_us));
	assert_false(see("@4000000067c6f9a6ffffffff", &time_us));
	assert_false(see("2025-03-04 14:61:16", &time_us));
	assert_false(see("2025-03-04 14:01:16 +9900", &time_us));
	assert_true(see("[17/Jun/2011 17:00:45]", &time_us));
	assert_int_equal(time_us, at("2011-06-17T17:00:45Z"));
	assert_true(see("Apr-07-13 07:08:36", &time_us));
	assert_int_equal(time_us, at("2013-04-07T07:08:36Z"));
	assert_false(see("[17/Jux/2011 17:00:45]", &time_us));
}

static void
order(const char *const *samples, size_t n)
{
	struct line lines[16];
	char texts[16][64];

	for (size_t i = 0; i < n; i++) {
		strcat(strcpy(texts[i], samples[i]), " mx1 a[1]: b");
		assert_true(line_parse(text_of(texts[i]), &lines[i]));
	}
	stamp_order(&stamps, lines, n);
}

/* A log of more than a year, of which only its end is dated. */
static void
years_in_one_file(void **state)
{
	static const char *const samples[] = {"Mar  1 10:00:00",
	    "Aug  1 10:00:00", "Jan  5 10:00:00", "Jan  4 10:00:00",
	    "Nov  1 10:00:00", "Feb  1 10:00:00", "Apr 20 10:00:00"};

	(void)state;
	stamp_set_bound(&stamps, at("2025-04-20T10:00:05Z"));
	order(samples, sizeof samples / sizeof samples[0]);
	is_time("Mar  1 10:00:00", "2023-03-01T10:00:00Z");
	is_time("Dec 31 23:59:59", "2023-12-31T23:59:59Z");
	is_time("Jan  1 00:00:00", "2024-01-01T00:00:00Z");
	/* out of order, over the change of the year */
	is_time("Dec 31 23:59:58", "2023-12-31T23:59:58Z");
	is_time("Feb 29 10:00:00", "2024-02-29T10:00:00Z");
	is_time("Jan  3 10:00:00", "2025-01-03T10:00:00Z");
	is_time("Apr 20 10:00:00", "2025-04-20T10:00:00Z");
	/* never beyond the bound */
	is_time("Feb  1 10:00:00", "2025-02-01T10:00:00Z");
}

/* Weeks of logs that were left behind, over New Year and without it. */
static void
backlog_of_weeks(void **state)
{
	static const char *const samples[] = {
	    "Dec 11 10:00:00", "Dec 31 10:00:00", "Jan 20 10:00:00"};

	(void)state;
	stamp_set_bound(&stamps, at("2026-01-20T10:00:05Z"));
	for (int ordered = 0; ordered < 2; ordered++) {
		if (ordered)
			order(samples, 3);
		is_time("Dec 11 10:00:00", "2025-12-11T10:00:00Z");
		is_time("Dec 31 23:59:59", "2025-12-31T23:59:59Z");
		is_time("Jan  1 00:00:00", "2026-01-01T00:00:00Z");
		is_time("Jan 20 10:00:00", "2026-01-20T10:00:00Z");
	}
}

static void
unknown_zone(void **state)
{
	static const char *const names[] = {
	    "Europe/Nowhere", "../etc/passwd", "/etc/localtime"};
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		why = NULL;
		assert_null(zone_open(names[i], &why));
		assert_non_null(why);
	}
}

int
main(void)
{
#define IN_UTC(f) cmocka_unit_test_setup_teardown(f, begin_utc, end_utc)
	const struct CMUnitTest tests[] = {
	    IN_UTC(year_of_the_stamp),
	    IN_UTC(leap_day),
	    IN_UTC(bad_stamps),
	    cmocka_unit_test(daylight_saving),
	    cmocka_unit_test(daylight_saving_elsewhere),
	    IN_UTC(forms),
	    IN_UTC(years_in_one_file),
	    IN_UTC(backlog_of_weeks),
	    cmocka_unit_test(unknown_zone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
