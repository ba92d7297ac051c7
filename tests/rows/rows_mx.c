/* Protects the cap by mail host: each contact has the host of its domain,
 * whenever either was found; a failure changes nothing and waits longer each
 * time; each domain is asked for by one lookup. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/conf.h"
#include "hub/lookup/case.h"
#include "hub/lookup/mx_rows.h"
#include "hub/lookup/refusal.h"
#include "hub/lookup/settle.h"
#include "proto/base/arena.h"
#include "tests/rows/lookup_world.h"

static void
add_contact(const char *key)
{
	world_run(arena_printf(arena, "INSERT INTO contact (key, mailbox)"
	                              " VALUES ('%s', '%s')", key, key));
}

static struct mx_claims
claim(struct db *session)
{
	struct mx_claims c;

	assert_int_equal(mx_rows_claim(session, arena, 60000, &c), DB_OK);
	return c;
}

/* One answer for all domains of the claim. */
static void
record(struct db *session, const struct mx_claims *c, enum ask_state state,
    const char *host)
{
	struct ask_host *hosts = arena_array(arena, c->ask->n + 1,
	    sizeof *hosts);

	for (size_t i = 0; i < c->ask->n; i++)
		hosts[i] = (struct ask_host){.domain = c->ask->at[i],
		    .state = state, .host = host,
		    .why = state == ASK_FAILED ? TEXT("no answer")
		                               : (struct text){0}};
	assert_int_equal(mx_rows_record(session, arena, world_conf(), c,
	                     hosts), DB_OK);
}

static void
due(void)
{
	world_run("UPDATE mail_domain SET next_ask = now()");
}

static void
test_each_domain_once(void **state)
{
	struct mx_claims c;

	(void)state;
	assert_int_equal(claim(db).ask->n, 0);
	add_contact("a@isp.example");
	add_contact("b@isp.example");
	add_contact("c@xn--bcher-kva.example");
	c = claim(db);
	assert_int_equal(c.ask->n, 2);
	assert_int_equal(claim(other).ask->n, 0);
	assert_int_equal(claim(db).ask->n, 0);
	record(db, &c, ASK_FOUND, "mx.big.example");
	assert_int_equal(claim(db).ask->n, 0);
	assert_int_equal(world_number("SELECT count(*) FROM contact"
	                        " WHERE mx = 'mx.big.example'"), 3);
	assert_int_equal(world_number("SELECT count(*) FROM mail_domain WHERE"
	                        " next_ask BETWEEN now() + '27 days' AND"
	                        " now() + '28 days'"), 2);
	/* a contact that comes later has it at once */
	add_contact("d@isp.example");
	assert_int_equal(claim(db).ask->n, 0);
	assert_string_equal(world_word("SELECT mx FROM contact"
	                          " WHERE key = 'd@isp.example'"),
	    "mx.big.example");
	/* another host, later */
	due();
	c = claim(db);
	record(db, &c, ASK_FOUND, "mx.other.example");
	assert_int_equal(world_number("SELECT count(*) FROM contact"
	                        " WHERE mx = 'mx.other.example'"), 4);
}

static void
test_failures(void **state)
{
	static const int64_t waits[] = {60, 120, 240, 480};
	struct mx_claims c;

	(void)state;
	add_contact("a@isp.example");
	for (size_t i = 0; i < 4; i++) {
		c = claim(db);
		record(db, &c, ASK_FAILED, "");
		assert_int_equal(world_number("SELECT round(extract(epoch FROM"
		                        " next_ask - now()))"
		                        " FROM mail_domain"), waits[i]);
		due();
	}
	assert_string_equal(world_word("SELECT state || ' ' || tries || ' ' ||"
	                          " why FROM mail_domain"), "new 4 no answer");
	world_run("UPDATE mail_domain SET tries = 60");
	c = claim(db);
	record(db, &c, ASK_FAILED, "");
	assert_int_equal(world_number("SELECT round(extract(epoch FROM next_ask"
	                        " - now())) FROM mail_domain"), 6 * 3600);
	due();
	c = claim(db);
	record(db, &c, ASK_FOUND, "mx.big.example");
	assert_int_equal(world_number("SELECT tries FROM mail_domain"
	                        " WHERE why IS NULL"), 0);
	due();
	c = claim(db);
	record(db, &c, ASK_FAILED, "");
	assert_string_equal(world_word("SELECT d.mx || ' ' || c.mx"
	                          " FROM mail_domain d, contact c"),
	    "mx.big.example mx.big.example");
}

/* An answer that comes when another has claimed the domain. */
static void
test_late(void **state)
{
	struct mx_claims late, c;

	(void)state;
	add_contact("a@isp.example");
	late = claim(db);
	world_run("UPDATE mail_domain SET lease_until = now()");
	c = claim(other);
	assert_int_equal(c.ask->n, 1);
	record(db, &late, ASK_FOUND, "mx.late.example");
	assert_int_equal(world_number("SELECT count(*) FROM contact"
	                        " WHERE mx IS NOT NULL"), 0);
	record(other, &c, ASK_FOUND, "mx.big.example");
	assert_string_equal(world_word("SELECT mx FROM contact"),
	    "mx.big.example");
}

/* Contacts that report has in hand are not waited for. */
static void
test_contact_in_hand(void **state)
{
	(void)state;
	add_contact("a@isp.example");
	add_contact("b@isp.example");
	world_run("BEGIN");
	world_run("SELECT FROM contact WHERE key = 'a@isp.example'"
	          " FOR UPDATE");
	assert_int_equal(claim(db).ask->n, 1);
	world_run("COMMIT");
	assert_int_equal(world_number("SELECT count(*) FROM contact"
	                        " WHERE mail_domain IS NULL"), 1);
	(void)claim(db);
	assert_int_equal(world_number("SELECT count(*) FROM contact"
	                        " WHERE mail_domain IS NULL"), 0);
}

/* What is no name would be no message to finder. */
static void
test_no_name(void **state)
{
	(void)state;
	add_contact("a@isp..example");
	assert_int_equal(claim(db).ask->n, 0);
}

static bool
is_dead(const char *mailbox, struct hub_conf *conf)
{
	struct settle_rules rules = {.suspended_n = 0};
	struct ask_answer answer = {.state = ASK_FOUND,
	    .mailboxes = {text_of(mailbox)}, .mailboxes_n = 1};
	struct lookup_case k = {.address = world_addr_of("203.0.113.1")};
	struct lookup_case *list = &k;

	(void)case_said(&k, "abusix", &answer);
	assert_int_equal(lookup_rows_dead(db, arena, conf, &list, 1, &rules),
	    DB_OK);
	if (rules.suspended_n == 0)
		return false;
	assert_string_equal(rules.suspended[0].pattern, mailbox);
	assert_string_equal(rules.suspended[0].why,
	    "its domain takes no mail");
	return true;
}

static void
add_source(const char *address, const char *key, const char *method)
{
	world_run(arena_printf(arena,
	    "INSERT INTO source (address, contact, state, method, asked,"
	    " fresh_until, first_seen, last_seen, next_ask) SELECT '%s',"
	    " contact, 'found', '%s', now(), now() + '1 day', now(), now(),"
	    " now() + '1 day' FROM contact WHERE key = '%s'", address, method,
	    key));
}

/* Nobody is mailed there, known as a contact or not, but by the
 * administrator's word. */
static void
test_takes_no_mail(void **state)
{
	struct hub_conf conf = *world_conf();
	struct mx_claims c;

	(void)state;
	add_contact("a@isp.example");
	add_contact("m@merged.example");
	add_contact("x@other.example");
	world_run("UPDATE contact SET merged_into = 1 WHERE contact = 2");
	add_source("203.0.113.1", "a@isp.example", "abusix");
	add_source("203.0.113.2", "a@isp.example", "administrator");
	add_source("203.0.113.3", "x@other.example", "abusix");
	c = claim(db);
	record(db, &c, ASK_FOUND, "mx.big.example");
	assert_false(is_dead("a@isp.example", &conf));
	assert_int_equal(mx_rows_drop(db), DB_OK);
	assert_int_equal(world_number("SELECT count(*) FROM source"
	                        " WHERE state = 'found'"), 3);
	world_run("UPDATE mail_domain SET next_ask = now()"
	          " WHERE domain = 'isp.example'");
	c = claim(db);
	assert_int_equal(c.ask->n, 1);
	record(db, &c, ASK_NONE, "");
	assert_int_equal(mx_rows_drop(db), DB_OK);
	assert_string_equal(world_word("SELECT string_agg(host(address) ||"
	                          " ' ' || state, ', ' ORDER BY address)"
	                          " FROM source"),
	    "203.0.113.1 new, 203.0.113.2 found, 203.0.113.3 found");
	assert_int_equal(world_number("SELECT count(*) FROM source WHERE"
	                        " next_ask <= now()"), 1);
	assert_true(is_dead("a@isp.example", &conf));
	assert_true(is_dead("new@isp.example", &conf));
	assert_true(is_dead("m@merged.example", &conf));
	assert_false(is_dead("x@other.example", &conf));
	assert_false(is_dead("y@nobody.example", &conf));
	conf.lookup_mx = false;
	assert_false(is_dead("a@isp.example", &conf));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_each_domain_once, world_fresh),
	    cmocka_unit_test_setup(test_failures, world_fresh),
	    cmocka_unit_test_setup(test_late, world_fresh),
	    cmocka_unit_test_setup(test_contact_in_hand, world_fresh),
	    cmocka_unit_test_setup(test_no_name, world_fresh),
	    cmocka_unit_test_setup(test_takes_no_mail, world_fresh),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
