/*
 * Protects what receive sets aside or marks: every event an agent sends is
 * counted in one place, has a reason, and none is stored where it could
 * accuse the wrong one or fails the rest of its batch.  Against a real
 * PostgreSQL.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/rows/receive_world.h"

#include "hub/receive/agents.h"
#include "hub/receive/names.h"
#include "proto/base/clock.h"

static void
set_aside_with_its_reason(void **state)
{
	struct world *w = *state;
	struct wire_batch *b = world_batch(w, 5, 1, 6);
	struct addr own = {.family = 4, .bytes = {192, 0, 2, 2}};
	struct agents *t = agents_open();
	struct group_batch r;

	agents_add(t, w->mx1->number, "mx1", w->mx1->key);
	agents_add_own(t, &own);
	agents_seal(t, NULL);
	b->events[0].id[9] ^= 1;
	b->events[2].time_us = 5 * CLOCK_DAY_US;
	event_make_id(&b->events[2], b->site);
	r = world_store(w, agents_of_number(t, w->mx1->number), b);
	agents_close(t);
	assert_int_equal(r.new_events, 3);
	assert_int_equal(r.known_events, 0);
	assert_int_equal(r.aside, 3);
	world_says(w, "SELECT string_agg(why, ' ' ORDER BY why) FROM set_aside",
	    "out_of_range poisoned unreportable");
	world_says(w, "SELECT substr(detail, 21) FROM set_aside"
	    " WHERE why = 'unreportable'", " auth_failure 192.0.2.2 host=mail "
	    "service=postfix/submission/smtpd rule=postfix.sasl-failed");
	assert_int_equal(world_number(w, "SELECT count(*) FROM event"), 3);
}

/* Each event an agent emits is counted in one place, whatever changes between
 * two sendings. */
static void
counted_in_one_place(void **state)
{
	struct world *w = *state;
	struct wire_batch *b = world_batch(w, 5, 1, 4);
	struct group_batch r;
	struct days none = {0}, had = w->event_days;

	w->event_days = none;
	r = world_store(w, w->mx1, b);
	assert_int_equal(r.aside, 4);
	w->event_days = had;
	r = world_store(w, w->mx1, b);
	assert_int_equal(r.new_events, 0);
	assert_int_equal(world_number(w, "SELECT count(*) FROM event"), 0);
	assert_int_equal(world_number(w, "SELECT count(*) FROM set_aside"), 4);

	/* another agent's are its own; the first is no witness of them */
	r = world_store(w, w->mx2, b);
	assert_int_equal(r.new_events, 4);
	(void)world_store(w, w->mx1, b);
	assert_int_equal(world_number(w, "SELECT count(*) FROM witness"), 0);
	/* and stored ones are not set aside later */
	w->event_days = none;
	r = world_store(w, w->mx2, b);
	assert_int_equal(world_number(w, "SELECT count(*) FROM set_aside"), 4);
	w->event_days = had;
}

static void
wrong_clocks_are_stale(void **state)
{
	struct world *w = *state;
	static const struct {
		int64_t offset_s;
		bool stale;
	} table[] = {
	    {0, false},
	    {10 * 60 - 1, false},
	    {10 * 60 + 1, true},
	    {-14 * 86400 + 60, false},
	    {-14 * 86400 - 60, true},
	};
	enum { N = sizeof table / sizeof table[0] };
	struct wire_batch *b = world_batch(w, 5, 1, N);

	for (size_t i = 0; i < N; i++) {
		b->events[i].time_us =
		    w->now_us + table[i].offset_s * CLOCK_SECOND_US;
		event_make_id(&b->events[i], b->site);
	}
	assert_int_equal(world_store(w, w->mx1, b).new_events, N);
	for (size_t i = 0; i < N; i++) {
		char sql[160];

		(void)snprintf(sql, sizeof sql,
		    "SELECT stale::int FROM event WHERE us(time) = %lld",
		    (long long)b->events[i].time_us);
		assert_int_equal(world_number(w, sql), table[i].stale);
	}
}

/* The first and the last second of a day, where partitions meet. */
static void
days_end_where_partitions_do(void **state)
{
	struct world *w = *state;
	int64_t midnight = w->now_us / CLOCK_DAY_US * CLOCK_DAY_US;
	struct wire_batch *b = world_batch(w, 5, 1, 3);
	static const int64_t at[] = {-1, 0, 1};

	for (size_t i = 0; i < 3; i++) {
		b->events[i].time_us =
		    midnight - 5 * CLOCK_DAY_US + at[i] * CLOCK_SECOND_US;
		event_make_id(&b->events[i], b->site);
	}
	assert_int_equal(world_store(w, w->mx1, b).new_events, 3);
	assert_int_equal(world_number(w, "SELECT count(*) FROM event WHERE"
	    " tableoid::regclass::text <> 'event_' || to_char(time,"
	    " 'YYYYMMDD')"), 0);
	/* with only one of the two days, the other one's are set aside */
	world_empty(w);
	names_close(w->names);
	w->names = names_open();
	memset(&w->event_days, 0, sizeof w->event_days);
	days_add(&w->event_days, midnight / CLOCK_DAY_US - 5);
	assert_int_equal(world_store(w, w->mx1, b).new_events, 2);
	assert_int_equal(world_number(w, "SELECT count(*) FROM set_aside"), 1);
}

static void
evidence_has_a_shorter_life(void **state)
{
	struct world *w = *state;

	memset(&w->evidence_days, 0, sizeof w->evidence_days);
	assert_int_equal(
	    world_store(w, w->mx1, world_batch(w, 5, 1, 3)).new_events, 3);
	assert_int_equal(world_number(w, "SELECT count(*) FROM event"), 3);
	assert_int_equal(world_number(w, "SELECT count(*) FROM evidence"), 0);
}

static void
a_missing_partition_loses_nothing(void **state)
{
	struct world *w = *state;
	struct wire_batch *b = world_batch(w, 5, 1, 3);
	struct group_batch gb = {.agent = w->mx1, .wire = b};

	b->events[1].time_us = 5 * CLOCK_DAY_US;
	event_make_id(&b->events[1], b->site);
	days_add(&w->event_days, 5); /* dropped after it was read */
	assert_int_equal(world_try_store(w, &gb, 1), DB_REFUSED);
	assert_int_equal(world_number(w, "SELECT count(*) FROM event"), 0);
	assert_int_equal(world_number(w,
	    "SELECT count(*) FROM agent_outbox"), 0);
	world_load(w);
	gb.agent = w->mx1;
	assert_int_equal(world_try_store(w, &gb, 1), DB_OK);
	assert_int_equal(world_number(w, "SELECT count(*) FROM event"), 2);
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup(f, world_fresh)
	const struct CMUnitTest tests[] = {
	    CASE(set_aside_with_its_reason),
	    CASE(counted_in_one_place),
	    CASE(wrong_clocks_are_stale),
	    CASE(days_end_where_partitions_do),
	    CASE(evidence_has_a_shorter_life),
	    CASE(a_missing_partition_loses_nothing),
	};

	return cmocka_run_group_tests_name("rows_receive_aside", tests,
	    world_open, world_close);
}
