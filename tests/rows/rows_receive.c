/*
 * Protects what receive stores: each event once, with its evidence, whoever
 * sends it and how often; witnesses, counters, own addresses.  Against a real
 * PostgreSQL, through the statements receive has prepared and with the rights
 * of its role.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/rows/receive_world.h"

#include "hub/receive/agents.h"
#include "hub/receive/greet.h"
#include "hub/receive/receive_rows.h"

static void
agents_are_the_active_ones(void **state)
{
	struct world *w = *state;

	assert_int_equal(agents_count(w->agents), 2);
	assert_non_null(w->mx1);
	assert_string_equal(w->mx1->name, "mx1");
	assert_non_null(w->mx2);
	assert_null(agents_of_number(w->agents, 3));
	assert_int_equal(w->mx1->own_count, 0);
}

static void
new_events_are_stored_whole(void **state)
{
	struct world *w = *state;
	struct group_batch b = world_store(w, w->mx1, world_batch(w, 5, 1, 10));

	assert_int_equal(b.new_events, 10);
	assert_int_equal(b.known_events, 0);
	assert_int_equal(b.aside, 0);
	assert_int_equal(world_number(w, "SELECT count(*) FROM event"), 10);
	assert_int_equal(world_number(w,
	    "SELECT count(DISTINCT stored) FROM event"), 10);
	world_says(w, "SELECT concat_ws('|', host(address), port,"
	    " host(destination), destination_port, kind, stale, h.text, s.text,"
	    " m.text, r.text, line, login, coalesce(ptr, '-'), e.agent)"
	    " FROM event e JOIN name h ON h.name = host"
	    " JOIN name s ON s.name = service"
	    " JOIN name m ON m.name = mechanism"
	    " JOIN name r ON r.name = rule JOIN evidence USING (id)"
	    " WHERE address = '192.0.2.3'",
	    "192.0.2.3|1027|198.51.100.25|587|1|f|mail|"
	    "postfix/submission/smtpd|LOGIN|postfix.sasl-failed|"
	    "warning: line 3|o'brien \"x\", {NULL} \\|-|1");
	/* the time lies in the id, too */
	assert_int_equal(world_number(w,
	    "SELECT count(*) FROM event WHERE id >="
	    " id_floor(time) AND id < id_floor(time + interval '1s')"), 10);
}

static void
again_changes_nothing(void **state)
{
	struct world *w = *state;
	struct wire_batch *b = world_batch(w, 5, 1, 10);
	struct group_batch r = world_store(w, w->mx1, b);

	assert_int_equal(r.new_events, 10);
	r = world_store(w, w->mx1, b);
	assert_int_equal(r.new_events, 0);
	assert_int_equal(r.known_events, 10);
	/* half of it in another batch */
	r = world_store(w, w->mx1, world_batch(w, 6, 6, 10));
	assert_int_equal(r.new_events, 5);
	assert_int_equal(r.known_events, 5);
	assert_int_equal(world_number(w, "SELECT count(*) FROM event"), 15);
	assert_int_equal(world_number(w, "SELECT count(*) FROM evidence"), 15);
	assert_int_equal(world_number(w, "SELECT count(*) FROM witness"), 0);
	assert_int_equal(world_number(w, "SELECT count(*) FROM name"), 4);
}

static void
one_event_twice_in_a_batch(void **state)
{
	struct world *w = *state;
	struct wire_batch *b = world_batch(w, 5, 1, 4);
	struct group_batch r;

	b->events[3] = b->events[0];
	r = world_store(w, w->mx1, b);
	assert_int_equal(r.new_events, 3);
	assert_int_equal(r.known_events, 1);
	assert_int_equal(world_number(w, "SELECT count(*) FROM event"), 3);
}

static void
others_are_witnesses(void **state)
{
	struct world *w = *state;
	struct group_batch r;

	(void)world_store(w, w->mx1, world_batch(w, 5, 1, 10));
	r = world_store(w, w->mx2, world_batch(w, 9, 6, 10));
	assert_int_equal(r.new_events, 5);
	assert_int_equal(r.known_events, 5);
	(void)world_store(w, w->mx2, world_batch(w, 9, 6, 10));
	assert_int_equal(world_number(w, "SELECT count(*) FROM event"), 15);
	assert_int_equal(world_number(w, "SELECT count(*) FROM witness"), 5);
	assert_int_equal(world_number(w,
	    "SELECT count(*) FROM witness w JOIN event"
	    " e ON e.id = w.event WHERE w.agent = 2 AND e.agent = 1"), 5);
}

static void
two_agents_in_one_transaction(void **state)
{
	struct world *w = *state;
	struct group_batch both[2] = {
	    {.agent = w->mx2, .wire = world_batch(w, 9, 1, 10)},
	    {.agent = w->mx1, .wire = world_batch(w, 5, 1, 10)},
	};

	assert_int_equal(world_try_store(w, both, 2), DB_OK);
	assert_int_equal(both[0].new_events + both[1].new_events, 10);
	assert_int_equal(both[0].known_events + both[1].known_events, 10);
	assert_int_equal(world_number(w, "SELECT count(*) FROM event"), 10);
	assert_int_equal(world_number(w, "SELECT count(*) FROM witness"), 10);
	assert_int_equal(world_number(w,
	    "SELECT count(*) FROM event e JOIN witness"
	    " w ON w.event = e.id WHERE e.agent = w.agent"), 0);
	assert_int_equal(world_number(w,
	    "SELECT count(*) FROM agent_outbox"), 2);
}

static void
counters_only_grow(void **state)
{
	struct world *w = *state;
	struct wire_batch *b = world_batch(w, 500, 1, 10);

	b->counters.lines = 40;
	b->counters.ignored = 10;
	b->counters.emitted = 30;
	b->counters.unacked = 30;
	(void)world_store(w, w->mx1, b);
	world_says(w, "SELECT concat_ws('|', lines, ignored, emitted, unacked,"
	    " last_batch) FROM agent_outbox", "40|10|30|20|500");
	/* an older frame, late */
	b = world_batch(w, 400, 11, 10);
	b->counters.lines = 20;
	b->counters.emitted = 20;
	b->counters.unacked = 20;
	(void)world_store(w, w->mx1, b);
	world_says(w, "SELECT concat_ws('|', lines, ignored, emitted, unacked,"
	    " last_batch) FROM agent_outbox", "40|10|30|20|500");
	/* never below nothing */
	b = world_batch(w, 600, 21, 10);
	b->counters.emitted = 30;
	b->counters.unacked = 3;
	(void)world_store(w, w->mx1, b);
	world_says(w, "SELECT concat_ws('|', lines, ignored, emitted, unacked,"
	    " last_batch) FROM agent_outbox", "40|10|30|0|600");
}

static void
hello_replaces_own_addresses(void **state)
{
	struct world *w = *state;
	struct addr own[2] = {
	    {.family = 4, .bytes = {198, 51, 100, 1}},
	    {.family = 6, .bytes = {0x20, 1, 0xd, 0xb8}},
	};
	struct wire_hello h = {.version = WIRE_VERSION,
	    .software = TEXT("test 1"), .host = TEXT("mx1.example"),
	    .addresses = own, .address_count = 2};
	struct greet_hello hello = {.agent = w->mx1, .hello = &h};
	bool changed;

	memcpy(h.counters.outbox, "outbox-1", 8);
	hello.agent = w->mx1;
	assert_int_equal(receive_rows_hellos(w->db, w->arena, &hello, 1,
	    &changed), DB_OK);
	assert_true(changed);
	assert_int_equal(hello.last_batch, 0);
	world_load(w);
	assert_int_equal(w->mx1->own_count, 2);
	assert_true(agent_owns(w->mx1, &own[1]));
	assert_false(agent_owns(w->mx2, &own[1]));

	(void)world_store(w, w->mx1, world_batch(w, 77, 1, 1));
	hello.agent = w->mx1;
	assert_int_equal(receive_rows_hellos(w->db, w->arena, &hello, 1,
	    &changed), DB_OK);
	assert_false(changed);
	assert_int_equal(hello.last_batch, 77);
	/* of another outbox nothing is known */
	memcpy(h.counters.outbox, "outbox-2", 8);
	h.address_count = 1;
	hello.agent = w->mx1;
	assert_int_equal(receive_rows_hellos(w->db, w->arena, &hello, 1,
	    &changed), DB_OK);
	assert_true(changed);
	assert_int_equal(hello.last_batch, 0);
	world_load(w);
	assert_int_equal(w->mx1->own_count, 1);
	world_says(w, "SELECT host || '|' || software FROM agent_outbox"
	    " WHERE last_batch = 77", "mx1.example|test 1");
}

/* Many at once are as one after the other. */
static void
hellos_together(void **state)
{
	struct world *w = *state;
	struct addr own[3] = {
	    {.family = 4, .bytes = {198, 51, 100, 1}},
	    {.family = 4, .bytes = {198, 51, 100, 2}},
	    {.family = 4, .bytes = {198, 51, 100, 3}},
	};
	struct wire_hello h[4];
	struct greet_hello hellos[4];
	bool changed;

	(void)world_store(w, w->mx1, world_batch(w, 55, 1, 1));
	(void)world_store(w, w->mx2, world_batch(w, 66, 1, 1));
	for (size_t i = 0; i < 4; i++) {
		h[i] = (struct wire_hello){.version = WIRE_VERSION,
		    .software = TEXT("test"), .host = TEXT("mx"),
		    .addresses = &own[i % 3], .address_count = 1,
		    .counters.emitted = 10 + i};
		memcpy(h[i].counters.outbox, "outbox-1", 8);
		hellos[i] = (struct greet_hello){.hello = &h[i],
		    .agent = i % 2 == 0 ? w->mx2 : w->mx1};
	}
	/* mx2, mx1, another outbox of mx2, mx1 again */
	memcpy(h[2].counters.outbox, "another1", 8);
	assert_int_equal(receive_rows_hellos(w->db, w->arena, hellos, 4,
	    &changed), DB_OK);
	assert_true(changed);
	assert_int_equal(hellos[0].last_batch, 66);
	assert_int_equal(hellos[1].last_batch, 55);
	assert_int_equal(hellos[2].last_batch, 0);
	assert_int_equal(hellos[3].last_batch, 55);
	world_says(w, "SELECT string_agg(concat_ws('|', a.name,"
	    " encode(o.outbox, 'escape'), o.emitted), ' ' ORDER BY a.name,"
	    " o.outbox) FROM agent_outbox o JOIN agent a USING (agent)",
	    "mx1|outbox-1|13 mx2|another1|12 mx2|outbox-1|10");
	world_load(w);
	assert_int_equal(w->mx1->own_count, 1);
	assert_true(agent_owns(w->mx1, &own[0]));
	assert_int_equal(w->mx2->own_count, 1);
	assert_true(agent_owns(w->mx2, &own[2]));
}

static void
nothing_but_its_rights(void **state)
{
	struct world *w = *state;

	assert_int_equal(db_query(w->db, "SELECT mail FROM report_mail", NULL,
	                     NULL), DB_REFUSED);
	assert_int_equal(db_query(w->db, "UPDATE event SET stale = false", NULL,
	    NULL), DB_REFUSED);
	assert_int_equal(db_query(w->db, "DELETE FROM event", NULL, NULL),
	    DB_REFUSED);
	assert_int_equal(receive_rows_notify(w->db), DB_OK);
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup(f, world_fresh)
	const struct CMUnitTest tests[] = {
	    CASE(agents_are_the_active_ones),
	    CASE(new_events_are_stored_whole),
	    CASE(again_changes_nothing),
	    CASE(one_event_twice_in_a_batch),
	    CASE(others_are_witnesses),
	    CASE(two_agents_in_one_transaction),
	    CASE(counters_only_grow),
	    CASE(hello_replaces_own_addresses),
	    CASE(hellos_together),
	    CASE(nothing_but_its_rights),
	};

	return cmocka_run_group_tests_name("rows_receive", tests, world_open,
	    world_close);
}
