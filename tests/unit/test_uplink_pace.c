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

enum { PATIENT_MS = 2000 };

/* What is under way was sent so much earlier. */
static void
pass(struct fixture *x, int64_t ms)
{
	for (size_t i = 0; i < UPLINK_WINDOW; i++)
		x->u->flight[i].sent_ms -= ms;
}

static void
new_events_wait_for_the_reply(void **state)
{
	struct fixture *x = *state;
	uint64_t first;

	x->u->o.wait_ms = PATIENT_MS;
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

	x->committed = 1;
	welcome(x, 8, BATCH, 0);
	assert_true(hear(x, 1000));
	/* two misses: patience is four times the first */
	welcome(x, 8, BATCH, 0);
	assert_true(hear(x, 1000));
	welcome(x, 8, BATCH, 0);
	assert_true(hear(x, 1000));
	assert_int_equal(x->u->doublings, 2);
	/* from here on no time passes that would matter */
	x->u->o.wait_ms = PATIENT_MS;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(x->frame.type, WIRE_BATCH);
		pass(x, 2 * PATIENT_MS);
		ack(x, x->frame.batch.batch);
		x->committed++;
		assert_true(hear(x, 1000));
		assert_int_equal(x->u->doublings, 2);
	}
	/* fast ones do, one after a while */
	for (int i = 0; i < 2; i++) {
		x->u->doubled_ms -= PATIENT_MS * UPLINK_SHRINK_WAITS;
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
