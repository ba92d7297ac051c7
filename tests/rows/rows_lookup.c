/* Protects what lookup says to PostgreSQL: each event counted once, each
 * address claimed by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/lookup/lookup_rows.h"
#include "proto/base/addr.h"
#include "proto/base/arena.h"
#include "proto/kind.h"
#include "tests/rows/lookup_world.h"

static void
test_unused_sequence(void **state)
{
	(void)state;
	assert_int_equal(world_count(100).events, 0);
	assert_int_equal(world_number("SELECT stored FROM watermark"), 0);
}

static void
test_counted_once_in_steps(void **state)
{
	struct lookup_counted c;

	(void)state;
	for (int i = 0; i < 5; i++)
		world_add_event("203.0.113.7", KIND_AUTH_FAILURE, false, 5 - i);
	c = world_count(2);
	assert_int_equal(c.events, 2);
	assert_true(c.more);
	c = world_count(2);
	assert_int_equal(c.events, 2);
	c = world_count(2);
	assert_int_equal(c.events, 1);
	assert_false(c.more);
	assert_int_equal(world_count(2).events, 0);
	assert_int_equal(world_number("SELECT sum(events) FROM tally"), 5);
	assert_int_equal(world_number("SELECT count(*) FROM source"
	                        " WHERE last_seen"
	                        " - first_seen BETWEEN '239 min' AND"
	                        " '241 min'"),
	    1);
}

/* What is not reported is counted, and never asked for. */
static void
test_which_become_sources(void **state)
{
	struct lookup_counted c;

	(void)state;
	world_add_event("203.0.113.1", KIND_AUTH_FAILURE, false, 1);
	world_add_event("203.0.113.2", KIND_RELAY_DENIED, false, 1);
	world_add_event("203.0.113.3", KIND_LOGIN_SUCCESS, false, 1);
	world_add_event("203.0.113.4", KIND_PROBE, false, 1);
	world_add_event("203.0.113.5", KIND_AUTH_FAILURE, true, 1);
	world_add_event("2001:db8::7", KIND_AUTH_FAILURE, false, 1);
	c = world_count(100);
	assert_int_equal(c.events, 6);
	assert_int_equal(c.sources, 3);
	assert_int_equal(world_number("SELECT count(*) FROM tally"), 6);
	assert_string_equal(
	    world_word("SELECT string_agg(host(address), ' ' ORDER BY address)"
	         " FROM source"),
	    "203.0.113.1 203.0.113.2 2001:db8::7");
}

/* The store lock held shared, as by a receive in the middle of its
 * transaction: nothing may be counted, since lower numbers may yet appear. */
static void
test_waits_for_the_store_lock(void **state)
{
	struct lookup_counted out;

	(void)state;
	world_add_event("203.0.113.1", KIND_AUTH_FAILURE, false, 1);
	world_run("BEGIN");
	world_run("SELECT pg_advisory_xact_lock_shared(7411001)");
	assert_int_equal(lookup_rows_count(db, arena, world_conf(), 100, &out),
	    DB_CONFLICT);
	world_run("COMMIT");
	assert_int_equal(world_count(100).events, 1);
}

static void
test_claimed_by_one(void **state)
{
	struct lookup_claims one, two;

	(void)state;
	for (int i = 0; i < 4; i++)
		world_add_event(arena_printf(arena, "203.0.113.%d", i),
		    KIND_AUTH_FAILURE, false, 1);
	(void)world_count(100);
	one = world_claim(db);
	two = world_claim(other);
	assert_int_equal(one.n, 4);
	assert_int_equal(two.n, 0);
	assert_false(one.at[0].old);
	assert_false(one.at[0].ours);
	assert_false(one.at[0].before.found);
	world_run("UPDATE source SET lease_until = now()");
	two = world_claim(other);
	assert_int_equal(two.n, 4);
	/* the first one's lease is gone: it can give nothing back */
	assert_int_equal(lookup_rows_release(db, arena, one.lease_us,
	                     &one.at[0].address, 1),
	    DB_OK);
	assert_int_equal(world_claim(db).n, 0);
	assert_int_equal(lookup_rows_release(other, arena, two.lease_us,
	                     &two.at[0].address, 1),
	    DB_OK);
	assert_int_equal(world_claim(db).n, 1);
}

static void
test_old_and_ours_are_marked(void **state)
{
	struct lookup_claims c;

	(void)state;
	world_run("INSERT INTO agent (name, key)"
	          " VALUES ('mx1', repeat('k', 40))");
	world_run("INSERT INTO agent_address SELECT agent, '203.0.113.2'"
	          " FROM agent");
	world_add_event("203.0.113.1", KIND_AUTH_FAILURE, false, 24 * 20);
	world_add_event("203.0.113.2", KIND_AUTH_FAILURE, false, 1);
	(void)world_count(100);
	c = world_claim(db);
	assert_int_equal(c.n, 2);
	for (size_t i = 0; i < c.n; i++) {
		bool second = c.at[i].address.bytes[3] == 2;

		assert_int_equal(c.at[i].ours, second);
		assert_int_equal(c.at[i].old, !second);
		assert_int_equal(lookup_rows_park(db, arena, c.lease_us,
		                     &c.at[i].address, 1),
		    DB_OK);
	}
	assert_int_equal(world_claim(db).n, 0);
	assert_int_equal(world_number("SELECT count(*) FROM source"
	                        " WHERE lease_until IS NULL"),
	    2);
	/* a new event wakes its address only */
	world_add_event("203.0.113.1", KIND_AUTH_FAILURE, false, 1);
	(void)world_count(100);
	c = world_claim(db);
	assert_int_equal(c.n, 1);
	assert_false(c.at[0].old);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_unused_sequence, world_fresh),
	    cmocka_unit_test_setup(test_counted_once_in_steps, world_fresh),
	    cmocka_unit_test_setup(test_which_become_sources, world_fresh),
	    cmocka_unit_test_setup(test_waits_for_the_store_lock, world_fresh),
	    cmocka_unit_test_setup(test_claimed_by_one, world_fresh),
	    cmocka_unit_test_setup(test_old_and_ours_are_marked, world_fresh),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
