/* Protects what report reads in PostgreSQL, as report's own role: who is due,
 * and what is read of him. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "hub/report/compose.h"
#include "hub/report/report_rows.h"
#include "proto/base/arena.h"
#include "tests/rows/report_world.h"

static struct report_contacts
due(struct report_world *f, struct report_contacts skips)
{
	struct report_contacts list = {0};

	assert_int_equal(report_rows_due(f->db, f->a, 5, skips, &list), DB_OK);
	return list;
}

static struct report_cases
read_cases(struct report_world *f, int64_t upto)
{
	static const int64_t both[] = {1, 2};
	struct report_cases out;

	assert_int_equal(report_rows_cases(f->db, f->a, &f->conf,
	                     (struct report_contacts){.at = both, .n = 2}, upto,
	                     &out), DB_OK);
	return out;
}

static int64_t
upto_now(struct report_world *f)
{
	int64_t upto = -1;

	assert_int_equal(report_rows_upto(f->db, f->a, &f->conf, &upto), DB_OK);
	return upto;
}

static void
upto_is_what_was_counted(void **state)
{
	struct report_world *f = *state;

	world_fill(f);
	assert_int_equal(upto_now(f), 5);
	/* what is not counted yet may hide an outage */
	world_run(f, "UPDATE watermark SET stored = 3; TRUNCATE stored_mark");
	assert_int_equal(upto_now(f), 3);
	world_run(f, "UPDATE watermark SET stored = 0; TRUNCATE stored_mark");
	assert_int_equal(upto_now(f), 0);
}

/* A mark is made at once and believed when report.settle has passed; those
 * of no more use go. */
static void
upto_when_it_has_settled(void **state)
{
	struct report_world *f = *state;
	struct report_contacts list;

	world_fill(f);
	f->conf.report_settle = 600;
	assert_int_equal(upto_now(f), 0);
	assert_int_equal(
	    world_number(f, "SELECT max(stored) FROM stored_mark"), 5);
	assert_int_equal(report_rows_due(f->db, f->a, 0,
	                     (struct report_contacts){0}, &list), DB_OK);
	assert_int_equal(list.n, 0);
	world_run(f, "UPDATE stored_mark SET at = at - interval '601 seconds';"
	            "INSERT INTO stored_mark"
	            " VALUES (2, now() - interval '1 day')");
	assert_int_equal(upto_now(f), 5);
	assert_int_equal(
	    world_number(f, "SELECT count(*) FROM stored_mark"), 1);
	f->conf.report_settle = 0;
}

/* Event 1 (one hour ago, of host mx1) is near an outage, and so would 2 be
 * with a margin of two hours; 3 is of another host, 4 no failed login. */
static void
outage_accuses_nobody(void **state)
{
	struct report_world *f = *state;
	struct report_case c;

	world_fill(f);
	world_run(f, "INSERT INTO outage SELECT 'mx1', date_trunc('minute',"
	            " now() - interval '1 hour' + interval '9 minutes')");
	c = world_case(f, 1, 5);
	assert_int_equal(c.facts->sources[0].events, 2);
	assert_int_equal(c.facts->sources[0].line_count, 2);
	assert_int_equal(c.facts->sources[0].lines[1].port, 1002);
	world_run(f,
	    "UPDATE outage SET minute = minute + interval '2 minutes'");
	assert_int_equal(world_case(f, 1, 5).facts->sources[0].events, 3);
	/* before it, too: the minute's last second is what counts */
	world_run(f, "UPDATE outage"
	            " SET minute = minute - interval '21 minutes'");
	assert_int_equal(world_case(f, 1, 5).facts->sources[0].events, 2);
	world_run(f,
	    "UPDATE outage SET minute = minute - interval '2 minutes'");
	assert_int_equal(world_case(f, 1, 5).facts->sources[0].events, 3);
	/* its own log files may know the host by its long name */
	world_run(f, "UPDATE outage SET minute = minute + interval '2 minutes';"
	            "UPDATE name SET text = 'MX1.example.net' WHERE name = 1");
	assert_int_equal(world_case(f, 1, 5).facts->sources[0].events, 2);
	/* the margin is a setting */
	f->conf.report_outage_margin = 7200;
	assert_int_equal(db_tell_settings(f->db, &f->conf), DB_OK);
	c = world_case(f, 1, 5);
	assert_int_equal(c.facts->sources[0].events, 1);
	assert_int_equal(c.facts->sources[0].kinds[KIND_RELAY_DENIED], 1);
	f->conf.report_outage_margin = 600;
	assert_int_equal(db_tell_settings(f->db, &f->conf), DB_OK);
}

/* Who was never told first, then the oldest events. */
static void
due_in_order_without_the_skipped(void **state)
{
	struct report_world *f = *state;
	const int64_t skip = 1;
	struct report_contacts list;

	world_fill(f);
	list = due(f, (struct report_contacts){0});
	assert_int_equal(list.n, 2);
	assert_int_equal(list.at[0], 1);
	assert_int_equal(list.at[1], 2);
	list = due(f, (struct report_contacts){.at = &skip, .n = 1});
	assert_int_equal(list.n, 1);
	assert_int_equal(list.at[0], 2);
	world_run(f, "INSERT INTO report (uuid, contact, state, created, upto,"
	            " sources, events, first, last, recipient, subject)"
	            " VALUES (gen_random_uuid(), 1, 'failed',"
	            " now() - interval '8 days', 0, 1, 1, now(), now(), 'x',"
	            " 'x')");
	list = due(f, (struct report_contacts){0});
	assert_int_equal(list.n, 2);
	assert_int_equal(list.at[0], 2);
}

static void
contact_by_any_spelling(void **state)
{
	struct report_world *f = *state;
	int64_t who = -1;

	world_fill(f);
	assert_int_equal(report_rows_contact(f->db, f->a, "ABUSE@ISP.example",
	                     &who), DB_OK);
	assert_int_equal(who, 1);
	assert_int_equal(report_rows_contact(f->db, f->a, "nobody@isp.example",
	                     &who), DB_OK);
	assert_int_equal(who, 0);
}

static void
case_says_what_the_rows_say(void **state)
{
	struct report_world *f = *state;
	struct report_case c;
	const struct compose_source *s;

	world_fill(f);
	c = world_case(f, 1, 5);
	assert_int_equal(c.facts->source_count, 2);
	assert_int_equal(c.facts->events, 4);
	assert_int_equal(c.facts->hosts, 2);
	s = &c.facts->sources[0];
	assert_int_equal(s->address.family, 4);
	assert_int_equal(s->events, 3);
	assert_int_equal(s->hosts, 2);
	assert_int_equal(s->kinds[KIND_AUTH_FAILURE], 2);
	assert_int_equal(s->kinds[KIND_RELAY_DENIED], 1);
	assert_string_equal(s->method, "abusix");
	assert_int_equal(s->line_count, 3);
	/* oldest first */
	assert_int_equal(s->lines[0].port, 1003);
	assert_int_equal(s->lines[2].port, 1001);
	assert_int_equal(s->lines[0].destination.family, 4);
	assert_int_equal(s->lines[0].destination_port, 587);
	assert_true(text_is(s->lines[0].service, "postfix/submission/smtpd"));
	assert_true(text_is(s->lines[2].login, "User1001"));
	assert_string_equal(c.mailbox, "Abuse@isp.example");
	assert_int_equal(s->first_us, s->lines[0].time_us);
	assert_int_equal(s->last_us, s->lines[2].time_us);
	assert_int_equal(c.facts->sources[1].address.family, 6);
	/* both contacts of a batch, each with its own */
	assert_int_equal(read_cases(f, 5).n, 2);
	assert_int_equal(read_cases(f, 5).at[0].facts->events, 4);
	assert_int_equal(read_cases(f, 5).at[1].facts->events, 1);
	assert_int_equal(read_cases(f, 5).at[1].facts->sources[0].lines[0].port,
	    1005);
	/* what is stored above the mark is left for the next report */
	c = world_case(f, 1, 2);
	assert_int_equal(c.facts->events, 2);
	assert_int_equal(world_case(f, 1, 0).facts->source_count, 0);
}

static void
lines_are_shared_out(void **state)
{
	struct report_world *f = *state;
	struct report_case c;

	world_fill(f);
	f->conf.report_lines_max = 3;
	c = world_case(f, 1, 5);
	assert_int_equal(c.facts->sources[0].line_count, 2);
	assert_int_equal(c.facts->sources[1].line_count, 1);
	/* the latest ones */
	assert_int_equal(c.facts->sources[0].lines[1].port, 1001);
	f->conf.report_lines_max = 1;
	c = world_case(f, 1, 5);
	assert_int_equal(c.facts->sources[0].line_count, 1);
	assert_int_equal(c.facts->sources[1].line_count, 1);
	f->conf.report_lines_max = 2000;
}

/* Of the same second: by what a mail says of them. */
static void
lines_have_one_order(void **state)
{
	struct report_world *f = *state;
	const struct compose_source *s;

	world_fill(f);
	/* all of one second, in the same partition */
	world_run(f, "UPDATE event SET time = (SELECT max(time) FROM event"
	            " WHERE address = '203.0.113.7')"
	            " WHERE address = '203.0.113.7'");
	s = &world_case(f, 1, 5).facts->sources[0];
	assert_int_equal(s->line_count, 3);
	assert_int_equal(s->lines[0].port, 1001);
	assert_int_equal(s->lines[1].port, 1002);
	assert_int_equal(s->lines[2].port, 1003);
}

/* More than may be listed is never read line by line; one with more does not
 * change how another of the batch is read. */
static void
batch_of_few_and_many(void **state)
{
	struct report_world *f = *state;
	struct report_cases both;

	world_fill(f);
	f->conf.report_lines_max = 3;
	both = read_cases(f, 5);
	f->conf.report_lines_max = 2000;
	assert_int_equal(both.n, 2);
	assert_int_equal(both.at[0].facts->sources[0].events, 3);
	assert_int_equal(both.at[0].facts->sources[0].line_count, 2);
	assert_int_equal(both.at[0].facts->hosts, 2);
	assert_int_equal(both.at[1].facts->sources[0].line_count, 1);
	assert_int_equal(both.at[1].facts->sources[0].lines[0].port, 1005);
	assert_true(text_is(both.at[1].facts->sources[0].lines[0].login,
	    "User1005"));
	assert_int_equal(both.at[1].facts->hosts, 1);
}

static void
unreportable_is_left_out(void **state)
{
	struct report_world *f = *state;
	struct report_case c;
	const char *why;
	struct prefix own;

	world_fill(f);
	assert_true(prefix_parse("203.0.113.0/24", &own, &why));
	prefixes_add(f->a, &f->conf.filter_own, own);
	assert_int_equal(db_tell_settings(f->db, &f->conf), DB_OK);
	c = world_case(f, 1, 5);
	assert_int_equal(c.facts->source_count, 1);
	assert_int_equal(c.facts->sources[0].address.family, 6);
	assert_int_equal(c.facts->events, 1);
	world_run(f, "INSERT INTO agent_address VALUES (1, '2001:db8::7')");
	assert_int_equal(world_case(f, 1, 5).facts->source_count, 0);
	assert_int_equal(due(f, (struct report_contacts){0}).n, 1);
	f->conf.filter_own.n = 0;
	assert_int_equal(db_tell_settings(f->db, &f->conf), DB_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(upto_is_what_was_counted),
	    cmocka_unit_test(upto_when_it_has_settled),
	    cmocka_unit_test(outage_accuses_nobody),
	    cmocka_unit_test(due_in_order_without_the_skipped),
	    cmocka_unit_test(contact_by_any_spelling),
	    cmocka_unit_test(case_says_what_the_rows_say),
	    cmocka_unit_test(lines_are_shared_out),
	    cmocka_unit_test(lines_have_one_order),
	    cmocka_unit_test(batch_of_few_and_many),
	    cmocka_unit_test(unreportable_is_left_out),
	};

	return cmocka_run_group_tests(tests, world_open,
	    world_close);
}
