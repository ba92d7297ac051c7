/* Protects the hub's log from strangers: one line at once, then at most one a
 * minute, and no hit is left out of the sum. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hub/receive/meter.h"

static void
at_once_then_once_a_minute(void **state)
{
	struct meter m = {0};
	uint64_t said = 0, lines = 0;

	(void)state;
	assert_int_equal(meter_due(&m, 0), 0);
	assert_int_equal(meter_hit(&m, 1000), 1);
	for (int64_t ms = 1001; ms < 1000 + 10 * METER_EVERY_MS; ms += 10) {
		uint64_t n = meter_hit(&m, ms);

		said += n;
		lines += n != 0;
	}
	assert_int_equal(lines, 9);
	/* the rest is said without another hit */
	said += meter_due(&m, 1000 + 11 * METER_EVERY_MS);
	assert_int_equal(said, 10 * METER_EVERY_MS / 10);
	assert_int_equal(meter_due(&m, 1000 + 20 * METER_EVERY_MS), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(at_once_then_once_a_minute),
	};

	return cmocka_run_group_tests_name("meter", tests, NULL, NULL);
}
