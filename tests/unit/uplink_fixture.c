/* A hub played by hand; see uplink_fixture.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <zmq.h>

#include "proto/base/arena.h"
#include "proto/base/buf.h"
#include "proto/base/clock.h"
#include "tests/unit/uplink_fixture.h"

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

struct uplink_feed
feed_of(struct fixture *x)
{
	return (struct uplink_feed){.ctx = x, .fetch = feed_fetch,
	    .next_batch = feed_next_batch, .acked = feed_acked,
	    .last_acked = feed_last_acked, .unack = feed_unack,
	    .gap = feed_gap, .counters = feed_counters,
	    .lag_us = feed_lag_us};
}

int
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
	    .feed = feed_of(&x)});
	*state = &x;
	return 0;
}

int
teardown(void **state)
{
	struct fixture *x = *state;

	uplink_close(x->u);
	(void)zmq_close(x->hub);
	uplink_context_close(x->context);
	arena_close(x->arena);
	return 0;
}

bool
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

void
say(struct fixture *x, struct wire_frame f)
{
	struct buf b = {0};

	wire_pack(&f, &b);
	assert_true(zmq_send(x->hub, x->peer, (size_t)x->peer_bytes,
	    ZMQ_SNDMORE) >= 0);
	assert_true(zmq_send(x->hub, b.data, b.n, 0) >= 0);
	buf_free(&b);
}

void
hear_hello(struct fixture *x)
{
	/* frames of a connection given up may come first */
	do {
		assert_true(hear(x, 2000));
	} while (x->frame.type != WIRE_HELLO);
}

void
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

void
ack(struct fixture *x, uint64_t batch)
{
	say(x, (struct wire_frame){.type = WIRE_ACK, .ack = {batch, 1, 0}});
}

void
nak(struct fixture *x, uint64_t batch, enum wire_reason reason)
{
	say(x, (struct wire_frame){.type = WIRE_NAK,
	    .nak = {batch, reason, 30}});
}

size_t
count_acked(const struct fixture *x)
{
	size_t n = 0;

	for (size_t i = 1; i <= EVENTS; i++)
		n += x->acked[i];
	return n;
}

void
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
