/* Protects what lookup says to PostgreSQL: each event counted once, each
 * address claimed by one, an answer only where it belongs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/conf.h"
#include "hub/db.h"
#include "hub/lookup/ask.h"
#include "hub/lookup/lookup_rows.h"
#include "proto/base/arena.h"
#include "proto/base/log.h"
#include "proto/kind.h"

static struct arena *arena;
static struct hub_conf conf;
static struct db *db, *other, *owner;

static struct addr
addr_of(const char *s)
{
	struct addr a;

	assert_true(addr_parse(text_of(s), &a));
	return a;
}

/* One statement of the test's own. */
static void
run(const char *sql)
{
	assert_int_equal(db_query(owner, sql, NULL, NULL), DB_OK);
}

static int64_t
number(const char *sql)
{
	struct db_rows *rows;
	int64_t v;

	assert_int_equal(db_query(owner, sql, NULL, &rows), DB_OK);
	assert_int_equal(db_rows_count(rows), 1);
	v = db_is_null(rows, 0, 0) ? -1 : db_int(rows, 0, 0);
	db_rows_free(rows);
	return v;
}

static const char *
word(const char *sql)
{
	struct db_rows *rows;
	const char *s;

	assert_int_equal(db_query(owner, sql, NULL, &rows), DB_OK);
	assert_int_equal(db_rows_count(rows), 1);
	s = arena_string(arena, db_string(rows, 0, 0));
	db_rows_free(rows);
	return s;
}

static void
add_event(const char *address, int kind, bool stale, int hours)
{
	static int serial;
	struct db_args *args = db_args_new(arena);

	db_arg_int(args, ++serial);
	db_arg_string(args, address);
	db_arg_int(args, kind);
	db_arg_flag(args, stale);
	db_arg_int(args, hours);
	assert_int_equal(
	    db_query(owner,
	        "INSERT INTO event (id, time, agent, host, kind, stale,"
	        " address)"
	        " SELECT (left(id_floor(t)::text, 9) || '0000-0000-0000-' ||"
	        " lpad(to_hex($1::integer), 12, '0'))::uuid,"
	        " t, 1, 1, $3::smallint, $4::boolean, $2::inet"
	        " FROM (SELECT now() - $5::integer * interval '1 hour' AS t) x",
	        args, NULL),
	    DB_OK);
}

static struct lookup_counted
count(int64_t most)
{
	struct lookup_counted out;

	assert_int_equal(lookup_rows_count(db, arena, &conf, most, &out),
	    DB_OK);
	return out;
}

static struct lookup_claims
claim(struct db *session)
{
	struct lookup_claims out;

	assert_int_equal(lookup_rows_claim(session, arena, &conf, 100, 60000,
	                     &out),
	    DB_OK);
	return out;
}

/* Each test begins with an empty database. */
static int
clean(void **state)
{
	(void)state;
	run("TRUNCATE event, evidence, tally, source, answer, contact,"
	    " agent_address, agent, report, report_source, witness, set_aside,"
	    " agent_outbox, agent_past, agent_day RESTART IDENTITY");
	run("UPDATE watermark SET stored = 0");
	run("ALTER SEQUENCE stored_seq RESTART");
	return 0;
}

static void
test_unused_sequence(void **state)
{
	(void)state;
	assert_int_equal(count(100).events, 0);
	assert_int_equal(number("SELECT stored FROM watermark"), 0);
}

static void
test_counted_once_in_steps(void **state)
{
	struct lookup_counted c;

	(void)state;
	for (int i = 0; i < 5; i++)
		add_event("203.0.113.7", KIND_AUTH_FAILURE, false, 5 - i);
	c = count(2);
	assert_int_equal(c.events, 2);
	assert_true(c.more);
	c = count(2);
	assert_int_equal(c.events, 2);
	c = count(2);
	assert_int_equal(c.events, 1);
	assert_false(c.more);
	assert_int_equal(count(2).events, 0);
	assert_int_equal(number("SELECT sum(events) FROM tally"), 5);
	assert_int_equal(number("SELECT count(*) FROM source WHERE last_seen"
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
	add_event("203.0.113.1", KIND_AUTH_FAILURE, false, 1);
	add_event("203.0.113.2", KIND_RELAY_DENIED, false, 1);
	add_event("203.0.113.3", KIND_LOGIN_SUCCESS, false, 1);
	add_event("203.0.113.4", KIND_PROBE, false, 1);
	add_event("203.0.113.5", KIND_AUTH_FAILURE, true, 1);
	add_event("2001:db8::7", KIND_AUTH_FAILURE, false, 1);
	c = count(100);
	assert_int_equal(c.events, 6);
	assert_int_equal(c.sources, 3);
	assert_int_equal(number("SELECT count(*) FROM tally"), 6);
	assert_string_equal(
	    word("SELECT string_agg(host(address), ' ' ORDER BY address)"
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
	add_event("203.0.113.1", KIND_AUTH_FAILURE, false, 1);
	run("BEGIN");
	run("SELECT pg_advisory_xact_lock_shared(7411001)");
	assert_int_equal(lookup_rows_count(db, arena, &conf, 100, &out),
	    DB_CONFLICT);
	run("COMMIT");
	assert_int_equal(count(100).events, 1);
}

static void
test_claimed_by_one(void **state)
{
	struct lookup_claims one, two;

	(void)state;
	for (int i = 0; i < 4; i++)
		add_event(arena_printf(arena, "203.0.113.%d", i),
		    KIND_AUTH_FAILURE, false, 1);
	(void)count(100);
	one = claim(db);
	two = claim(other);
	assert_int_equal(one.n, 4);
	assert_int_equal(two.n, 0);
	assert_false(one.at[0].old);
	assert_false(one.at[0].ours);
	assert_false(one.at[0].before.found);
	run("UPDATE source SET lease_until = now()");
	two = claim(other);
	assert_int_equal(two.n, 4);
	/* the first one's lease is gone: it can give nothing back */
	assert_int_equal(lookup_rows_release(db, arena, one.lease_us,
	                     &one.at[0].address, 1),
	    DB_OK);
	assert_int_equal(claim(db).n, 0);
	assert_int_equal(lookup_rows_release(other, arena, two.lease_us,
	                     &two.at[0].address, 1),
	    DB_OK);
	assert_int_equal(claim(db).n, 1);
}

static void
test_old_and_ours_are_marked(void **state)
{
	struct lookup_claims c;

	(void)state;
	run("INSERT INTO agent (name, key) VALUES ('mx1', repeat('k', 40))");
	run("INSERT INTO agent_address SELECT agent, '203.0.113.2' FROM agent");
	add_event("203.0.113.1", KIND_AUTH_FAILURE, false, 24 * 20);
	add_event("203.0.113.2", KIND_AUTH_FAILURE, false, 1);
	(void)count(100);
	c = claim(db);
	assert_int_equal(c.n, 2);
	for (size_t i = 0; i < c.n; i++) {
		bool second = c.at[i].address.bytes[3] == 2;

		assert_int_equal(c.at[i].ours, second);
		assert_int_equal(c.at[i].old, !second);
		assert_int_equal(lookup_rows_park(db, arena, c.lease_us,
		                     &c.at[i].address, 1),
		    DB_OK);
	}
	assert_int_equal(claim(db).n, 0);
	assert_int_equal(number("SELECT count(*) FROM source"
	                        " WHERE lease_until IS NULL"),
	    2);
	/* a new event wakes its address only */
	add_event("203.0.113.1", KIND_AUTH_FAILURE, false, 1);
	(void)count(100);
	c = claim(db);
	assert_int_equal(c.n, 1);
	assert_false(c.at[0].old);
}

static size_t
record(const struct lookup_claims *c, const struct lookup_record *records,
    size_t n)
{
	size_t recorded;

	assert_int_equal(lookup_rows_record(db, arena, c->lease_us, records, n,
	                     &recorded),
	    DB_OK);
	return recorded;
}

static const struct ask_answer said = {.mailboxes = {TEXT("A@isp.example"),
                                           TEXT("b@isp.example")},
    .mailboxes_n = 2, .said = TEXT("A@isp.example,b@isp.example \"\\{}")};

static struct lookup_record
found(const char *address, const char *mailbox, const char *key)
{
	return (struct lookup_record){.address = addr_of(address),
	    .method = "abusix", .answer = &said,
	    .after = {.state = "found", .key = key, .mailbox = mailbox,
	        .fresh_s = 86400, .next_s = 86400}};
}

static void
test_record(void **state)
{
	struct ask_answer nobody = {.why = TEXT("no such name")};
	struct lookup_record r[5];
	struct lookup_claims c;

	(void)state;
	for (int i = 1; i <= 5; i++)
		add_event(arena_printf(arena, "203.0.113.%d", i),
		    KIND_AUTH_FAILURE, false, 1);
	(void)count(100);
	c = claim(db);
	r[0] = found("203.0.113.1", "A@isp.example", "a@isp.example");
	r[1] = found("203.0.113.2", "a+1@isp.example", "a@isp.example");
	r[2] = (struct lookup_record){.address = addr_of("203.0.113.3"),
	    .method = "abusix", .answer = &nobody,
	    .after = {.state = "none", .fresh_s = 60, .next_s = 60}};
	r[3] = (struct lookup_record){.address = addr_of("203.0.113.4"),
	    .method = "abusix", .answer = &nobody,
	    .after = {.state = "failed", .fresh_s = -1, .next_s = 30,
	        .tries = 1}};
	r[4] = (struct lookup_record){.address = addr_of("203.0.113.5"),
	    .method = "settings", .parked = true,
	    .after = {.state = "refused", .why = "ours", .fresh_s = -1}};
	assert_int_equal(record(&c, r, 5), 5);
	assert_int_equal(number("SELECT count(*) FROM contact"), 1);
	assert_string_equal(
	    word("SELECT string_agg(state || ' ' || coalesce(key, '-') ||"
	         " ' ' || tries || ' ' || coalesce(extract(epoch FROM"
	         " fresh_until - asked)::integer, -1) || ' ' || least(99999,"
	         " extract(epoch FROM next_ask - asked))::integer,"
	         " ', ' ORDER BY address)"
	         " FROM (SELECT s.*, c.key FROM source s"
	         " LEFT JOIN contact c USING (contact)) x"),
	    "found a@isp.example 0 86400 86400, "
	    "found a@isp.example 0 86400 86400, none - 0 60 60, "
	    "failed - 1 -1 30, refused - 0 -1 99999");
	assert_string_equal(
	    word("SELECT string_agg(method || ' ' || state || ' ' ||"
	         " coalesce(why, '-'), ', ' ORDER BY address) FROM answer"),
	    "abusix found -, abusix found -, abusix none no such name, "
	    "abusix failed no such name, settings refused ours");
	assert_string_equal(
	    word("SELECT array_to_string(mailboxes, ' ') || '|' || said"
	         " FROM answer WHERE address = '203.0.113.1'"),
	    "A@isp.example b@isp.example|A@isp.example,b@isp.example \"\\{}");
	assert_int_equal(claim(db).n, 0);
	/* asked again, another spelling: still the one contact, no number of
	 * contacts used up */
	run("UPDATE source SET next_ask = now()");
	c = claim(db);
	assert_int_equal(record(&c, r, 2), 2);
	r[0] = found("203.0.113.3", "x@isp.example", "x@isp.example");
	assert_int_equal(record(&c, r, 1), 1);
	assert_int_equal(number("SELECT max(contact) FROM contact"), 2);
}

/* A kept contact keeps its own freshness; the failure is noted. */
static void
test_record_kept(void **state)
{
	struct ask_answer failed = {.why = TEXT("Timeout")};
	struct lookup_record r;
	struct lookup_claims c;
	int64_t until;

	(void)state;
	add_event("203.0.113.1", KIND_AUTH_FAILURE, false, 1);
	(void)count(100);
	c = claim(db);
	r = found("203.0.113.1", "a@isp.example", "a@isp.example");
	assert_int_equal(record(&c, &r, 1), 1);
	until = number("SELECT us(fresh_until) FROM source");
	run("UPDATE source SET next_ask = now()");
	c = claim(db);
	assert_true(c.at[0].before.found);
	assert_int_equal(c.at[0].before.fresh_until_us, until);
	assert_true(c.at[0].before.now_us < until);
	r = (struct lookup_record){.address = addr_of("203.0.113.1"),
	    .method = "abusix", .answer = &failed,
	    .after = {.kept = true, .state = "failed", .fresh_s = -1,
	        .next_s = 60, .tries = 1}};
	assert_int_equal(record(&c, &r, 1), 1);
	assert_string_equal(word("SELECT state FROM source"), "found");
	assert_int_equal(number("SELECT us(fresh_until) FROM source"), until);
	assert_int_equal(number("SELECT tries FROM source"), 1);
	assert_string_equal(
	    word("SELECT state FROM answer ORDER BY answer DESC LIMIT 1"),
	    "failed");
	run("UPDATE source SET next_ask = now()");
	c = claim(db);
	r.after.kept = false;
	assert_int_equal(record(&c, &r, 1), 1);
	assert_string_equal(word("SELECT state FROM source"), "failed");
	assert_int_equal(number("SELECT contact FROM source"), -1);
}

/* An answer that comes when the lease has gone to another changes nothing. */
static void
test_late_answer(void **state)
{
	struct lookup_record r = found("203.0.113.1", "a@isp.example",
	    "a@isp.example");
	struct lookup_claims late, c;

	(void)state;
	add_event("203.0.113.1", KIND_AUTH_FAILURE, false, 1);
	(void)count(100);
	late = claim(db);
	run("UPDATE source SET lease_until = now()");
	c = claim(other);
	assert_int_equal(c.n, 1);
	assert_int_equal(record(&late, &r, 1), 0);
	assert_string_equal(word("SELECT state FROM source"), "new");
	assert_int_equal(number("SELECT count(*) FROM answer"), 0);
	assert_int_equal(record(&c, &r, 1), 1);
}

static int
open_all(void **state)
{
	const char *connect = getenv("PLAINTIFF_TEST_CONNECT");
	const struct hub_conf *defaults;
	bool hopeless;

	(void)state;
	arena = arena_open(0);
	log_open("rows_lookup");
	defaults = hub_conf_load(NULL, arena);
	if (connect == NULL || defaults == NULL)
		return -1;
	conf = *defaults;
	conf.database_connect = connect;
	conf.database_owner = "postgres";
	db = db_open(&conf, "lookup", &hopeless);
	other = db_open(&conf, "lookup", &hopeless);
	owner = db_open_owner(&conf);
	return db == NULL || other == NULL || owner == NULL ? -1 : 0;
}

static int
close_all(void **state)
{
	(void)state;
	db_close(db);
	db_close(other);
	db_close(owner);
	arena_close(arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_unused_sequence, clean),
	    cmocka_unit_test_setup(test_counted_once_in_steps, clean),
	    cmocka_unit_test_setup(test_which_become_sources, clean),
	    cmocka_unit_test_setup(test_waits_for_the_store_lock, clean),
	    cmocka_unit_test_setup(test_claimed_by_one, clean),
	    cmocka_unit_test_setup(test_old_and_ours_are_marked, clean),
	    cmocka_unit_test_setup(test_record, clean),
	    cmocka_unit_test_setup(test_record_kept, clean),
	    cmocka_unit_test_setup(test_late_answer, clean),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
