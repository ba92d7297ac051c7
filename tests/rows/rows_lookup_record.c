/* Protects what lookup records in PostgreSQL: an answer only where it
 * belongs, a range's answer for its range, what each source said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/lookup/ask.h"
#include "hub/lookup/case.h"
#include "hub/lookup/lookup_record.h"
#include "hub/lookup/lookup_rows.h"
#include "hub/lookup/refusal.h"
#include "proto/base/arena.h"
#include "proto/kind.h"
#include "tests/rows/lookup_world.h"

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

	*k = (struct lookup_case){.address = world_addr_of(address)};
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
		world_add_event(arena_printf(arena, "203.0.113.%d", i),
		    KIND_AUTH_FAILURE, false, 1);
	(void)world_count(100);
	c = world_claim(db);
	found(&r[0], "203.0.113.1", "A@isp.example", "a@isp.example");
	found(&r[1], "203.0.113.2", "a+1@isp.example", "a@isp.example");
	settled(&r[2], "203.0.113.3", "abusix", &nobody, "none");
	r[2].after.fresh_s = r[2].after.next_s = 60;
	settled(&r[3], "203.0.113.4", "abusix", &nobody, "failed");
	r[3].after.tries = 1;
	settled(&r[4], "203.0.113.5", "settings", &ours, "refused");
	r[4].parked = true;
	assert_int_equal(record(&c, r, 5), 5);
	assert_int_equal(world_number("SELECT count(*) FROM contact"), 1);
	assert_string_equal(
	    world_word("SELECT string_agg(state || ' ' || coalesce(key, '-') ||"
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
	    world_word("SELECT string_agg(method || ' ' || state || ' ' ||"
	         " coalesce(why, '-'), ', ' ORDER BY address) FROM answer"),
	    "abusix found -, abusix found -, abusix none no such name, "
	    "abusix failed no such name, settings refused ours");
	assert_string_equal(
	    world_word("SELECT array_to_string(mailboxes, ' ') || '|' || said"
	         " FROM answer WHERE address = '203.0.113.1'"),
	    "A@isp.example b@isp.example|A@isp.example,b@isp.example \"\\{}");
	assert_int_equal(world_claim(db).n, 0);
	/* asked again, another spelling: still the one contact, no number of
	 * contacts used up */
	world_run("UPDATE source SET next_ask = now()");
	c = world_claim(db);
	assert_int_equal(record(&c, r, 2), 2);
	found(&r[0], "203.0.113.3", "x@isp.example", "x@isp.example");
	assert_int_equal(record(&c, r, 1), 1);
	assert_int_equal(world_number("SELECT max(contact) FROM contact"), 2);
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
	world_add_event("203.0.113.1", KIND_AUTH_FAILURE, false, 1);
	(void)world_count(100);
	c = world_claim(db);
	found(&r, "203.0.113.1", "a@isp.example", "a@isp.example");
	assert_int_equal(record(&c, &r, 1), 1);
	until = world_number("SELECT us(fresh_until) FROM source");
	world_run("UPDATE source SET next_ask = now()");
	c = world_claim(db);
	assert_true(c.at[0].before.found);
	assert_string_equal(c.at[0].before.method, "abusix");
	assert_int_equal(c.at[0].before.fresh_until_us, until);
	assert_true(c.at[0].before.now_us < until);
	settled(&r, "203.0.113.1", "rdap", &failed, "failed");
	r.after.kept = true;
	r.after.stale_s = 100;
	r.after.tries = 1;
	assert_int_equal(record(&c, &r, 1), 1);
	assert_string_equal(world_word("SELECT state || method FROM source"),
	    "foundabusix");
	assert_int_equal(world_number("SELECT us(fresh_until) FROM source"),
	    until + 100000000);
	assert_int_equal(world_number("SELECT tries FROM source"), 1);
	assert_string_equal(
	    world_word("SELECT state FROM answer ORDER BY answer DESC LIMIT 1"),
	    "failed");
	world_run("UPDATE source SET next_ask = now()");
	c = world_claim(db);
	r.after.kept = false;
	assert_int_equal(record(&c, &r, 1), 1);
	assert_string_equal(world_word("SELECT state FROM source"), "failed");
	assert_int_equal(world_number("SELECT contact FROM source"), -1);
}

/* An answer that comes when the lease has gone to another changes nothing. */
static void
test_late_answer(void **state)
{
	struct lookup_case r;
	struct lookup_claims late, c;

	(void)state;
	found(&r, "203.0.113.1", "a@isp.example", "a@isp.example");
	world_add_event("203.0.113.1", KIND_AUTH_FAILURE, false, 1);
	(void)world_count(100);
	late = world_claim(db);
	world_run("UPDATE source SET lease_until = now()");
	c = world_claim(other);
	assert_int_equal(c.n, 1);
	assert_int_equal(record(&late, &r, 1), 0);
	assert_string_equal(world_word("SELECT state FROM source"), "new");
	assert_int_equal(world_number("SELECT count(*) FROM answer"), 0);
	assert_int_equal(record(&c, &r, 1), 1);
}

/* ---- the other sources ---- */

/* The longest prefix wins, in both tables and families. */
static void
test_claim_brings_what_tables_say(void **state)
{
	struct lookup_claims c;

	(void)state;
	world_run("INSERT INTO contact (key, mailbox) VALUES ('a@x.example',"
	    " 'A@x.example'), ('b@x.example', 'b@x.example')");
	world_run("INSERT INTO contact_prefix (prefix, contact) VALUES"
	    " ('203.0.0.0/8', 1), ('203.0.113.0/24', 2),"
	    " ('203.0.113.64/26', 1), ('2001:db8::/32', 2)");
	world_run("INSERT INTO bootstrap VALUES"
	    " ('203.0.0.0/8', 'https://r/a/'),"
	    " ('203.0.113.0/25', 'https://r/b/'), ('::/0', 'https://r/c/')");
	world_run("INSERT INTO rdap_server VALUES"
	    " ('https://r/b/', now() + '1 h'),"
	    " ('https://r/c/', now() - interval '1 s')");
	world_add_event("203.0.113.1", KIND_AUTH_FAILURE, false, 3);
	world_add_event("203.0.113.65", KIND_AUTH_FAILURE, false, 2);
	world_add_event("203.1.0.1", KIND_AUTH_FAILURE, false, 1);
	world_add_event("2001:db8::1", KIND_AUTH_FAILURE, false, 1);
	world_add_event("192.0.2.1", KIND_AUTH_FAILURE, false, 1);
	(void)world_count(100);
	c = world_claim(db);
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
	return (struct ask_answer){.address = world_addr_of(address),
	    .method = ASK_RDAP, .state = ASK_FOUND,
	    .mailboxes = {text_of(mailbox)}, .mailboxes_n = 1,
	    .network = {.first = world_addr_of(first),
	        .last = world_addr_of(last),
	        .handle = TEXT("NET"), .country = "NL"}};
}

/* Which contact the stored ranges give an address. */
static const char *
range_of(const char *address)
{
	struct lookup_case k = {.address = world_addr_of(address)}, *list = &k;

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
	    {"203.0.113.4", "wide@x.example"},
	    {"203.0.113.5", "thin@x.example"},
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
		world_add_event(in[i][0], KIND_AUTH_FAILURE, false, 1);
	}
	(void)world_count(100);
	c = world_claim(db);
	for (size_t i = 0; i < 3; i++) {
		settled(&r[i], in[i][0], "rdap", &answer[i], "found");
		r[i].said[0].key = r[i].said[0].mailbox = in[i][3];
		r[i].said[0].fresh_s = r[i].after.fresh_s = 600;
	}
	/* two cases of one batch may have two ranges, and one address only
	 * one row */
	r[1].address = world_addr_of("203.0.113.10");
	world_add_event("203.0.113.10", KIND_AUTH_FAILURE, false, 1);
	assert_int_equal(record(&c, r, 3), 2);
	for (size_t i = 0; i < sizeof want / sizeof want[0]; i++)
		assert_string_equal(range_of(want[i][0]), want[i][1]);
	assert_int_equal(world_number("SELECT count(*) FROM source s"
	                        " JOIN network w"
	                        " USING (network) WHERE s.country = 'NL' AND"
	                        " s.address BETWEEN w.first AND w.last"),
	    2);
	/* asked again: one row a range, with what is newest */
	answer[0].mailboxes[0] = TEXT("new@x.example");
	world_run("UPDATE source SET next_ask = now()");
	c = world_claim(db);
	assert_int_equal(record(&c, r, 1), 1);
	assert_string_equal(range_of("203.0.112.0"), "new@x.example");
	assert_int_equal(world_number("SELECT count(*) FROM network"), 3);
	world_run("UPDATE network SET fresh_until = now() WHERE first ="
	    " '203.0.113.5'");
	assert_string_equal(range_of("203.0.113.9"), "new@x.example");
	world_run("UPDATE network SET fresh_until = now()");
	assert_string_equal(range_of("203.0.113.9"), "");
}

/* Who announces it is kept; a server that wants a pause has it noted; what
 * was merged goes to the other. */
static void
test_record_the_rest(void **state)
{
	struct ask_origin origin = {.known = true, .asn = 4200000000,
	    .route = {world_addr_of("203.0.113.0"), 24}, .country = "SE"};
	struct ask_answer later = {.state = ASK_FAILED, .later_s = 500};
	struct lookup_case r[2];
	struct lookup_claims c;

	(void)state;
	world_run("INSERT INTO contact (key, mailbox) VALUES"
	    " ('one@x.example', 'one@x.example'),"
	    " ('two@x.example', 'two@x.example')");
	world_run("UPDATE contact SET merged_into = 1 WHERE contact = 2");
	world_add_event("203.0.113.1", KIND_AUTH_FAILURE, false, 1);
	world_add_event("203.0.113.2", KIND_AUTH_FAILURE, false, 1);
	(void)world_count(100);
	c = world_claim(db);
	found(&r[0], "203.0.113.1", "two@x.example", "two@x.example");
	r[0].origin = &origin;
	settled(&r[1], "203.0.113.2", "rdap", &later, "failed");
	r[1].base = "https://r/";
	assert_int_equal(record(&c, r, 2), 2);
	assert_string_equal(
	    world_word("SELECT contact || ' ' || asn || ' ' || route || ' ' ||"
	         " country || ' ' || net FROM source WHERE state = 'found'"),
	    "1 4200000000 203.0.113.0/24 SE 203.0.113.0/24");
	assert_int_equal(world_number("SELECT contact FROM answer"
	                        " WHERE state = 'found'"), 1);
	assert_int_equal(world_number("SELECT count(*) FROM rdap_server WHERE"
	                        " not_before BETWEEN now() + '490 s' AND"
	                        " now() + '500 s'"), 1);
}

static void
test_refusals_and_dead(void **state)
{
	struct settle_rules rules;
	struct lookup_case k = {.address = world_addr_of("203.0.113.1")};
	struct lookup_case *list = &k;
	bool ripe = false;

	(void)state;
	assert_int_equal(lookup_rows_refusals(db, arena, &rules), DB_OK);
	for (size_t i = 0; i < rules.refusals_n; i++)
		ripe |= strcmp(rules.refusals[i].pattern, "@ripe.net") == 0;
	assert_true(ripe);
	world_run("INSERT INTO contact (key, mailbox, dead) VALUES"
	    " ('a@isp.example', 'a@isp.example', now()),"
	    " ('b@isp.example', 'b@isp.example', NULL),"
	    " ('c@isp.example', 'c@isp.example', now())");
	(void)case_said(&k, "abusix", &said);
	assert_int_equal(lookup_rows_dead(db, arena, world_conf(), &list, 1,
	                     &rules), DB_OK);
	assert_int_equal(rules.suspended_n, 1);
	assert_string_equal(rules.suspended[0].pattern, "a@isp.example");
	assert_string_equal(rules.suspended[0].why,
	    "mail to this mailbox comes back");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_record, world_fresh),
	    cmocka_unit_test_setup(test_record_kept, world_fresh),
	    cmocka_unit_test_setup(test_late_answer, world_fresh),
	    cmocka_unit_test_setup(test_claim_brings_what_tables_say,
	        world_fresh),
	    cmocka_unit_test_setup(test_ranges, world_fresh),
	    cmocka_unit_test_setup(test_record_the_rest, world_fresh),
	    cmocka_unit_test_setup(test_refusals_and_dead, world_fresh),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
