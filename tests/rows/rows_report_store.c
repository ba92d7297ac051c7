/* Protects what report stores in PostgreSQL: a mark is moved only with a
 * report, and two sessions cannot both report one contact. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

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
	assert_int_equal(c.after[0] + c.after[1], 2);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(stored_whole_or_not_at_all),
	    cmocka_unit_test(mark_leaves_later_events_pending),
	    cmocka_unit_test(second_session_is_held_off),
	    cmocka_unit_test(open_report_is_unique),
	};

	return cmocka_run_group_tests(tests, world_open,
	    world_close);
}
