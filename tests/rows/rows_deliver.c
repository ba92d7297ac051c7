/* Protects deliver's statements against a real PostgreSQL, as deliver's own
 * role: a name belongs to one session, a claim to one claimer, and only the
 * claim's own token ends it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/conf.h"
#include "hub/db.h"
#include "hub/deliver/deliver_rows.h"
#include "proto/base/arena.h"

struct fixture {
	struct arena *a;
	struct hub_conf conf;
	struct db *db, *other, *owner;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	bool hopeless;

	assert_non_null(f);
	f->a = arena_open(0);
	f->conf = *hub_conf_load(NULL, f->a);
	f->conf.hub_name = "hub1";
	f->conf.filter_unreportable.n = 0;
	f->conf.database_connect = getenv("PLAINTIFF_TEST_CONNECT");
	f->conf.database_owner = "postgres";
	assert_non_null(f->conf.database_connect);
	f->db = db_open(&f->conf, "deliver", &hopeless);
	f->other = db_open(&f->conf, "deliver", &hopeless);
	f->owner = db_open_owner(&f->conf);
	assert_non_null(f->db);
	assert_non_null(f->other);
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
	db_close(f->owner);
	arena_close(f->a);
	free(f);
	return 0;
}

/* One ready report, number 1. */
static void
world(struct fixture *f)
{
	assert_int_equal(db_script(f->owner,
	    "TRUNCATE report, report_mail, report_source, contact"
	    " RESTART IDENTITY CASCADE;"
	    "INSERT INTO contact (key, mailbox) VALUES"
	    " ('abuse@isp.example', 'abuse@isp.example');"
	    "INSERT INTO report (uuid, contact, state, upto, sources, events,"
	    " first, last, recipient, subject) VALUES"
	    " ('4f0c8a52-19d7-4c0e-9b1a-0a5d3e6f7788', 1, 'ready', 1, 1, 1,"
	    " now(), now(), 'abuse@isp.example', 's');"
	    "INSERT INTO report_mail (report, n, subject, message_id, mail)"
	    " VALUES (1, 1, 's', 'm@x', '\\x00ff0d0a');"
	    "INSERT INTO report_source VALUES (1, '203.0.113.7', 1, now(),"
	    " now(), 0, 1)"), DB_OK);
}

static const char *
state_of_report(struct fixture *f)
{
	struct db_rows *rows;
	const char *s;

	assert_int_equal(db_query(f->owner,
	    "SELECT state || CASE WHEN quiet IS NULL THEN '' ELSE ' quiet' END"
	    " || CASE WHEN tries > 0 THEN ' tried' ELSE '' END"
	    " || CASE WHEN next_try > now() THEN ' later' ELSE '' END"
	    " FROM report", NULL, &rows), DB_OK);
	s = arena_string(f->a, db_string(rows, 0, 0));
	db_rows_free(rows);
	return s;
}

static enum deliver_own
own(struct fixture *f, struct db *db, const char *name)
{
	enum deliver_own result;

	assert_int_equal(deliver_rows_own(db, f->a, name, &result), DB_OK);
	return result;
}

/* A turn of nothing but a claim. */
static struct deliver_batch
take(struct fixture *f, size_t most)
{
	const struct deliver_terms terms = {.most = most, .plan = "plan",
	    .log_from = "there"};
	struct deliver_batch batch;

	assert_int_equal(deliver_rows_turn(f->db, f->a, &f->conf, NULL, 0,
	                     &terms, &batch), DB_OK);
	return batch;
}

/* The claim of the world's one mail; report 0: there was none. */
static struct deliver_claim
claim(struct fixture *f)
{
	struct deliver_batch batch = take(f, 1);

	if (batch.n == 0)
		return (struct deliver_claim){0};
	assert_int_equal(batch.mails[0].mail.n, 4);
	assert_memory_equal(batch.mails[0].mail.at, "\0\xff\r\n", 4);
	assert_string_equal(batch.mails[0].recipient, "abuse@isp.example");
	assert_null(batch.mails[0].sender);
	return batch.mails[0].claim;
}

/* A turn of nothing but an end. */
static void
end(struct fixture *f, const struct deliver_claim *claim,
    enum deliver_move move)
{
	struct deliver_end e = {.claim = *claim, .move = move, .said = "x",
	    .refused = move == DELIVER_MOVE_FAILED, .status = "5.1.1"};
	struct deliver_batch none;

	assert_int_equal(deliver_rows_turn(f->db, f->a, &f->conf, &e, 1,
	                     &(struct deliver_terms){0}, &none), DB_OK);
	assert_int_equal(none.n, 0);
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

static void
a_name_belongs_to_one_session(void **state)
{
	struct fixture *f = *state;
	bool hopeless;

	assert_int_equal(own(f, f->db, "hub1"), DELIVER_OWN_TAKEN);
	assert_int_equal(own(f, f->db, "hub1"), DELIVER_OWN_HELD);
	assert_int_equal(own(f, f->other, "hub1"), DELIVER_OWN_BUSY);
	assert_int_equal(own(f, f->other, "hub2"), DELIVER_OWN_TAKEN);
	assert_int_equal(own(f, f->other, "hub1"), DELIVER_OWN_BUSY);
	/* its end sets it free */
	db_close(f->db);
	f->db = db_open(&f->conf, "deliver", &hopeless);
	assert_non_null(f->db);
	for (int i = 0; i < 1000 && own(f, f->other, "hub1") ==
	        DELIVER_OWN_BUSY; i++)
		;
	assert_int_equal(own(f, f->other, "hub1"), DELIVER_OWN_HELD);
}

static void
what_must_not_go_is_held(void **state)
{
	struct fixture *f = *state;
	struct deliver_batch batch;
	const char *why;
	struct prefix own_net;

	world(f);
	assert_true(prefix_parse("203.0.113.7", &own_net, &why));
	prefixes_add(f->a, &f->conf.filter_own, own_net);
	batch = take(f, 4);
	f->conf.filter_own.n = 0;
	assert_int_equal(batch.n, 0);
	assert_int_equal(batch.held_count, 1);
	assert_int_equal(batch.held[0].report, 1);
	assert_int_equal(batch.held[0].address.family, 4);
	assert_string_equal(state_of_report(f), "held");
	assert_int_equal(number(f, "SELECT count(*) FROM report_mail"
	                           " WHERE state = 'ready'"), 1);
	assert_int_equal(take(f, 4).n, 0);
}

/* Some of it has gone already: it cannot be held, its rest never goes. */
static void
the_rest_must_not_go(void **state)
{
	struct fixture *f = *state;
	struct deliver_claim c;

	world(f);
	assert_int_equal(db_script(f->owner,
	    "INSERT INTO report_mail (report, n, subject, message_id, mail)"
	    " VALUES (1, 2, 's', 'm2@x', '\\x02')"), DB_OK);
	c = claim(f);
	end(f, &c, DELIVER_MOVE_SENT);
	assert_string_equal(state_of_report(f), "sending quiet");
	assert_int_equal(db_script(f->owner,
	    "INSERT INTO agent (name, key) VALUES ('mx', repeat('k', 40));"
	    "INSERT INTO agent_address SELECT agent, '203.0.113.7' FROM agent"),
	    DB_OK);
	assert_int_equal(take(f, 4).held_count, 1);
	assert_string_equal(state_of_report(f), "sent quiet");
	assert_int_equal(number(f, "SELECT count(*) FROM report_mail"
	                           " WHERE state = 'failed'"), 1);
	assert_int_equal(db_script(f->owner, "TRUNCATE agent CASCADE"), DB_OK);
}

/* A claim says when it left mails of a report behind, and one that is not to
 * look for such finds none. */
static void
what_is_left(void **state)
{
	struct deliver_terms terms = {.most = 1, .plan = "plan"};
	struct fixture *f = *state;
	struct deliver_batch batch;

	world(f);
	assert_int_equal(db_script(f->owner,
	    "INSERT INTO report_mail (report, n, subject, message_id, mail)"
	    " SELECT 1, n, 's', 'm' || n || '@x', '\\x02'"
	    " FROM generate_series(2, 4) n"), DB_OK);
	for (int i = 0; i < 4; i++) {
		static const struct {
			size_t most;
			bool fresh_only;
			size_t n;
			bool rest;
		} table[] = {{1, true, 1, true}, {1, true, 0, false},
		    {1, false, 1, true}, {4, false, 2, false}};

		terms.most = table[i].most;
		terms.fresh_only = table[i].fresh_only;
		assert_int_equal(deliver_rows_turn(f->db, f->a, &f->conf, NULL,
		                     0, &terms, &batch), DB_OK);
		assert_int_equal(batch.n, table[i].n);
		assert_int_equal(batch.rest, table[i].rest);
	}
}

static void
put_off(void **state)
{
	struct fixture *f = *state;

	world(f);
	assert_int_equal(deliver_rows_put_off(f->db, f->a), DB_OK);
	assert_string_equal(state_of_report(f), "ready later");
	assert_int_equal(claim(f).report, 0);
}

static void
one_claim(void **state)
{
	struct fixture *f = *state;
	struct deliver_left *list;
	size_t n;

	world(f);
	assert_int_equal(claim(f).report, 1);
	assert_string_equal(state_of_report(f), "sending quiet");
	assert_int_equal(claim(f).report, 0);
	assert_int_equal(deliver_rows_left(f->db, f->a, "hub2", &list, &n),
	    DB_OK);
	assert_int_equal(n, 0);
	assert_int_equal(deliver_rows_left(f->db, f->a, "hub1", &list, &n),
	    DB_OK);
	assert_int_equal(n, 1);
	assert_string_equal(list[0].plan, "plan");
	assert_string_equal(list[0].uuid,
	    "4f0c8a52-19d7-4c0e-9b1a-0a5d3e6f7788");
	end(f, &list[0].claim, DELIVER_MOVE_BACK);
	assert_string_equal(state_of_report(f), "ready");
}

static void
each_move(void **state)
{
	static const struct {
		enum deliver_move move;
		const char *state;
	} table[] = {
	    {DELIVER_MOVE_SENT, "sent quiet"},
	    {DELIVER_MOVE_LATER, "ready tried later"},
	    {DELIVER_MOVE_BACK, "ready"},
	    {DELIVER_MOVE_FAILED, "failed"},
	    {DELIVER_MOVE_UNKNOWN, "unknown quiet"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct deliver_claim c;

		world(f);
		c = claim(f);
		end(f, &c, table[i].move);
		assert_string_equal(state_of_report(f), table[i].state);
	}
}

static void
refused_is_noted_with_the_contact(void **state)
{
	struct fixture *f = *state;
	struct deliver_claim c;

	world(f);
	c = claim(f);
	end(f, &c, DELIVER_MOVE_FAILED);
	assert_int_equal(number(f, "SELECT count(*) FROM contact_event WHERE"
	    " contact = 1 AND what = 'refused' AND report = 1"
	    " AND status = '5.1.1' AND said = 'x'"), 1);
}

/* A report of three mails is what its mails are. */
static void
sum_of_several(void **state)
{
	static const enum deliver_move of[] = {['S'] = DELIVER_MOVE_SENT,
	    ['L'] = DELIVER_MOVE_LATER, ['F'] = DELIVER_MOVE_FAILED,
	    ['U'] = DELIVER_MOVE_UNKNOWN};
	static const struct {
		const char *moves; /* one of each mail */
		const char *state;
	} table[] = {
	    {"SSS", "sent quiet"},
	    {"SFS", "sent quiet"},
	    {"FFF", "failed"},
	    {"LFL", "ready tried later"},
	    {"SLF", "sending quiet tried later"},
	    {"SUL", "sending quiet tried later"},
	    {"SUS", "unknown quiet"},
	    {"FUF", "unknown quiet"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct deliver_batch batch;

		world(f);
		assert_int_equal(db_script(f->owner,
		    "INSERT INTO report_mail (report, n, subject, message_id,"
		    " mail) VALUES (1, 2, 's', 'm2@x', ''), (1, 3, 's',"
		    " 'm3@x', '')"), DB_OK);
		/* two are in hand, the third waits: nothing is over */
		batch = take(f, 2);
		assert_int_equal(batch.n, 2);
		end(f, &batch.mails[0].claim,
		    of[(unsigned char)table[i].moves[0]]);
		assert_string_equal(state_of_report(f),
		    table[i].moves[0] == 'L'
		        ? "sending quiet tried later" : "sending quiet");
		end(f, &batch.mails[1].claim,
		    of[(unsigned char)table[i].moves[1]]);
		assert_int_equal(db_script(f->owner,
		    "UPDATE report SET next_try = now(), tries = 0"), DB_OK);
		batch = take(f, 2);
		for (size_t k = 0; k < batch.n; k++) {
			const char *moves = table[i].moves;
			struct deliver_claim *c = &batch.mails[k].claim;

			end(f, c, of[(unsigned char)moves[c->n - 1]]);
		}
		assert_string_equal(state_of_report(f), table[i].state);
		assert_int_equal(number(f, "SELECT sum(remainder)"
		    " FROM report_balance WHERE item LIKE '%mails'"), 0);
	}
}

/* One transaction ends what is over and claims what comes next. */
static void
ends_with_new_claims(void **state)
{
	const struct deliver_terms terms = {.most = 4, .plan = "plan"};
	struct fixture *f = *state;
	struct deliver_end e = {.move = DELIVER_MOVE_SENT, .said = "250"};
	struct deliver_batch batch;

	world(f);
	e.claim = claim(f);
	assert_int_equal(db_script(f->owner,
	    "INSERT INTO contact (key, mailbox) SELECT 'k' || n, 'm' || n"
	    " FROM generate_series(2, 9) n;"
	    "INSERT INTO report (uuid, contact, state, upto, sources, events,"
	    " first, last, recipient, subject) SELECT gen_random_uuid(), n,"
	    " 'ready', 1, 1, 1, now(), now(), 'm' || n, 's'"
	    " FROM generate_series(2, 9) n;"
	    "INSERT INTO report_mail (report, n, subject, message_id, mail,"
	    " sender) SELECT report, 1, 's', report, '', 'v@x' FROM report"
	    " WHERE report > 1"), DB_OK);
	assert_int_equal(deliver_rows_turn(f->db, f->a, &f->conf, &e, 1,
	                     &terms, &batch), DB_OK);
	assert_int_equal(batch.n, 4);
	assert_string_equal(batch.mails[0].sender, "v@x");
	assert_int_equal(number(f, "SELECT count(*) FROM report WHERE"
	                           " state = 'sending'"), 4);
	assert_int_equal(number(f, "SELECT count(*) FROM report WHERE"
	                           " state = 'sent'"), 1);
}

/* A claim that was resolved and claimed anew is not ended by the old one. */
static void
old_token_moves_nothing(void **state)
{
	struct fixture *f = *state;
	struct deliver_claim old, new;

	world(f);
	old = claim(f);
	end(f, &old, DELIVER_MOVE_BACK);
	new = claim(f);
	assert_string_not_equal(old.token, new.token);
	end(f, &old, DELIVER_MOVE_BACK);
	assert_string_equal(state_of_report(f), "sending quiet");
	/* what we know is better than unknown */
	end(f, &new, DELIVER_MOVE_UNKNOWN);
	end(f, &new, DELIVER_MOVE_SENT);
	assert_string_equal(state_of_report(f), "sent quiet");
	/* and nothing moves what was sent */
	end(f, &new, DELIVER_MOVE_LATER);
	assert_string_equal(state_of_report(f), "sent quiet");
}

/* The constraint under the statements: two quiet times cannot overlap. */
static void
the_week_is_a_constraint(void **state)
{
	struct fixture *f = *state;

	world(f);
	assert_int_equal(claim(f).report, 1);
	assert_int_equal(db_script(f->owner,
	    "INSERT INTO report (uuid, contact, state, upto, sources, events,"
	    " first, last, recipient, subject, quiet) SELECT"
	    " '00000000-19d7-4c0e-9b1a-0a5d3e6f7788', contact, 'sent', upto,"
	    " sources, events, first, last, recipient, subject,"
	    " tstzrange(now() - interval '6 days', now() + interval '1 day')"
	    " FROM report"), DB_REFUSED);
	/* and no claim tries to pass it */
	world(f);
	assert_int_equal(db_script(f->owner,
	    "INSERT INTO report (uuid, contact, state, upto, sources, events,"
	    " first, last, recipient, subject, quiet) SELECT"
	    " '00000000-19d7-4c0e-9b1a-0a5d3e6f7788', contact, 'sent', upto,"
	    " sources, events, first, last, recipient, subject,"
	    " tstzrange(now() - interval '6 days', now() + interval '1 day')"
	    " FROM report"), DB_OK);
	assert_int_equal(claim(f).report, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_name_belongs_to_one_session),
	    cmocka_unit_test(what_must_not_go_is_held),
	    cmocka_unit_test(the_rest_must_not_go),
	    cmocka_unit_test(what_is_left),
	    cmocka_unit_test(put_off),
	    cmocka_unit_test(one_claim),
	    cmocka_unit_test(each_move),
	    cmocka_unit_test(refused_is_noted_with_the_contact),
	    cmocka_unit_test(sum_of_several),
	    cmocka_unit_test(ends_with_new_claims),
	    cmocka_unit_test(old_token_moves_nothing),
	    cmocka_unit_test(the_week_is_a_constraint),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
