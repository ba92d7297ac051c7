/* Protects against a batch that fails because one event has no partition:
 * the day of an id is exactly the partition's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hub/receive/days.h"
#include "proto/base/clock.h"

static uint32_t
day_of_second(uint32_t s)
{
	const uint8_t id[16] = {(uint8_t)(s >> 24), (uint8_t)(s >> 16),
	    (uint8_t)(s >> 8), (uint8_t)s, 0xff, 0xff};

	return days_of_id(id);
}

static void
days_of_ids(void **state)
{
	uint32_t day = (uint32_t)clock_days(2026, 11, 21);

	(void)state;
	assert_int_equal(day_of_second(0), 0);
	assert_int_equal(day_of_second(86399), 0);
	assert_int_equal(day_of_second(86400), 1);
	assert_int_equal(day_of_second(day * 86400u), day);
	assert_int_equal(day_of_second(day * 86400u - 1), day - 1);
	assert_int_equal(day_of_second(day * 86400u + 86399), day);
	assert_int_equal(day_of_second(UINT32_MAX), DAYS_MOST - 1);
}

static void
sets_of_days(void **state)
{
	static const int64_t in[] = {0, 1, 63, 64, 20778, DAYS_MOST - 1};
	static struct days d;

	(void)state;
	for (size_t i = 0; i < sizeof in / sizeof in[0]; i++)
		assert_false(days_hold(&d, (uint32_t)in[i]));
	for (size_t i = 0; i < sizeof in / sizeof in[0]; i++) {
		days_add(&d, in[i]);
		days_add(&d, in[i]);
		assert_true(days_hold(&d, (uint32_t)in[i]));
	}
	assert_int_equal(d.n, 6);
	assert_false(days_hold(&d, 2));
	assert_false(days_hold(&d, 62));
	assert_false(days_hold(&d, 65));
	/* what no id can have */
	days_add(&d, -1);
	days_add(&d, DAYS_MOST);
	days_add(&d, INT64_MAX);
	assert_int_equal(d.n, 6);
	assert_false(days_hold(&d, DAYS_MOST));
	assert_false(days_hold(&d, UINT32_MAX));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(days_of_ids),
	    cmocka_unit_test(sets_of_days),
	};

	return cmocka_run_group_tests_name("days", tests, NULL, NULL);
}
