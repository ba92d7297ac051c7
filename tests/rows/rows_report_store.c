/* Protects what report stores in PostgreSQL: a mark is moved only with a
 * report, and two sessions cannot both report one contact. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/report/compose.h"
#include "hub/report/report_rows.h"
#include "hub/report/report_store.h"
#include "proto/base/arena.h"
#include "tests/rows/report_world.h"

/* Locks the first contact; is it still due? */
static bool
claim(struct report_world *f, struct db *db)
{
	const int64_t one = 1;
	struct report_contacts claimed = {0};

	assert_int_equal(db_begin(db), DB_OK);
	assert_int_equal(report_store_claim(db, f->a, &f->conf,
	                     (struct report_contacts){.at = &one, .n = 1},
	                     &claimed), DB_OK);
	return claimed.n == 1;
}

static enum db_result
put_as(struct report_world *f, struct db *db, struct report_case *c,
    const char *uuid)
{
	const struct composed_mail mails[] = {
	    {.subject = "s", .message_id = arena_printf(f->a, "%s@x", uuid),
	        .mail = TEXT("a\0b")},
	    {.subject = "t", .message_id = arena_printf(f->a, "%s-2@x", uuid),
	        .mail = TEXT("c")}};
	struct report_made made = {.kase = c,
	    .mails = {.mails = mails, .count = 2}};
	enum db_result r;

	c->facts->uuid = uuid;
	c->facts->to = "abuse@isp.example";
	r = report_store_put(db, f->a, &made, 1, c->upto);
	if (r == DB_OK)
		assert_true(made.report != 0);
	return r;
}

static void
put(struct report_world *f, struct db *db, struct report_case *c)
{
	assert_int_equal(put_as(f, db, c,
	                     "4f0c8a52-19d7-4c0e-9b1a-0a5d3e6f7788"), DB_OK);
}

static void
stored_whole_or_not_at_all(void **state)
{
	struct report_world *f = *state;
	struct report_case c;

	world_fill(f);
	assert_true(claim(f, f->db));
	c = world_case(f, 1, 5);
	put(f, f->db, &c);
	db_rollback(f->db);
	assert_int_equal(
	    world_number(f, "SELECT sum(reported_upto) FROM source"), 0);
	assert_int_equal(
	    world_number(f, "SELECT count(*) FROM report_source"), 0);

	assert_true(claim(f, f->db));
	c = world_case(f, 1, 5);
	put(f, f->db, &c);
	assert_int_equal(db_commit(f->db), DB_OK);
	assert_int_equal(world_number(f, "SELECT count(*) FROM source"
	                           " WHERE reported_upto = 5"
	                           " AND pending IS NULL"), 2);
	assert_int_equal(
	    world_number(f, "SELECT sum(events) FROM report_source"), 4);
	assert_int_equal(world_number(f, "SELECT length(mail) FROM report_mail"
	                           " WHERE n = 1 AND subject = 's'"), 3);
	assert_int_equal(
	    world_number(f, "SELECT count(*) FROM report_mail"), 2);
	assert_int_equal(world_case(f, 1, 5).facts->source_count, 0);
}

/* What was counted above the mark is pending still. */
static void
mark_leaves_later_events_pending(void **state)
{
	struct report_world *f = *state;
	struct report_case c;

	world_fill(f);
	assert_true(claim(f, f->db));
	c = world_case(f, 1, 2);
	assert_int_equal(c.facts->events, 2);
	put(f, f->db, &c);
	assert_int_equal(db_commit(f->db), DB_OK);
	assert_int_equal(world_number(f, "SELECT pending FROM source"
	                           " WHERE address = '203.0.113.7'"), 3);
	c = world_case(f, 1, 5);
	assert_int_equal(c.facts->events, 2);
	assert_int_equal(c.marks[0].after + c.marks[1].after, 2);
}

/* A second session passes over what the first has in hand, and then finds it
 * is not due any more. */
static void
second_session_is_held_off(void **state)
{
	struct report_world *f = *state;
	struct report_case c;

	world_fill(f);
	assert_true(claim(f, f->db));
	c = world_case(f, 1, 5);
	put(f, f->db, &c);
	assert_false(claim(f, f->other));
	db_rollback(f->other);
	assert_int_equal(db_commit(f->db), DB_OK);
	assert_false(claim(f, f->other));
	db_rollback(f->other);
}

/* What the lock is there for: the constraint below it holds, too. */
static void
open_report_is_unique(void **state)
{
	struct report_world *f = *state;
	struct report_case c;

	world_fill(f);
	c = world_case(f, 1, 5);
	put(f, f->db, &c);
	assert_int_equal(put_as(f, f->other, &c,
	                     "00000000-19d7-4c0e-9b1a-0a5d3e6f7788"),
	    DB_CONFLICT);
}

/* No address is locked: what changed since it was read is found out. */
static void
changed_meanwhile(struct report_world *f, const char *change)
{
	struct report_case c;

	world_fill(f);
	assert_true(claim(f, f->db));
	c = world_case(f, 1, 5);
	assert_int_equal(c.facts->source_count, 2);
	world_run(f, change);
	assert_int_equal(put_as(f, f->db, &c,
	                     "4f0c8a52-19d7-4c0e-9b1a-0a5d3e6f7788"),
	    DB_CONFLICT);
	/* put has rolled it back */
	assert_true(db_commit(f->db) == DB_OK);
	assert_int_equal(world_number(f, "SELECT count(*) FROM report"), 0);
	assert_int_equal(
	    world_number(f, "SELECT count(*) FROM report_mail"), 0);
	assert_int_equal(
	    world_number(f, "SELECT max(reported_upto) FROM source"
	                    " WHERE contact = 1 AND family(address) = 4"), 0);
}

static void
changed_address_is_not_reported(void **state)
{
	struct report_world *f = *state;

	changed_meanwhile(f, "UPDATE source SET contact = 2"
	                     " WHERE address = '2001:db8::7'");
	changed_meanwhile(f, "UPDATE source SET contact = NULL, state = 'none'"
	                     " WHERE address = '2001:db8::7'");
	changed_meanwhile(f, "UPDATE source SET reported_upto = 5"
	                     " WHERE address = '2001:db8::7'");
	changed_meanwhile(f, "DELETE FROM source"
	                     " WHERE address = '2001:db8::7'");
}

/* What is counted meanwhile changes nothing that was read. */
static void
counted_meanwhile_is_pending(void **state)
{
	struct report_world *f = *state;
	struct report_case c;

	world_fill(f);
	assert_true(claim(f, f->db));
	c = world_case(f, 1, 5);
	world_run(f, "UPDATE source SET counted = 6"
	             " WHERE address = '2001:db8::7'");
	put(f, f->db, &c);
	assert_int_equal(db_commit(f->db), DB_OK);
	assert_int_equal(world_number(f, "SELECT pending FROM source"
	                           " WHERE address = '2001:db8::7'"), 6);
}

/* A contact in hand gets another address without waiting; with a wait for the
 * contact, and of report for an address, nobody would get on. */
static void
lookup_is_not_held_up(void **state)
{
	struct report_world *f = *state;
	struct report_case c;

	world_fill(f);
	assert_true(claim(f, f->db));
	c = world_case(f, 1, 5);
	world_run(f, "SET lock_timeout = '2s'");
	world_run(f, "UPDATE source SET contact = 1"
	             " WHERE address = '198.51.100.9'");
	world_run(f, "RESET lock_timeout");
	put(f, f->db, &c);
	assert_int_equal(db_commit(f->db), DB_OK);
	assert_int_equal(world_number(f, "SELECT reported_upto FROM source"
	                           " WHERE address = '198.51.100.9'"), 0);
}

/* Is a purge held off, or does it hold off reports? */
static void
purge_and_report_wait_for_each_other(void **state)
{
	struct report_world *f = *state;
	bool may = false;

	assert_int_equal(db_begin(f->db), DB_OK);
	assert_int_equal(report_store_unpurged(f->db, &may), DB_OK);
	assert_true(may);
	assert_int_equal(world_number(f,
	                     "SELECT pg_try_advisory_lock(7411006)::integer"),
	    0);
	assert_int_equal(db_commit(f->db), DB_OK);
	assert_int_equal(world_number(f,
	                     "SELECT pg_try_advisory_lock(7411006)::integer"),
	    1);
	assert_int_equal(db_begin(f->db), DB_OK);
	assert_int_equal(report_store_unpurged(f->db, &may), DB_OK);
	assert_false(may);
	db_rollback(f->db);
	world_run(f, "SELECT pg_advisory_unlock(7411006)");
}

/* More than go in one statement, each as it was. */
static void
large_mails_are_stored_whole(void **state)
{
	struct report_world *f = *state;
	struct report_case c;
	struct composed_mail mails[7];
	struct report_made made = {.kase = &c,
	    .mails = {.mails = mails, .count = 7}};

	world_fill(f);
	c = world_case(f, 1, 5);
	c.facts->uuid = "4f0c8a52-19d7-4c0e-9b1a-0a5d3e6f7788";
	c.facts->to = "abuse@isp.example";
	for (size_t i = 0; i < 7; i++) {
		size_t n = i == 3 ? 0 : 200000 + i;
		char *bytes = arena_alloc(f->a, n + 1);

		memset(bytes, (int)('a' + i), n);
		mails[i] = (struct composed_mail){.subject = "s",
		    .message_id = arena_printf(f->a, "%zu@x", i),
		    .mail = {.at = bytes, .n = n}};
	}
	assert_int_equal(report_store_put(f->db, f->a, &made, 1, c.upto),
	    DB_OK);
	assert_int_equal(world_number(f, "SELECT count(*) FROM report_mail m"
	                     " WHERE m.mail = convert_to(repeat("
	                     "chr(96 + m.n), CASE m.n WHEN 4 THEN 0"
	                     " ELSE 199999 + m.n END), 'UTF8')"), 7);
}

static void
rows_go_with_their_report(void **state)
{
	struct report_world *f = *state;
	struct report_case c;

	world_fill(f);
	c = world_case(f, 1, 5);
	put(f, f->db, &c);
	world_run(f, "INSERT INTO report_source (report, address, events,"
	             " first, last, stored_after, stored_upto) SELECT 1000,"
	             " address, 1, now(), now(), 0, 5 FROM source");
	world_run(f, "INSERT INTO report_mail (report, n, subject, message_id,"
	             " mail) VALUES (1000, 1, 's', 'm@x', 'x')");
	world_run(f, "DELETE FROM report");
	assert_int_equal(
	    world_number(f, "SELECT min(report) FROM report_source"), 1000);
	assert_int_equal(
	    world_number(f, "SELECT sum(report) FROM report_mail"), 1000);
	world_run(f, "DELETE FROM report_source; DELETE FROM report_mail");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(changed_address_is_not_reported),
	    cmocka_unit_test(counted_meanwhile_is_pending),
	    cmocka_unit_test(lookup_is_not_held_up),
	    cmocka_unit_test(purge_and_report_wait_for_each_other),
	    cmocka_unit_test(large_mails_are_stored_whole),
	    cmocka_unit_test(rows_go_with_their_report),
	    cmocka_unit_test(stored_whole_or_not_at_all),
	    cmocka_unit_test(mark_leaves_later_events_pending),
	    cmocka_unit_test(second_session_is_held_off),
	    cmocka_unit_test(open_report_is_unique),
	};

	return cmocka_run_group_tests(tests, world_open,
	    world_close);
}
