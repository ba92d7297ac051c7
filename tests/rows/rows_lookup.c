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
#include "hub/lookup/case.h"
#include "hub/lookup/lookup_record.h"
#include "hub/lookup/lookup_rows.h"
#include "hub/lookup/refusal.h"
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
	    " contact_prefix, network, network_piece, bootstrap, rdap_server,"
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
record(const struct lookup_claims *c, struct lookup_case *cases, size_t n)
{
	struct lookup_case **list = arena_array(arena, n, sizeof *list);
	size_t recorded;

	for (size_t i = 0; i < n; i++)
		list[i] = &cases[i];
	assert_int_equal(lookup_record(db, arena, c->lease_us, list, n,
	                     &recorded),
	    DB_OK);
	return recorded;
}

static const struct ask_answer said = {.state = ASK_FOUND,
    .mailboxes = {TEXT("A@isp.example"), TEXT("b@isp.example")},
    .mailboxes_n = 2, .said = TEXT("A@isp.example,b@isp.example \"\\{}")};

/* A case with one answer that is what becomes of it. */
static void
settled(struct lookup_case *k, const char *address, const char *method,
    const struct ask_answer *answer, const char *state)
{
	struct settle_said *s;

	*k = (struct lookup_case){.address = addr_of(address)};
	s = case_said(k, method, answer);
	s->state = state;
	s->fresh_s = -1;
	k->after = (struct settle_after){.state = state, .by = s,
	    .fresh_s = -1, .next_s = 30};
}

static void
found(struct lookup_case *k, const char *address, const char *mailbox,
    const char *key)
{
	settled(k, address, "abusix", &said, "found");
	k->said[0].mailbox = mailbox;
	k->said[0].key = key;
	k->said[0].fresh_s = k->after.fresh_s = k->after.next_s = 86400;
}

static void
test_record(void **state)
{
	struct ask_answer nobody = {.why = TEXT("no such name")};
	struct ask_answer ours = {.why = TEXT("ours")};
	struct lookup_case r[5];
	struct lookup_claims c;

	(void)state;
	for (int i = 1; i <= 5; i++)
		add_event(arena_printf(arena, "203.0.113.%d", i),
		    KIND_AUTH_FAILURE, false, 1);
	(void)count(100);
	c = claim(db);
	found(&r[0], "203.0.113.1", "A@isp.example", "a@isp.example");
	found(&r[1], "203.0.113.2", "a+1@isp.example", "a@isp.example");
	settled(&r[2], "203.0.113.3", "abusix", &nobody, "none");
	r[2].after.fresh_s = r[2].after.next_s = 60;
	settled(&r[3], "203.0.113.4", "abusix", &nobody, "failed");
	r[3].after.tries = 1;
	settled(&r[4], "203.0.113.5", "settings", &ours, "refused");
	r[4].parked = true;
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
	found(&r[0], "203.0.113.3", "x@isp.example", "x@isp.example");
	assert_int_equal(record(&c, r, 1), 1);
	assert_int_equal(number("SELECT max(contact) FROM contact"), 2);
}

/* A kept contact keeps its source and freshness, but for what stale_s adds;
 * the failure is noted. */
static void
test_record_kept(void **state)
{
	struct ask_answer failed = {.why = TEXT("Timeout")};
	struct lookup_case r;
	struct lookup_claims c;
	int64_t until;

	(void)state;
	add_event("203.0.113.1", KIND_AUTH_FAILURE, false, 1);
	(void)count(100);
	c = claim(db);
	found(&r, "203.0.113.1", "a@isp.example", "a@isp.example");
	assert_int_equal(record(&c, &r, 1), 1);
	until = number("SELECT us(fresh_until) FROM source");
	run("UPDATE source SET next_ask = now()");
	c = claim(db);
	assert_true(c.at[0].before.found);
	assert_string_equal(c.at[0].before.method, "abusix");
	assert_int_equal(c.at[0].before.fresh_until_us, until);
	assert_true(c.at[0].before.now_us < until);
	settled(&r, "203.0.113.1", "rdap", &failed, "failed");
	r.after.kept = true;
	r.after.stale_s = 100;
	r.after.tries = 1;
	assert_int_equal(record(&c, &r, 1), 1);
	assert_string_equal(word("SELECT state || method FROM source"),
	    "foundabusix");
	assert_int_equal(number("SELECT us(fresh_until) FROM source"),
	    until + 100000000);
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
	struct lookup_case r;
	struct lookup_claims late, c;

	(void)state;
	found(&r, "203.0.113.1", "a@isp.example", "a@isp.example");
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

/* ---- the other sources ---- */

/* The longest prefix wins, in both tables and families. */
static void
test_claim_brings_what_tables_say(void **state)
{
	struct lookup_claims c;

	(void)state;
	run("INSERT INTO contact (key, mailbox) VALUES ('a@x.example',"
	    " 'A@x.example'), ('b@x.example', 'b@x.example')");
	run("INSERT INTO contact_prefix (prefix, contact) VALUES"
	    " ('203.0.0.0/8', 1), ('203.0.113.0/24', 2),"
	    " ('203.0.113.64/26', 1), ('2001:db8::/32', 2)");
	run("INSERT INTO bootstrap VALUES ('203.0.0.0/8', 'https://r/a/'),"
	    " ('203.0.113.0/25', 'https://r/b/'), ('::/0', 'https://r/c/')");
	run("INSERT INTO rdap_server VALUES ('https://r/b/', now() + '1 h'),"
	    " ('https://r/c/', now() - interval '1 s')");
	add_event("203.0.113.1", KIND_AUTH_FAILURE, false, 3);
	add_event("203.0.113.65", KIND_AUTH_FAILURE, false, 2);
	add_event("203.1.0.1", KIND_AUTH_FAILURE, false, 1);
	add_event("2001:db8::1", KIND_AUTH_FAILURE, false, 1);
	add_event("192.0.2.1", KIND_AUTH_FAILURE, false, 1);
	(void)count(100);
	c = claim(db);
	assert_int_equal(c.n, 5);
	for (size_t i = 0; i < c.n; i++) {
		const struct lookup_case *k = &c.at[i];
		char text[ADDR_TEXT_BYTES];
		const char *address = addr_format(text, &k->address);

		if (strcmp(address, "192.0.2.1") == 0) {
			assert_null(k->mailbox);
			assert_null(k->base);
			continue;
		}
		assert_string_equal(k->mailbox,
		    strcmp(address, "203.0.113.65") == 0 ||
		            strcmp(address, "203.1.0.1") == 0
		        ? "A@x.example"
		        : "b@x.example");
		assert_string_equal(k->base, k->address.family == 6
		        ? "https://r/c/"
		        : k->address.bytes[1] == 1 ? "https://r/a/"
		                                   : "https://r/b/");
		assert_int_equal(k->within.bits, k->address.family == 6 ? 0
		        : k->address.bytes[1] == 1                      ? 8
		                                                        : 25);
		assert_int_equal(k->later_s != 0,
		    strcmp(k->base, "https://r/b/") == 0);
	}
}

static struct ask_answer
range_answer(const char *address, const char *first, const char *last,
    const char *mailbox)
{
	return (struct ask_answer){.address = addr_of(address),
	    .method = ASK_RDAP, .state = ASK_FOUND,
	    .mailboxes = {text_of(mailbox)}, .mailboxes_n = 1,
	    .network = {.first = addr_of(first), .last = addr_of(last),
	        .handle = TEXT("NET"), .country = "NL"}};
}

/* Which contact the stored ranges give an address. */
static const char *
range_of(const char *address)
{
	struct lookup_case k = {.address = addr_of(address)}, *list = &k;

	assert_int_equal(lookup_rows_ranges(db, arena, &list, 1), DB_OK);
	if (k.said_n == 0)
		return "";
	assert_string_equal(k.said[0].method, "range");
	assert_true(k.said[0].left_s > 0 && k.said[0].left_s <= 600);
	assert_true(k.said[0].asked_us > 0 && k.said[0].network > 0);
	assert_string_equal(k.said[0].answer->network.country, "NL");
	return arena_printf(arena, "%.*s",
	    (int)k.said[0].answer->mailboxes[0].n,
	    k.said[0].answer->mailboxes[0].at);
}

/* A range answers for every address in it, the narrowest for each, until it
 * is old; one of no power of two as well. */
static void
test_ranges(void **state)
{
	static const char *const in[][4] = {
	    {"203.0.113.9", "203.0.112.0", "203.0.114.255", "wide@x.example"},
	    {"203.0.113.9", "203.0.113.5", "203.0.113.20", "thin@x.example"},
	    {"2001:db8::7", "2001:db8::", "2001:db8:0:ff::", "six@x.example"},
	};
	static const char *const want[][2] = {
	    {"203.0.113.4", "wide@x.example"}, {"203.0.113.5", "thin@x.example"},
	    {"203.0.113.20", "thin@x.example"},
	    {"203.0.113.21", "wide@x.example"}, {"203.0.111.255", ""},
	    {"203.0.112.0", "wide@x.example"},
	    {"203.0.114.255", "wide@x.example"}, {"203.0.115.0", ""},
	    {"2001:db8:0:fe::1", "six@x.example"}, {"2001:db8:0:ff::1", ""}};
	struct ask_answer answer[3];
	struct lookup_case r[3];
	struct lookup_claims c;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		answer[i] = range_answer(in[i][0], in[i][1], in[i][2],
		    in[i][3]);
		add_event(in[i][0], KIND_AUTH_FAILURE, false, 1);
	}
	(void)count(100);
	c = claim(db);
	for (size_t i = 0; i < 3; i++) {
		settled(&r[i], in[i][0], "rdap", &answer[i], "found");
		r[i].said[0].key = r[i].said[0].mailbox = in[i][3];
		r[i].said[0].fresh_s = r[i].after.fresh_s = 600;
	}
	/* two cases of one batch may have two ranges, and one address only
	 * one row */
	r[1].address = addr_of("203.0.113.10");
	add_event("203.0.113.10", KIND_AUTH_FAILURE, false, 1);
	assert_int_equal(record(&c, r, 3), 2);
	for (size_t i = 0; i < sizeof want / sizeof want[0]; i++)
		assert_string_equal(range_of(want[i][0]), want[i][1]);
	assert_int_equal(number("SELECT count(*) FROM source s JOIN network w"
	                        " USING (network) WHERE s.country = 'NL' AND"
	                        " s.address BETWEEN w.first AND w.last"),
	    2);
	/* asked again: one row a range, with what is newest */
	answer[0].mailboxes[0] = TEXT("new@x.example");
	run("UPDATE source SET next_ask = now()");
	c = claim(db);
	assert_int_equal(record(&c, r, 1), 1);
	assert_string_equal(range_of("203.0.112.0"), "new@x.example");
	assert_int_equal(number("SELECT count(*) FROM network"), 3);
	run("UPDATE network SET fresh_until = now() WHERE first ="
	    " '203.0.113.5'");
	assert_string_equal(range_of("203.0.113.9"), "new@x.example");
	run("UPDATE network SET fresh_until = now()");
	assert_string_equal(range_of("203.0.113.9"), "");
}

/* Who announces it is kept; a server that wants a pause has it noted; what
 * was merged goes to the other. */
static void
test_record_the_rest(void **state)
{
	struct ask_origin origin = {.known = true, .asn = 4200000000,
	    .route = {addr_of("203.0.113.0"), 24}, .country = "SE"};
	struct ask_answer later = {.state = ASK_FAILED, .later_s = 500};
	struct lookup_case r[2];
	struct lookup_claims c;

	(void)state;
	run("INSERT INTO contact (key, mailbox) VALUES"
	    " ('one@x.example', 'one@x.example'),"
	    " ('two@x.example', 'two@x.example')");
	run("UPDATE contact SET merged_into = 1 WHERE contact = 2");
	add_event("203.0.113.1", KIND_AUTH_FAILURE, false, 1);
	add_event("203.0.113.2", KIND_AUTH_FAILURE, false, 1);
	(void)count(100);
	c = claim(db);
	found(&r[0], "203.0.113.1", "two@x.example", "two@x.example");
	r[0].origin = &origin;
	settled(&r[1], "203.0.113.2", "rdap", &later, "failed");
	r[1].base = "https://r/";
	assert_int_equal(record(&c, r, 2), 2);
	assert_string_equal(
	    word("SELECT contact || ' ' || asn || ' ' || route || ' ' ||"
	         " country || ' ' || net FROM source WHERE state = 'found'"),
	    "1 4200000000 203.0.113.0/24 SE 203.0.113.0/24");
	assert_int_equal(number("SELECT contact FROM answer"
	                        " WHERE state = 'found'"), 1);
	assert_int_equal(number("SELECT count(*) FROM rdap_server WHERE"
	                        " not_before BETWEEN now() + '490 s' AND"
	                        " now() + '500 s'"), 1);
}

static void
test_refusals_and_dead(void **state)
{
	struct settle_rules rules;
	struct lookup_case k = {.address = addr_of("203.0.113.1")}, *list = &k;
	bool ripe = false;

	(void)state;
	assert_int_equal(lookup_rows_refusals(db, arena, &rules), DB_OK);
	for (size_t i = 0; i < rules.refusals_n; i++)
		ripe |= strcmp(rules.refusals[i].pattern, "@ripe.net") == 0;
	assert_true(ripe);
	run("INSERT INTO contact (key, mailbox, dead) VALUES"
	    " ('a@isp.example', 'a@isp.example', now()),"
	    " ('b@isp.example', 'b@isp.example', NULL),"
	    " ('c@isp.example', 'c@isp.example', now())");
	(void)case_said(&k, "abusix", &said);
	assert_int_equal(lookup_rows_dead(db, arena, &list, 1, &rules), DB_OK);
	assert_int_equal(rules.suspended_n, 1);
	assert_string_equal(rules.suspended[0], "a@isp.example");
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
	    cmocka_unit_test_setup(test_claim_brings_what_tables_say, clean),
	    cmocka_unit_test_setup(test_ranges, clean),
	    cmocka_unit_test_setup(test_record_the_rest, clean),
	    cmocka_unit_test_setup(test_refusals_and_dead, clean),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
