/* Protects: stamps mean the same instant wherever they are read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "proto/base/clock.h"

static void
stamps_are_read(void **state)
{
	static const struct {
		const char *in;
		size_t used; /* 0: refused */
		int64_t us;
	} all[] = {
	    {"1970-01-01T00:00:00Z", 20, 0},
	    {"2024-02-29T12:00:00Z", 20, INT64_C(1709208000000000)},
	    {"2024-02-29T12:00:00.5Z", 22, INT64_C(1709208000500000)},
	    {"2024-02-29T12:00:00.123456789Z", 30,
	        INT64_C(1709208000123456)},
	    {"2024-02-29T13:00:00+01:00", 25, INT64_C(1709208000000000)},
	    {"2024-02-29 13:00:00+0100 rest", 24, INT64_C(1709208000000000)},
	    {"2024-02-29T06:30:00-05:30", 25, INT64_C(1709208000000000)},
	    {"2023-02-29T12:00:00Z", 0, 0},
	    {"2100-02-29T12:00:00Z", 0, 0},
	    {"2024-13-01T12:00:00Z", 0, 0},
	    {"2024-00-01T12:00:00Z", 0, 0},
	    {"2024-01-32T12:00:00Z", 0, 0},
	    {"2024-01-01T24:00:00Z", 0, 0},
	    {"2024-01-01T12:00:00", 0, 0},
	    {"2024-01-01T12:00:00+25:00", 0, 0},
	    {"2024-01-01X12:00:00Z", 0, 0},
	    {"", 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		int64_t us = 0;

		assert_int_equal(clock_parse(all[i].in, strlen(all[i].in),
		    &us), all[i].used);
		if (all[i].used != 0)
			assert_int_equal(us, all[i].us);
	}
}

static void
what_is_written_is_read_back(void **state)
{
	char text[CLOCK_TEXT_BYTES];
	int64_t us = INT64_C(-62167219200000000); /* year 0 */

	(void)state;
	for (; us < INT64_C(253402300799000000);
	     us += INT64_C(86399 * 1000000) * 997 + 1) {
		int64_t back = -1;
		size_t n = strlen(clock_format(text, us, true));

		assert_int_equal(clock_parse(text, n, &back), n);
		assert_int_equal(back, us);
	}
	assert_string_equal(clock_format(text, -1, true),
	    "1969-12-31T23:59:59.999999Z");
	/* beyond four digits of year it stays a text of that length */
	assert_string_equal(clock_format(text, INT64_MAX, false),
	    "9999-12-31T23:59:59Z");
	assert_string_equal(clock_format(text, INT64_MIN, false),
	    "0000-01-01T00:00:00Z");
}

static void
tests_set_the_clock(void **state)
{
	(void)state;
	clock_set(42);
	assert_int_equal(clock_wall_us(), 42);
	clock_set(INT64_MIN);
	assert_true(clock_wall_us() > INT64_C(1600000000000000));
	assert_int_equal(clock_days(2000, 3, 1) - clock_days(2000, 2, 28), 2);
	assert_int_equal(clock_days(1970, 1, 1), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(stamps_are_read),
	    cmocka_unit_test(what_is_written_is_read_back),
	    cmocka_unit_test(tests_set_the_clock),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
