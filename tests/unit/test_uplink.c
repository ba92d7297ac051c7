/* Protects: nothing is taken for delivered that the hub did not acknowledge,
 * and nothing is sent outside the window.  The hub is a ROUTER in the same
 * process; there is no network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <zmq.h>

#include "proto/base/clock.h"
#include "tests/unit/uplink_fixture.h"

static void
window_is_kept(void **state)
{
	struct fixture *x = *state;
	uint64_t batches[3];

	x->committed = EVENTS;
	welcome(x, 3, BATCH, 0);
	for (int i = 0; i < 3; i++) {
		assert_true(hear(x, 1000));
		assert_int_equal(x->frame.type, WIRE_BATCH);
		assert_int_equal(x->frame.batch.count, BATCH);
		batches[i] = x->frame.batch.batch;
	}
	assert_true(uplink_is_up(x->u));
	assert_false(hear(x, WAIT_MS / 2));
	assert_int_equal(count_acked(x), 0);
	/* each for itself: the second one first */
	ack(x, batches[1]);
	assert_true(hear(x, 1000));
	assert_int_equal(count_acked(x), BATCH);
	assert_true(x->acked[3] && x->acked[4] && !x->acked[1]);
	/* an unknown number acknowledges nothing */
	ack(x, 999999);
	ack(x, batches[0]);
	assert_true(hear(x, 1000));
	assert_int_equal(count_acked(x), 2 * BATCH);
}

static void
silence_means_again(void **state)
{
	struct fixture *x = *state;
	uint64_t first;

	x->committed = 2;
	welcome(x, 8, BATCH, 0);
	assert_true(hear(x, 1000));
	first = x->frame.batch.batch;
	/* no answer: a fresh connection, the same batch */
	welcome(x, 8, BATCH, 0);
	assert_true(hear(x, 1000));
	assert_int_equal(x->frame.type, WIRE_BATCH);
	assert_int_equal(x->frame.batch.batch, first);
	assert_int_equal(count_acked(x), 0);
	finish(x);
}

static void
busy_means_later(void **state)
{
	struct fixture *x = *state;
	int64_t asked_ms;
	uint64_t batch;

	x->committed = 2;
	welcome(x, 8, BATCH, 0);
	assert_true(hear(x, 1000));
	batch = x->frame.batch.batch;
	nak(x, batch, WIRE_BUSY);
	asked_ms = clock_mono_ms();
	assert_true(hear(x, 1000));
	assert_int_equal(x->frame.type, WIRE_BATCH); /* no new HELLO */
	assert_int_equal(x->frame.batch.batch, batch);
	assert_true(clock_mono_ms() - asked_ms >= 29);
	finish(x);
}

static void
too_big_means_halves(void **state)
{
	struct fixture *x = *state;

	x->committed = 16;
	welcome(x, 1, 16, 0);
	for (size_t count = 16; count >= 1; count /= 2) {
		assert_true(hear(x, 1000));
		assert_int_equal(x->frame.batch.count, count);
		assert_int_equal(count_acked(x), 0);
		nak(x, x->frame.batch.batch, WIRE_TOO_BIG);
	}
	/* one event that is too big alone is given up, the rest goes on */
	assert_true(hear(x, 1000));
	assert_int_equal(x->gaps, 1);
	assert_true(x->acked[1] && !x->acked[2]);
	ack(x, x->frame.batch.batch);
	finish(x);
	assert_int_equal(x->gaps, 1);
}

static void
malformed_means_never_again(void **state)
{
	struct fixture *x = *state;

	x->committed = 2;
	welcome(x, 8, BATCH, 0);
	assert_true(hear(x, 1000));
	nak(x, x->frame.batch.batch, WIRE_MALFORMED);
	x->committed = 4;
	assert_true(hear(x, 1000));
	assert_int_equal(x->frame.batch.count, 2);
	assert_true(text_is(x->frame.batch.events[0].message, "3"));
	assert_int_equal(x->set_aside, 1);
}

static void
revoked_keeps_everything(void **state)
{
	struct fixture *x = *state;

	x->committed = 2;
	welcome(x, 8, BATCH, 0);
	assert_true(hear(x, 1000));
	nak(x, x->frame.batch.batch, WIRE_REVOKED);
	assert_false(hear(x, 100));
	assert_false(uplink_is_up(x->u));
	assert_int_equal(count_acked(x), 0);
	assert_true(uplink_due_ms(x->u) > 30000);
}

static void
older_database_gets_it_again(void **state)
{
	struct fixture *x = *state;

	x->committed = 4;
	welcome(x, 8, BATCH, 0);
	finish(x);
	assert_int_equal(count_acked(x), 4);
	assert_int_equal(x->unacked, 0);
	uplink_close(x->u);
	x->u = uplink_open(&(struct uplink_options){.context = x->context,
	    .hubs = x->hubs, .hub_count = 1,
	    .hub_key = x->hub_key.public_text, .key = &x->key,
	    .host = "mx1", .site = "", .wait_ms = WAIT_MS,
	    .feed = feed_of(x)});
	welcome(x, 8, BATCH, 0);
	assert_true(hear(x, 1000));
	assert_int_equal(x->unacked, 1);
	assert_int_equal(x->frame.type, WIRE_BATCH);
	ack(x, x->frame.batch.batch);
	finish(x);
}

static void
next_hub_after_three_misses(void **state)
{
	struct fixture *x = *state;
	void *first = x->hub;
	int hellos = 0;

	x->hub = zmq_socket(x->context, ZMQ_ROUTER);
	assert_int_equal(zmq_bind(x->hub, x->hubs[1]), 0);
	x->committed = 2;
	welcome(x, 8, BATCH, 0);
	finish(x);
	/* the first one was asked three times before */
	while (zmq_recv(first, x->peer, sizeof x->peer, ZMQ_DONTWAIT) >= 0) {
		char bytes[1000];

		assert_true(zmq_recv(first, bytes, sizeof bytes, 0) > 0);
		hellos++;
	}
	assert_int_equal(hellos, 3);
	(void)zmq_close(first);
}

/* The hub did not store a ping's counters: they are said again until it did,
 * and only then is all settled. */
static void
counters_are_said_until_stored(void **state)
{
	struct fixture *x = *state;
	int64_t said_ms;

	welcome(x, 8, BATCH, 0);
	uplink_step(x->u);
	uplink_tell(x->u);
	assert_true(hear(x, 1000));
	assert_int_equal(x->frame.type, WIRE_PING);
	assert_false(uplink_settle(x->u));
	said_ms = clock_mono_ms();
	say(x, (struct wire_frame){.type = WIRE_PONG, .pong = {.again = true}});
	assert_false(hear(x, 200));
	assert_false(uplink_settle(x->u));
	/* not at once, however much in a hurry */
	assert_true(hear(x, 3000));
	assert_int_equal(x->frame.type, WIRE_PING);
	assert_true(clock_mono_ms() - said_ms >= UPLINK_AGAIN_MS);
	assert_false(uplink_settle(x->u));
	say(x, (struct wire_frame){.type = WIRE_PONG});
	assert_false(hear(x, 50));
	assert_true(uplink_settle(x->u));
}

/* Of two pings under way the reply to the last one settles. */
static void
last_ping_settles(void **state)
{
	struct fixture *x = *state;

	welcome(x, 8, BATCH, 0);
	uplink_step(x->u);
	for (int i = 0; i < 2; i++) {
		uplink_tell(x->u);
		assert_true(hear(x, 1000));
		assert_int_equal(x->frame.type, WIRE_PING);
	}
	say(x, (struct wire_frame){.type = WIRE_PONG});
	assert_false(hear(x, 50));
	assert_false(uplink_settle(x->u));
	say(x, (struct wire_frame){.type = WIRE_PONG});
	assert_false(hear(x, 50));
	assert_true(uplink_settle(x->u));
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
	    TEST(window_is_kept),
	    TEST(silence_means_again),
	    TEST(busy_means_later),
	    TEST(too_big_means_halves),
	    TEST(malformed_means_never_again),
	    TEST(revoked_keeps_everything),
	    TEST(older_database_gets_it_again),
	    TEST(next_hub_after_three_misses),
	    TEST(counters_are_said_until_stored),
	    TEST(last_ping_settles),
	};

	return cmocka_run_group_tests_name("uplink", tests, quiet, NULL);
}
