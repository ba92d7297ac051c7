/* Protects report's statements against a real PostgreSQL, as report's own
 * role: who is due, what is read of him, that a mark is moved only with a
 * report, and that two sessions cannot both report one contact. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "hub/conf.h"
#include "hub/db.h"
#include "hub/lookup/lookup_rows.h"
#include "hub/report/compose.h"
#include "hub/report/report_rows.h"
#include "hub/report/report_store.h"
#include "proto/base/arena.h"

struct fixture {
	struct arena *a;
	struct hub_conf conf;
	struct db *db, *other, *owner, *lookup;
};

/* One try is enough, but where a test says otherwise. */
static const char *thresholds[] = {"auth_failure:tries=1",
    "relay_denied:tries=1"};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	bool hopeless;

	assert_non_null(f);
	f->a = arena_open(0);
	f->conf = *hub_conf_load(NULL, f->a);
	f->conf.tor_list = "";
	f->conf.filter_unreportable.n = 0;
	f->conf.report_settle = 0;
	f->conf.report_threshold.at = thresholds;
	f->conf.report_threshold.n = 2;
	f->conf.database_connect = getenv("PLAINTIFF_TEST_CONNECT");
	f->conf.database_owner = "postgres";
	assert_non_null(f->conf.database_connect);
	f->db = db_open(&f->conf, "report", &hopeless);
	f->other = db_open(&f->conf, "report", &hopeless);
	f->lookup = db_open(&f->conf, "lookup", &hopeless);
	f->owner = db_open_owner(&f->conf);
	assert_non_null(f->db);
	assert_non_null(f->other);
	assert_non_null(f->lookup);
	assert_non_null(f->owner);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	db_close(f->db);
	db_close(f->other);
	db_close(f->lookup);
	db_close(f->owner);
	arena_close(f->a);
	free(f);
	return 0;
}

static void
as_owner(struct fixture *f, const char *sql)
{
	assert_int_equal(db_script(f->owner, sql), DB_OK);
}

static int64_t
number(struct fixture *f, const char *sql)
{
	struct db_rows *rows;
	int64_t n;

	assert_int_equal(db_query(f->owner, sql, NULL, &rows), DB_OK);
	n = db_int(rows, 0, 0);
	db_rows_free(rows);
	return n;
}

/* As lookup does. */
static void
count(struct fixture *f)
{
	struct lookup_counted counted;

	assert_int_equal(lookup_rows_count(f->lookup, f->a, &f->conf, 1000,
	                     &counted), DB_OK);
}

/* Two contacts; the first has two addresses with 3 and 1 events, seen by two
 * hosts; nothing is stale. */
static void
world(struct fixture *f)
{
	as_owner(f,
	    "TRUNCATE report, report_source, source, answer, contact, event,"
	    " evidence, name, agent, stored_mark, outage, tally, allegedfix,"
	    " allow_prefix, allow_mailbox, clock_tick RESTART IDENTITY"
	    " CASCADE;"
	    "UPDATE watermark SET stored = 0;"
	    "ALTER SEQUENCE stored_seq RESTART;"
	    "INSERT INTO agent (name, key) VALUES ('mx1', repeat('k', 40));"
	    "INSERT INTO name (text) VALUES ('mx1'), ('mx2'),"
	    " ('postfix/submission/smtpd');"
	    "INSERT INTO contact (key, mailbox) VALUES"
	    " ('abuse@isp.example', 'Abuse@isp.example'),"
	    " ('noc@other.example', 'noc@other.example');"
	    "INSERT INTO source (address, contact, state, method, asked,"
	    " fresh_until, first_seen, last_seen) SELECT a::inet, c, 'found',"
	    " 'abusix', now(), now() + interval '1 day', now(), now() FROM (VALUES"
	    " ('203.0.113.7', 1), ('2001:db8::7', 1), ('198.51.100.9', 2))"
	    " v (a, c);"
	    "INSERT INTO answer (address, method, state, contact, fresh_until)"
	    " SELECT address, 'abusix', state, contact, fresh_until"
	    " FROM source;"
	    "INSERT INTO event (id, time, agent, host, service, kind, port,"
	    " destination, destination_port, address)"
	    " SELECT (left(id_floor(now() - n * interval '1 hour')::text, 8)"
	    " || left(md5(n::text), 24))::uuid,"
	    " date_trunc('second', now() - n * interval '1 hour'), 1, h, 3, k,"
	    " 1000 + n, '192.0.2.25', 587, a::inet FROM (VALUES"
	    " (1, 1, 1, '203.0.113.7'), (2, 1, 1, '203.0.113.7'),"
	    " (3, 2, 2, '203.0.113.7'), (4, 2, 1, '2001:db8::7'),"
	    " (5, 1, 1, '198.51.100.9')) v (n, h, k, a);"
	    "INSERT INTO evidence (id, line, login) SELECT id, 'a line',"
	    " CASE WHEN kind = 1 THEN 'User' || port END FROM event");
	count(f);
}

static struct report_contacts
due(struct fixture *f, struct report_contacts skips)
{
	struct report_contacts list = {0};

	assert_int_equal(report_rows_due(f->db, f->a, 5, skips, &list), DB_OK);
	return list;
}

static struct report_cases
read_cases(struct fixture *f, int64_t upto)
{
	static const int64_t both[] = {1, 2};
	struct report_cases out;

	assert_int_equal(report_rows_cases(f->db, f->a, &f->conf,
	                     (struct report_contacts){.at = both, .n = 2}, upto,
	                     &out), DB_OK);
	return out;
}

/* Of one contact; without sources when there is no case. */
static struct report_case
read_case(struct fixture *f, int64_t contact, int64_t upto)
{
	struct report_cases out;
	struct report_case none = {
	    .facts = arena_alloc(f->a, sizeof *none.facts)};

	assert_int_equal(report_rows_cases(f->db, f->a, &f->conf,
	                     (struct report_contacts){.at = &contact, .n = 1},
	                     upto, &out), DB_OK);
	return out.n == 0 ? none : out.at[0];
}

static int64_t
upto_now(struct fixture *f)
{
	int64_t upto = -1;

	assert_int_equal(report_rows_upto(f->db, f->a, &f->conf, &upto), DB_OK);
	return upto;
}

static void
upto_is_what_was_counted(void **state)
{
	struct fixture *f = *state;

	world(f);
	assert_int_equal(upto_now(f), 5);
	/* what is not counted yet may hide an outage */
	as_owner(f, "UPDATE watermark SET stored = 3; TRUNCATE stored_mark");
	assert_int_equal(upto_now(f), 3);
	as_owner(f, "UPDATE watermark SET stored = 0; TRUNCATE stored_mark");
	assert_int_equal(upto_now(f), 0);
}

/* A mark is made at once and believed when report.settle has passed; those
 * of no more use go. */
static void
upto_when_it_has_settled(void **state)
{
	struct fixture *f = *state;
	struct report_contacts list;

	world(f);
	f->conf.report_settle = 600;
	assert_int_equal(upto_now(f), 0);
	assert_int_equal(number(f, "SELECT max(stored) FROM stored_mark"), 5);
	assert_int_equal(report_rows_due(f->db, f->a, 0,
	                     (struct report_contacts){0}, &list), DB_OK);
	assert_int_equal(list.n, 0);
	as_owner(f, "UPDATE stored_mark SET at = at - interval '601 seconds';"
	            "INSERT INTO stored_mark"
	            " VALUES (2, now() - interval '1 day')");
	assert_int_equal(upto_now(f), 5);
	assert_int_equal(number(f, "SELECT count(*) FROM stored_mark"), 1);
	f->conf.report_settle = 0;
}

/* Event 1 (one hour ago, of host mx1) is near an outage, and so would 2 be
 * with a margin of two hours; 3 is of another host, 4 no failed login. */
static void
outage_accuses_nobody(void **state)
{
	struct fixture *f = *state;
	struct report_case c;

	world(f);
	as_owner(f, "INSERT INTO outage SELECT 'mx1', date_trunc('minute',"
	            " now() - interval '1 hour' + interval '9 minutes')");
	c = read_case(f, 1, 5);
	assert_int_equal(c.facts->sources[0].events, 2);
	assert_int_equal(c.facts->sources[0].line_count, 2);
	assert_int_equal(c.facts->sources[0].lines[1].port, 1002);
	as_owner(f, "UPDATE outage SET minute = minute + interval '2 minutes'");
	assert_int_equal(read_case(f, 1, 5).facts->sources[0].events, 3);
	/* before it, too: the minute's last second is what counts */
	as_owner(f, "UPDATE outage"
	            " SET minute = minute - interval '21 minutes'");
	assert_int_equal(read_case(f, 1, 5).facts->sources[0].events, 2);
	as_owner(f, "UPDATE outage SET minute = minute - interval '2 minutes'");
	assert_int_equal(read_case(f, 1, 5).facts->sources[0].events, 3);
	/* its own log files may know the host by its long name */
	as_owner(f, "UPDATE outage SET minute = minute + interval '2 minutes';"
	            "UPDATE name SET text = 'MX1.example.net' WHERE name = 1");
	assert_int_equal(read_case(f, 1, 5).facts->sources[0].events, 2);
	/* the margin is a setting */
	f->conf.report_outage_margin = 7200;
	assert_int_equal(db_tell_settings(f->db, &f->conf), DB_OK);
	c = read_case(f, 1, 5);
	assert_int_equal(c.facts->sources[0].events, 1);
	assert_int_equal(c.facts->sources[0].kinds[KIND_RELAY_DENIED], 1);
	f->conf.report_outage_margin = 600;
	assert_int_equal(db_tell_settings(f->db, &f->conf), DB_OK);
}

/* Who was never told first, then the oldest events. */
static void
due_in_order_without_the_skipped(void **state)
{
	struct fixture *f = *state;
	const int64_t skip = 1;
	struct report_contacts list;

	world(f);
	list = due(f, (struct report_contacts){0});
	assert_int_equal(list.n, 2);
	assert_int_equal(list.at[0], 1);
	assert_int_equal(list.at[1], 2);
	list = due(f, (struct report_contacts){.at = &skip, .n = 1});
	assert_int_equal(list.n, 1);
	assert_int_equal(list.at[0], 2);
	as_owner(f, "INSERT INTO report (uuid, contact, state, created, upto,"
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
	struct fixture *f = *state;
	int64_t who = -1;

	world(f);
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
	struct fixture *f = *state;
	struct report_case c;
	const struct compose_source *s;

	world(f);
	c = read_case(f, 1, 5);
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
	c = read_case(f, 1, 2);
	assert_int_equal(c.facts->events, 2);
	assert_int_equal(read_case(f, 1, 0).facts->source_count, 0);
}

static void
lines_are_shared_out(void **state)
{
	struct fixture *f = *state;
	struct report_case c;

	world(f);
	f->conf.report_lines_max = 3;
	c = read_case(f, 1, 5);
	assert_int_equal(c.facts->sources[0].line_count, 2);
	assert_int_equal(c.facts->sources[1].line_count, 1);
	/* the latest ones */
	assert_int_equal(c.facts->sources[0].lines[1].port, 1001);
	f->conf.report_lines_max = 1;
	c = read_case(f, 1, 5);
	assert_int_equal(c.facts->sources[0].line_count, 1);
	assert_int_equal(c.facts->sources[1].line_count, 1);
	f->conf.report_lines_max = 2000;
}

static void
unreportable_is_left_out(void **state)
{
	struct fixture *f = *state;
	struct report_case c;
	const char *why;
	struct prefix own;

	world(f);
	assert_true(prefix_parse("203.0.113.0/24", &own, &why));
	prefixes_add(f->a, &f->conf.filter_own, own);
	assert_int_equal(db_tell_settings(f->db, &f->conf), DB_OK);
	c = read_case(f, 1, 5);
	assert_int_equal(c.facts->source_count, 1);
	assert_int_equal(c.facts->sources[0].address.family, 6);
	assert_int_equal(c.facts->events, 1);
	as_owner(f, "INSERT INTO agent_address VALUES (1, '2001:db8::7')");
	assert_int_equal(read_case(f, 1, 5).facts->source_count, 0);
	assert_int_equal(due(f, (struct report_contacts){0}).n, 1);
	f->conf.filter_own.n = 0;
	assert_int_equal(db_tell_settings(f->db, &f->conf), DB_OK);
}

/* Locks the first contact; is it still due? */
static bool
claim(struct fixture *f, struct db *db)
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
put_as(struct fixture *f, struct db *db, struct report_case *c,
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
put(struct fixture *f, struct db *db, struct report_case *c)
{
	assert_int_equal(put_as(f, db, c,
	                     "4f0c8a52-19d7-4c0e-9b1a-0a5d3e6f7788"), DB_OK);
}

static void
stored_whole_or_not_at_all(void **state)
{
	struct fixture *f = *state;
	struct report_case c;

	world(f);
	assert_true(claim(f, f->db));
	c = read_case(f, 1, 5);
	put(f, f->db, &c);
	db_rollback(f->db);
	assert_int_equal(number(f, "SELECT sum(reported_upto) FROM source"), 0);
	assert_int_equal(number(f, "SELECT count(*) FROM report_source"), 0);

	assert_true(claim(f, f->db));
	c = read_case(f, 1, 5);
	put(f, f->db, &c);
	assert_int_equal(db_commit(f->db), DB_OK);
	assert_int_equal(number(f, "SELECT count(*) FROM source"
	                           " WHERE reported_upto = 5"
	                           " AND pending IS NULL"), 2);
	assert_int_equal(number(f, "SELECT sum(events) FROM report_source"), 4);
	assert_int_equal(number(f, "SELECT length(mail) FROM report_mail"
	                           " WHERE n = 1 AND subject = 's'"), 3);
	assert_int_equal(number(f, "SELECT count(*) FROM report_mail"), 2);
	assert_int_equal(read_case(f, 1, 5).facts->source_count, 0);
}

/* What was counted above the mark is pending still. */
static void
mark_leaves_later_events_pending(void **state)
{
	struct fixture *f = *state;
	struct report_case c;

	world(f);
	assert_true(claim(f, f->db));
	c = read_case(f, 1, 2);
	assert_int_equal(c.facts->events, 2);
	put(f, f->db, &c);
	assert_int_equal(db_commit(f->db), DB_OK);
	assert_int_equal(number(f, "SELECT pending FROM source"
	                           " WHERE address = '203.0.113.7'"), 3);
	c = read_case(f, 1, 5);
	assert_int_equal(c.facts->events, 2);
	assert_int_equal(c.after[0] + c.after[1], 2);
}

/* A second session passes over what the first has in hand, and then finds it
 * is not due any more. */
static void
second_session_is_held_off(void **state)
{
	struct fixture *f = *state;
	struct report_case c;

	world(f);
	assert_true(claim(f, f->db));
	c = read_case(f, 1, 5);
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
	struct fixture *f = *state;
	struct report_case c;

	world(f);
	c = read_case(f, 1, 5);
	put(f, f->db, &c);
	assert_int_equal(put_as(f, f->other, &c,
	                     "00000000-19d7-4c0e-9b1a-0a5d3e6f7788"),
	    DB_CONFLICT);
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
	    cmocka_unit_test(unreportable_is_left_out),
	    cmocka_unit_test(stored_whole_or_not_at_all),
	    cmocka_unit_test(mark_leaves_later_events_pending),
	    cmocka_unit_test(second_session_is_held_off),
	    cmocka_unit_test(open_report_is_unique),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
