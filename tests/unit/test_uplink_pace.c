/* Protects a hub that is slow from being buried: small batches do not follow
 * each other unanswered, and an agent does not leave a hub that works. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "proto/base/clock.h"
#include "tests/unit/uplink_fixture.h"

static void
new_events_wait_for_the_reply(void **state)
{
	struct fixture *x = *state;
	uint64_t first;

	x->committed = BATCH + 1;
	welcome(x, 8, BATCH, 0);
	assert_true(hear(x, 1000));
	assert_int_equal(x->frame.batch.count, BATCH);
	ack(x, x->frame.batch.batch);
	assert_true(hear(x, 1000));
	assert_int_equal(x->frame.batch.count, 1);
	first = x->frame.batch.batch;
	x->committed += BATCH;
	assert_false(hear(x, WAIT_MS / 2));
	ack(x, first);
	assert_true(hear(x, 1000));
	assert_int_equal(x->frame.type, WIRE_BATCH);
	assert_int_equal(x->frame.batch.count, BATCH);
	assert_true(x->frame.batch.batch > first);
	finish(x);
}

/* A reply that took long does not make the next wait shorter. */
static void
a_slow_hub_is_not_left(void **state)
{
	struct fixture *x = *state;
	int64_t until_ms;

	x->committed = 1;
	welcome(x, 8, BATCH, 0);
	assert_true(hear(x, 1000));
	/* two misses: patience is four times the first */
	welcome(x, 8, BATCH, 0);
	assert_true(hear(x, 1000));
	welcome(x, 8, BATCH, 0);
	assert_true(hear(x, 1000));
	assert_int_equal(x->u->doublings, 2);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(x->frame.type, WIRE_BATCH);
		for (until_ms = clock_mono_ms() + WAIT_MS * 2;
		     clock_mono_ms() < until_ms;
		     uplink_wait(x->u, NULL, 0, 1))
			uplink_step(x->u);
		ack(x, x->frame.batch.batch);
		x->committed++;
		assert_true(hear(x, 1000));
		assert_int_equal(x->u->doublings, 2);
	}
	/* fast ones do */
	for (int i = 0; i < 2; i++) {
		ack(x, x->frame.batch.batch);
		x->committed++;
		assert_true(hear(x, 1000));
	}
	assert_int_equal(x->u->doublings, 0);
	finish(x);
}

static int
quiet(void **state)
{
	(void)state;
	return freopen("/dev/null", "w", stderr) == NULL ? -1 : 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(new_events_wait_for_the_reply),
	    TEST(a_slow_hub_is_not_left),
	};

	return cmocka_run_group_tests_name("uplink pace", tests, quiet, NULL);
}
