/* Protects: the agents of a hub that dies spread over all the others, find
 * back to it when it lives again, and leave one that cannot reach its
 * database.  Two hubs on this machine's loopback. */
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

enum { HUBS = 2, WAIT_MS = 20 };

struct hub {
	void *socket;
	char address[100];
	unsigned hellos, batches;
	bool busy;
};

struct fixture {
	void *context;
	struct hub hubs[HUBS];
	const char *names[HUBS];
	struct curve_key key, hub_key;
	struct uplink *u;
	struct arena *arena;
	bool pending; /* an event waits to be sent */
};

static size_t
feed_fetch(void *ctx, int64_t after, size_t max, struct arena *a,
    struct event *events, int64_t *seqs)
{
	struct fixture *x = ctx;

	(void)a;
	(void)max;
	if (!x->pending || after >= 1)
		return 0;
	events[0] = (struct event){.time_us = 1, .read_us = 1,
	    .kind = KIND_PROBE, .pid = EVENT_NO_PID, .host = TEXT("mx1"),
	    .message = TEXT("m")};
	assert_true(addr_parse(TEXT("192.0.2.1"), &events[0].source));
	event_make_id(&events[0], TEXT(""));
	seqs[0] = 1;
	return 1;
}

static uint64_t
feed_next_batch(void *ctx)
{
	static uint64_t n;

	(void)ctx;
	return ++n;
}

static void
feed_acked(void *ctx, uint64_t batch, int64_t first, int64_t last,
    bool stored)
{
	(void)batch;
	(void)first;
	(void)last;
	((struct fixture *)ctx)->pending = !stored;
}

static uint64_t
feed_last_acked(void *ctx)
{
	(void)ctx;
	return 0;
}

static size_t
feed_unack(void *ctx, uint64_t batch)
{
	(void)ctx;
	return (size_t)(batch & 0);
}

static void
feed_gap(void *ctx, int64_t seq)
{
	(void)ctx;
	(void)seq;
	fail();
}

static void
feed_counters(void *ctx, struct wire_counters *out)
{
	(void)ctx;
	*out = (struct wire_counters){0};
}

static int64_t
feed_lag_us(void *ctx)
{
	(void)ctx;
	return 0;
}

static void
open_hub(struct fixture *x, struct hub *h)
{
	size_t n = sizeof h->address;

	h->socket = zmq_socket(x->context, ZMQ_ROUTER);
	assert_non_null(h->socket);
	assert_int_equal(zmq_setsockopt(h->socket, ZMQ_LINGER, &(int){0},
	    sizeof(int)), 0);
	assert_int_equal(zmq_setsockopt(h->socket, ZMQ_CURVE_SERVER,
	    &(int){1}, sizeof(int)), 0);
	assert_int_equal(zmq_setsockopt(h->socket, ZMQ_CURVE_SECRETKEY,
	    x->hub_key.secret_text, CURVE_TEXT_BYTES), 0);
	assert_int_equal(zmq_bind(h->socket, h->address[0] == '\0'
	    ? "tcp://127.0.0.1:*" : h->address), 0);
	assert_int_equal(zmq_getsockopt(h->socket, ZMQ_LAST_ENDPOINT,
	    h->address, &n), 0);
}

static void
close_hub(struct hub *h)
{
	if (h->socket != NULL)
		(void)zmq_close(h->socket);
	h->socket = NULL;
}

static int
setup(void **state)
{
	static struct fixture x;
	const char *any[HUBS];

	x = (struct fixture){.pending = false};
	x.context = uplink_context_open();
	x.arena = arena_open(0);
	curve_make_fleeting(&x.key);
	curve_make_fleeting(&x.hub_key);
	for (size_t i = 0; i < HUBS; i++) {
		open_hub(&x, &x.hubs[i]);
		any[i] = x.hubs[i].address;
	}
	/* hubs[0] is to be the preferred one */
	uplink_hubs_order(x.key.public_text, any, HUBS, x.names);
	if (x.names[0] != any[0]) {
		struct hub first = x.hubs[1];

		x.hubs[1] = x.hubs[0];
		x.hubs[0] = first;
	}
	for (size_t i = 0; i < HUBS; i++)
		x.names[i] = x.hubs[i].address;
	x.u = uplink_open(&(struct uplink_options){.context = x.context,
	    .hubs = x.names, .hub_count = HUBS,
	    .hub_key = x.hub_key.public_text, .key = &x.key,
	    .host = "mx1", .site = "", .wait_ms = WAIT_MS, .back_ms = 100,
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
	for (size_t i = 0; i < HUBS; i++)
		close_hub(&x->hubs[i]);
	uplink_context_close(x->context);
	arena_close(x->arena);
	return 0;
}

/* Answers what one hub hears. */
static void
serve(struct fixture *x, struct hub *h)
{
	static char bytes[WIRE_FRAME_BYTES];
	struct wire_frame in, out;
	unsigned char peer[64];
	struct buf b = {0};
	const char *why;
	int n, m;

	n = h->socket == NULL ? -1
	    : zmq_recv(h->socket, peer, sizeof peer, ZMQ_DONTWAIT);
	if (n < 0)
		return;
	m = zmq_recv(h->socket, bytes, sizeof bytes, 0);
	assert_true(m >= 0);
	arena_reset(x->arena);
	assert_int_equal(wire_unpack(bytes, (size_t)m, x->arena, &in, &why),
	    WIRE_OK);
	switch (in.type) {
	case WIRE_HELLO:
		h->hellos++;
		out = (struct wire_frame){.type = WIRE_WELCOME,
		    .welcome = {.version = 1, .window = 1,
		        .max_bytes = WIRE_FRAME_BYTES, .max_events = 10}};
		break;
	case WIRE_BATCH:
		h->batches++;
		out = (struct wire_frame){.type = WIRE_ACK,
		    .ack = {.batch = in.batch.batch, .new_events = 1}};
		if (h->busy)
			out = (struct wire_frame){.type = WIRE_NAK,
			    .nak = {.batch = in.batch.batch,
			        .reason = WIRE_BUSY, .retry_ms = 1}};
		break;
	case WIRE_PING:
	case WIRE_WELCOME:
	case WIRE_ACK:
	case WIRE_NAK:
	case WIRE_PONG:
		out = (struct wire_frame){.type = WIRE_PONG};
		break;
	}
	wire_pack(&out, &b);
	(void)zmq_send(h->socket, peer, (size_t)n, ZMQ_SNDMORE);
	(void)zmq_send(h->socket, b.data, b.n, 0);
	buf_free(&b);
}

/* Runs all until an event arrived at this hub. */
static void
arrives_at(struct fixture *x, struct hub *h)
{
	const int64_t until = clock_mono_ms() + 20000;
	unsigned before = h->batches;

	x->pending = true;
	uplink_again(x->u);
	while (x->pending || h->batches == before) {
		assert_true(clock_mono_ms() < until);
		if (!x->pending && h->batches == before) {
			/* it went to the other one: the next */
			x->pending = true;
			uplink_again(x->u);
		}
		uplink_step(x->u);
		for (size_t i = 0; i < HUBS; i++)
			serve(x, &x->hubs[i]);
		uplink_wait(x->u, NULL, 0, 2);
	}
}

static void
fails_over_and_back(void **state)
{
	struct fixture *x = *state;

	arrives_at(x, &x->hubs[0]);
	assert_int_equal(x->hubs[1].hellos, 0);
	close_hub(&x->hubs[0]);
	arrives_at(x, &x->hubs[1]);
	/* still dead: tried beside the other, which stays in use */
	for (int i = 0; i < 3; i++)
		arrives_at(x, &x->hubs[1]);
	assert_int_equal(x->hubs[1].hellos, 1);
	open_hub(x, &x->hubs[0]);
	arrives_at(x, &x->hubs[0]);
	arrives_at(x, &x->hubs[0]);
	assert_int_equal(x->hubs[0].hellos, 2);
}

static void
leaves_a_hub_that_stays_busy(void **state)
{
	struct fixture *x = *state;

	arrives_at(x, &x->hubs[0]);
	x->hubs[0].busy = true;
	arrives_at(x, &x->hubs[1]);
	assert_true(x->hubs[0].batches >= 6);
}

static void
order_is_the_keys(void **state)
{
	static const char *const hubs[] = {"tcp://a:1", "tcp://b:1",
	    "tcp://c:1", "tcp://d:1"};
	enum { N = 4, KEYS = 2000 };
	size_t first[N] = {0}, second[N][N] = {{0}};

	(void)state;
	for (int k = 0; k < KEYS; k++) {
		const char *all[N], *turned[N], *less[N - 1];
		const char *const other[] = {hubs[2], hubs[0], hubs[3],
		    hubs[1]};
		struct curve_key key;
		size_t i[2] = {0}, n = 0;

		curve_make_fleeting(&key);
		uplink_hubs_order(key.public_text, hubs, N, all);
		/* not that of the settings */
		uplink_hubs_order(key.public_text, other, N, turned);
		assert_memory_equal(all, turned, sizeof all);
		for (size_t p = 0; p < 2; p++)
			while (hubs[i[p]] != all[p])
				i[p]++;
		first[i[0]]++;
		second[i[0]][i[1]]++;
		/* a hub less changes nothing among the others */
		for (size_t p = 1; p < N; p++)
			less[n++] = all[p];
		uplink_hubs_order(key.public_text, less, N - 1, turned);
		assert_memory_equal(turned, all + 1, sizeof less);
	}
	for (size_t p = 0; p < N; p++) {
		assert_in_range(first[p], KEYS / N * 8 / 10,
		    KEYS / N * 12 / 10);
		for (size_t q = 0; q < N; q++)
			if (q != p)
				assert_in_range(second[p][q],
				    first[p] / 5, first[p] / 2);
	}
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
	    cmocka_unit_test(order_is_the_keys),
	    TEST(fails_over_and_back),
	    TEST(leaves_a_hub_that_stays_busy),
	};

	return cmocka_run_group_tests_name("uplink_hubs", tests, quiet, NULL);
}
