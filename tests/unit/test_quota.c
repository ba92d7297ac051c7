/* Protects the hub from one agent that sends without end, and honest agents
 * from being held up for nothing: what is refused comes through later. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hub/receive/quota.h"
#include "proto/event.h"

enum { BATCH = 1000, HOUR_MS = 3600 * 1000 };

static struct event events[BATCH];

/* Events that accuse n addresses from first on, each in a /24 of its own when
 * far. */
static void
accuse(size_t n, uint32_t first, bool far)
{
	memset(events, 0, sizeof events);
	for (size_t i = 0; i < n; i++) {
		uint32_t v = (first + (uint32_t)i) << (far ? 8 : 0);

		events[i].source = (struct addr){.family = 4,
		    .bytes = {(uint8_t)(v >> 24), (uint8_t)(v >> 16),
		        (uint8_t)(v >> 8), (uint8_t)v}};
	}
}

static void
events_by_rate(void **state)
{
	const struct quota_limits l = {
	    .events_rate = 100, .events_burst = 2000};
	struct quotas *q = quotas_open();
	struct quota_answer a;

	(void)state;
	accuse(BATCH, 1, false);
	for (int i = 0; i < 2; i++)
		assert_int_equal(quotas_take(q, 1, &l, events, BATCH, 5).which,
		    QUOTA_FREE);
	a = quotas_take(q, 1, &l, events, BATCH, 5);
	assert_int_equal(a.which, QUOTA_EVENTS);
	assert_int_equal(a.said, 1);
	assert_in_range(a.retry_ms, 10000, 10001);
	/* said once a minute; another agent is not held up */
	assert_int_equal(quotas_take(q, 1, &l, events, BATCH, 6).said, 0);
	assert_int_equal(quotas_take(q, 2, &l, events, BATCH, 6).which,
	    QUOTA_FREE);
	/* after the wait that was named it is let through */
	assert_int_equal(quotas_take(q, 1, &l, events, BATCH,
	                     5 + a.retry_ms).which, QUOTA_FREE);
	assert_int_equal(quotas_take(q, 1, &l, events, BATCH,
	                     5 + a.retry_ms).which, QUOTA_EVENTS);
	/* never more than the burst is saved up */
	for (int i = 0; i < 2; i++)
		assert_int_equal(quotas_take(q, 1, &l, events, BATCH,
		                     INT64_MAX / 2).which, QUOTA_FREE);
	assert_int_equal(quotas_take(q, 1, &l, events, BATCH,
	                     INT64_MAX / 2).which, QUOTA_EVENTS);
	quotas_close(q);
}

static void
sources_by_hour(bool far, const struct quota_limits *l,
    enum quota_which expected)
{
	struct quotas *q = quotas_open();
	int64_t let = 0;
	struct quota_answer a = {0};

	for (uint32_t i = 0; i < 20; i++) {
		accuse(BATCH, 1 + i * BATCH, far);
		a = quotas_take(q, 7, l, events, BATCH, 1000);
		if (a.which == QUOTA_FREE)
			let += BATCH;
	}
	/* the last of them was refused, until the hour is over */
	assert_int_equal(a.which, expected);
	assert_int_equal(a.retry_ms, HOUR_MS);
	assert_in_range(let, 5000, 6000);
	/* what it has accused already it may accuse again */
	accuse(BATCH, 1, far);
	assert_int_equal(quotas_take(q, 7, l, events, BATCH, 1001).which,
	    QUOTA_FREE);
	/* what was refused did not count: it passes in the next hour */
	accuse(BATCH, 1 + 19 * BATCH, far);
	assert_int_equal(quotas_take(q, 7, l, events, BATCH,
	                     1000 + HOUR_MS).which, QUOTA_FREE);
	quotas_close(q);
}

static void
addresses_and_networks(void **state)
{
	(void)state;
	sources_by_hour(false, &(struct quota_limits){.addresses = 5000},
	    QUOTA_ADDRESSES);
	sources_by_hour(true, &(struct quota_limits){.networks = 5000},
	    QUOTA_NETWORKS);
}

static void
a_network_counts_once(void **state)
{
	const struct quota_limits l = {.networks = 1000};
	struct quotas *q = quotas_open();

	(void)state;
	/* 100,000 addresses in 391 networks */
	for (uint32_t i = 0; i < 100; i++) {
		accuse(BATCH, i * BATCH, false);
		assert_int_equal(quotas_take(q, 1, &l, events, BATCH, 0).which,
		    QUOTA_FREE);
	}
	quotas_close(q);
}

/* What its networks refuse does not count among its addresses. */
static void
refused_as_a_whole(void **state)
{
	const struct quota_limits l = {.addresses = 3000, .networks = 100};
	struct quotas *q = quotas_open();

	(void)state;
	for (uint32_t i = 0; i < 30; i++) {
		accuse(150, 1 + i * 150, true);
		assert_int_equal(quotas_take(q, 1, &l, events, 150, 0).which,
		    QUOTA_NETWORKS);
	}
	for (uint32_t i = 0; i < 29; i++) {
		accuse(100, 1 + i * 100, false);
		assert_int_equal(quotas_take(q, 1, &l, events, 100, 0).which,
		    QUOTA_FREE);
	}
	/* and again: they are known */
	for (uint32_t i = 0; i < 29; i++) {
		accuse(100, 1 + i * 100, false);
		assert_int_equal(quotas_take(q, 1, &l, events, 100, 0).which,
		    QUOTA_FREE);
	}
	quotas_close(q);
}

static void
many_agents(void **state)
{
	const struct quota_limits l = {.events_rate = 1, .events_burst = 1000};
	struct quotas *q = quotas_open();

	(void)state;
	accuse(BATCH, 1, false);
	for (int32_t turn = 0; turn < 2; turn++)
		for (int32_t agent = 1; agent <= 5000; agent++)
			assert_int_equal(quotas_take(q, agent, &l, events,
			                     BATCH, 0).which,
			    turn == 0 ? QUOTA_FREE : QUOTA_EVENTS);
	quotas_close(q);
}

static void
no_limits(void **state)
{
	const struct quota_limits l = {.events_burst = 1000};
	struct quotas *q = quotas_open();

	(void)state;
	for (uint32_t i = 0; i < 200; i++) {
		accuse(BATCH, i * BATCH, true);
		assert_int_equal(quotas_take(q, 1, &l, events, BATCH, 0).which,
		    QUOTA_FREE);
	}
	quotas_close(q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(events_by_rate),
	    cmocka_unit_test(addresses_and_networks),
	    cmocka_unit_test(a_network_counts_once),
	    cmocka_unit_test(refused_as_a_whole),
	    cmocka_unit_test(many_agents),
	    cmocka_unit_test(no_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
