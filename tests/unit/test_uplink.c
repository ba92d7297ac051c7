/* Protects: nothing is taken for delivered that the hub did not acknowledge,
 * and nothing is sent outside the window.  The hub is a ROUTER in the same
 * process; there is no network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <zmq.h>

#include "agent/uplink_inside.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"
#include "proto/base/clock.h"

enum { EVENTS = 40, BATCH = 2, WAIT_MS = 20 };

struct fixture {
	void *context, *hub;
	struct uplink *u;
	struct arena *arena;
	struct curve_key key, hub_key;
	const char *hubs[2];
	/* the feed: events numbered from 1 */
	int64_t committed;
	bool acked[EVENTS + 1];
	size_t set_aside, gaps, unacked;
	uint64_t batch, last_acked;
	/* what the hub heard */
	unsigned char peer[64];
	int peer_bytes;
	struct wire_frame frame;
};

static size_t
feed_fetch(void *ctx, int64_t after, size_t max, struct arena *a,
    struct event *events, int64_t *seqs)
{
	struct fixture *x = ctx;
	size_t n = 0;

	for (int64_t i = after + 1; i <= x->committed && n < max; i++) {
		if (x->acked[i])
			continue;
		events[n] = (struct event){.time_us = 1000000 * i,
		    .read_us = 1000000 * i,
		    .kind = KIND_PROBE,
		    .pid = EVENT_NO_PID,
		    .host = TEXT("mx1"),
		    .message = text_of(arena_printf(a, "%d", (int)i))};
		assert_true(addr_parse(TEXT("192.0.2.1"),
		    &events[n].source));
		event_make_id(&events[n], TEXT(""));
		seqs[n++] = i;
	}
	return n;
}

static uint64_t
feed_next_batch(void *ctx)
{
	return ++((struct fixture *)ctx)->batch;
}

static void
feed_acked(void *ctx, uint64_t batch, int64_t first, int64_t last,
    bool stored)
{
	struct fixture *x = ctx;

	for (int64_t i = first; i <= last; i++)
		x->acked[i] = true;
	x->set_aside += !stored;
	if (batch > x->last_acked)
		x->last_acked = batch;
}

static uint64_t
feed_last_acked(void *ctx)
{
	return ((struct fixture *)ctx)->last_acked;
}

static size_t
feed_unack(void *ctx, uint64_t batch)
{
	struct fixture *x = ctx;

	memset(x->acked, 0, sizeof x->acked);
	x->last_acked = batch;
	return ++x->unacked;
}

static void
feed_gap(void *ctx, int64_t seq)
{
	struct fixture *x = ctx;

	x->acked[seq] = true;
	x->gaps++;
}

static void
feed_counters(void *ctx, struct wire_counters *out)
{
	*out = (struct wire_counters){.emitted =
	        (uint64_t)((struct fixture *)ctx)->committed};
}

static int64_t
feed_lag_us(void *ctx)
{
	(void)ctx;
	return 0;
}

static int
setup(void **state)
{
	static struct fixture x;

	static const char *const names[] = {"inproc://one", "inproc://two"};

	x = (struct fixture){.batch = 0};
	x.context = uplink_context_open();
	x.arena = arena_open(0);
	curve_make_fleeting(&x.key);
	curve_make_fleeting(&x.hub_key);
	/* the preferred one first */
	uplink_hubs_order(x.key.public_text, names, 2, x.hubs);
	x.hub = zmq_socket(x.context, ZMQ_ROUTER);
	assert_int_equal(zmq_bind(x.hub, x.hubs[0]), 0);
	assert_int_equal(zmq_setsockopt(x.hub, ZMQ_LINGER, &(int){0},
	    sizeof(int)), 0);
	x.u = uplink_open(&(struct uplink_options){.context = x.context,
	    .hubs = x.hubs, .hub_count = 2,
	    .hub_key = x.hub_key.public_text, .key = &x.key,
	    .host = "mx1", .site = "", .wait_ms = WAIT_MS,
	    .feed = {.ctx = &x, .fetch = feed_fetch,
	        .next_batch = feed_next_batch, .acked = feed_acked,
	        .last_acked = feed_last_acked, .unack = feed_unack,
	        .gap = feed_gap, .counters = feed_counters,
	        .lag_us = feed_lag_us}});
	*state = &x;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *x = *state;

	uplink_close(x->u);
	(void)zmq_close(x->hub);
	uplink_context_close(x->context);
	arena_close(x->arena);
	return 0;
}

/* The next frame at the hub, while the uplink works; false after ms. */
static bool
hear(struct fixture *x, int64_t ms)
{
	static char bytes[WIRE_FRAME_BYTES];
	int64_t until = clock_mono_ms() + ms;
	const char *why;
	int n;

	do {
		uplink_step(x->u);
		n = zmq_recv(x->hub, x->peer, sizeof x->peer, ZMQ_DONTWAIT);
		if (n >= 0) {
			x->peer_bytes = n;
			n = zmq_recv(x->hub, bytes, sizeof bytes, 0);
			assert_true(n >= 0);
			arena_reset(x->arena);
			assert_int_equal(wire_unpack(bytes, (size_t)n,
			    x->arena, &x->frame, &why), WIRE_OK);
			return true;
		}
		uplink_wait(x->u, NULL, 0, 1);
	} while (clock_mono_ms() < until);
	return false;
}

static void
say(struct fixture *x, struct wire_frame f)
{
	struct buf b = {0};

	wire_pack(&f, &b);
	assert_true(zmq_send(x->hub, x->peer, (size_t)x->peer_bytes,
	    ZMQ_SNDMORE) >= 0);
	assert_true(zmq_send(x->hub, b.data, b.n, 0) >= 0);
	buf_free(&b);
}

static void
hear_hello(struct fixture *x)
{
	/* frames of a connection given up may come first */
	do {
		assert_true(hear(x, 2000));
	} while (x->frame.type != WIRE_HELLO);
}

static void
welcome(struct fixture *x, uint32_t window, uint32_t max_events,
    uint64_t last_batch)
{
	hear_hello(x);
	assert_int_equal(x->frame.hello.version, WIRE_VERSION);
	assert_true(text_is(x->frame.hello.host, "mx1"));
	say(x, (struct wire_frame){.type = WIRE_WELCOME,
	    .welcome = {.version = 1, .window = window,
	        .max_bytes = WIRE_FRAME_BYTES, .max_events = max_events,
	        .last_batch = last_batch}});
}

static void
ack(struct fixture *x, uint64_t batch)
{
	say(x, (struct wire_frame){.type = WIRE_ACK, .ack = {batch, 1, 0}});
}

static void
nak(struct fixture *x, uint64_t batch, enum wire_reason reason)
{
	say(x, (struct wire_frame){.type = WIRE_NAK,
	    .nak = {batch, reason, 30}});
}

static size_t
count_acked(const struct fixture *x)
{
	size_t n = 0;

	for (size_t i = 1; i <= EVENTS; i++)
		n += x->acked[i];
	return n;
}

/* Acknowledges all that comes until all events are. */
static void
finish(struct fixture *x)
{
	while (count_acked(x) < (size_t)x->committed) {
		if (!hear(x, 2000))
			fail_msg("only %zu acknowledged", count_acked(x));
		if (x->frame.type == WIRE_BATCH)
			ack(x, x->frame.batch.batch);
		else if (x->frame.type == WIRE_HELLO)
			say(x, (struct wire_frame){.type = WIRE_WELCOME,
			    .welcome = {1, 8, WIRE_FRAME_BYTES, BATCH, 0,
			        x->last_acked}});
		uplink_step(x->u);
	}
}

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

/* Small batches do not follow each other before a reply: what is new joins
 * the next one. */
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
	    .feed = {.ctx = x, .fetch = feed_fetch,
	        .next_batch = feed_next_batch, .acked = feed_acked,
	        .last_acked = feed_last_acked, .unack = feed_unack,
	        .gap = feed_gap, .counters = feed_counters,
	        .lag_us = feed_lag_us}});
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
	    TEST(new_events_wait_for_the_reply),
	    TEST(a_slow_hub_is_not_left),
	    TEST(silence_means_again),
	    TEST(busy_means_later),
	    TEST(too_big_means_halves),
	    TEST(malformed_means_never_again),
	    TEST(revoked_keeps_everything),
	    TEST(older_database_gets_it_again),
	    TEST(next_hub_after_three_misses),
	};

	return cmocka_run_group_tests_name("uplink", tests, quiet, NULL);
}
