/* Protects what is stored and what is not: the verdict on each event, in an
 * order in which two hubs cannot lock each other out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hub/conf.h"
#include "hub/receive/agents.h"
#include "hub/receive/group.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"

#define NOW_US (INT64_C(1795000000) * CLOCK_SECOND_US)

struct bench {
	struct arena *arena;
	struct hub_conf conf;
	struct agents *agents;
	struct days days;
	struct group_rules rules;
};

static int
setup(void **state)
{
	static struct bench b;
	struct addr own = {.family = 4, .bytes = {203, 0, 113, 9}};

	memset(&b, 0, sizeof b);
	b.arena = arena_open(0);
	assert_int_equal(conf_load(&hub_conf_table, NULL, b.arena, &b.conf),
	    0);
	b.conf.filter_unreportable.n = 0;
	prefixes_add(b.arena, &b.conf.filter_unreportable,
	    (struct prefix){.addr = {.family = 4, .bytes = {10}}, .bits = 8});
	prefixes_add(b.arena, &b.conf.filter_own,
	    (struct prefix){.addr = {.family = 4, .bytes = {198, 51, 100}},
	        .bits = 24});
	b.agents = agents_open();
	agents_add(b.agents, 1, "mx1", "k1");
	agents_add_own(b.agents, &own);
	agents_add(b.agents, 2, "mx2", "k2");
	agents_seal(b.agents, NULL);
	for (int64_t d = -20; d <= 3; d++)
		days_add(&b.days, NOW_US / CLOCK_DAY_US + d);
	b.rules = (struct group_rules){.conf = &b.conf,
	    .event_days = &b.days,
	    .evidence_days = &b.days,
	    .now_us = NOW_US};
	*state = &b;
	return 0;
}

static int
teardown(void **state)
{
	struct bench *b = *state;

	agents_close(b->agents);
	arena_close(b->arena);
	return 0;
}

static struct event
event_at(int64_t time_us, uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	struct event e = {.time_us = time_us,
	    .kind = KIND_AUTH_FAILURE,
	    .source = {.family = 4, .bytes = {a, b, c, d}},
	    .pid = EVENT_NO_PID,
	    .host = TEXT("mail"),
	    .program = TEXT("postfix/smtpd"),
	    .login = TEXT("secret-login"),
	    .message = TEXT("secret message")};

	event_make_id(&e, TEXT("west"));
	return e;
}

static struct group_event
judged(struct bench *b, int agent, struct event e)
{
	struct wire_batch wire = {
	    .batch = 1, .site = TEXT("west"), .events = &e, .count = 1};
	struct group_batch batch = {
	    .agent = agents_of_number(b->agents, agent), .wire = &wire};
	struct group g;

	group_make(b->arena, &batch, 1, &b->rules, &g);
	assert_int_equal(g.event_count, 1);
	assert_int_equal(batch.aside, g.events[0].verdict != GROUP_STORE);
	return g.events[0];
}

static void
verdicts(void **state)
{
	struct bench *b = *state;
	struct event e = event_at(NOW_US, 192, 0, 2, 1);

	assert_int_equal(judged(b, 1, e).verdict, GROUP_STORE);
	e.source.bytes[3]++;
	/* the address is not in the id: the line is */
	assert_int_equal(judged(b, 1, e).verdict, GROUP_STORE);
	e.message = TEXT("another message");
	assert_int_equal(judged(b, 1, e).verdict, GROUP_POISONED);
	e = event_at(NOW_US, 192, 0, 2, 1);
	e.time_us += CLOCK_SECOND_US;
	assert_int_equal(judged(b, 1, e).verdict, GROUP_POISONED);
	assert_int_equal(judged(b, 1, event_at(NOW_US, 10, 1, 2, 3)).verdict,
	    GROUP_UNREPORTABLE);
	assert_int_equal(
	    judged(b, 1, event_at(NOW_US, 198, 51, 100, 7)).verdict,
	    GROUP_UNREPORTABLE);
	assert_int_equal(
	    judged(b, 1, event_at(NOW_US, 203, 0, 113, 9)).verdict,
	    GROUP_UNREPORTABLE);
	/* our own outage is kept, whoever met it */
	e = event_at(NOW_US, 203, 0, 113, 9);
	e.kind = KIND_BACKEND_FAILURE;
	assert_int_equal(judged(b, 1, e).verdict, GROUP_STORE);
	/* what mx1 calls its own is not mx2's */
	assert_int_equal(
	    judged(b, 2, event_at(NOW_US, 203, 0, 113, 9)).verdict,
	    GROUP_STORE);
	assert_int_equal(judged(b, 1,
	    event_at(NOW_US - 30 * CLOCK_DAY_US, 192, 0, 2, 1)).verdict,
	    GROUP_OUT_OF_RANGE);
	/* times no id can tell apart have no day either */
	assert_int_equal(judged(b, 1, event_at(0, 192, 0, 2, 1)).verdict,
	    GROUP_OUT_OF_RANGE);
	assert_int_equal(judged(b, 1,
	    event_at((INT64_C(1) << 32) * CLOCK_SECOND_US + 1, 192, 0, 2, 1))
	        .verdict, GROUP_OUT_OF_RANGE);
}

static void
clocks(void **state)
{
	struct bench *b = *state;
	static const struct {
		int64_t offset_s;
		bool stale;
	} table[] = {
	    {0, false}, {-60, false}, {600, false}, {601, true},
	    {-14 * 86400, false}, {-14 * 86400 - 1, true},
	};

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		assert_int_equal(judged(b, 1,
		    event_at(NOW_US + table[i].offset_s * CLOCK_SECOND_US,
		        192, 0, 2, 1)).stale, table[i].stale);
}

static void
sorted_for_every_hub_alike(void **state)
{
	struct bench *b = *state;
	struct event first[50], second[50];
	struct wire_batch wires[3] = {
	    {.batch = 9, .site = TEXT("west"), .events = first, .count = 50},
	    {.batch = 3, .site = TEXT("west"), .events = second, .count = 50},
	    {.batch = 7, .site = TEXT("west"), .events = NULL, .count = 0},
	};
	struct group_batch batches[3] = {
	    {.agent = agents_of_number(b->agents, 2), .wire = &wires[0]},
	    {.agent = agents_of_number(b->agents, 2), .wire = &wires[1]},
	    {.agent = agents_of_number(b->agents, 1), .wire = &wires[2]},
	};
	struct group g;

	for (int i = 0; i < 50; i++) {
		first[i] = event_at(NOW_US - (i * 37 % 50) * CLOCK_SECOND_US,
		    192, 0, 2, (uint8_t)i);
		second[i] = event_at(NOW_US - (i * 11 % 50) * CLOCK_SECOND_US,
		    192, 0, 2, (uint8_t)i);
	}
	group_make(b->arena, batches, 3, &b->rules, &g);
	assert_int_equal(g.event_count, 100);
	for (size_t i = 1; i < g.event_count; i++)
		assert_true(memcmp(g.events[i - 1].event->id,
		                g.events[i].event->id, EVENT_ID_BYTES) <= 0);
	assert_int_equal(g.batches[0].agent->number, 1);
	assert_int_equal(g.batches[1].wire->batch, 3);
	assert_int_equal(g.batches[2].wire->batch, 9);
	/* each event still knows its batch */
	for (size_t i = 0; i < g.event_count; i++) {
		const struct wire_batch *w = g.events[i].batch->wire;

		assert_true(g.events[i].event >= w->events &&
		    g.events[i].event < w->events + w->count);
	}
}

static void
in_short_without_secrets(void **state)
{
	struct bench *b = *state;
	struct event e = event_at(NOW_US, 192, 0, 2, 1);
	const char *s = group_event_text(b->arena, &e);

	assert_string_equal(s, "2026-11-18T11:06:40Z auth_failure 192.0.2.1 "
	                       "host=mail service= rule=");
	assert_null(strstr(s, "secret"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(verdicts),
	    cmocka_unit_test(clocks),
	    cmocka_unit_test(sorted_for_every_hub_alike),
	    cmocka_unit_test(in_short_without_secrets),
	};

	return cmocka_run_group_tests_name("group", tests, setup, teardown);
}
