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
	    "TRUNCATE report, report_source, contact RESTART IDENTITY CASCADE;"
	    "INSERT INTO contact (key, mailbox) VALUES"
	    " ('abuse@isp.example', 'abuse@isp.example');"
	    "INSERT INTO report (uuid, contact, state, upto, sources, events,"
	    " first, last, recipient, subject, message_id, mail) VALUES"
	    " ('4f0c8a52-19d7-4c0e-9b1a-0a5d3e6f7788', 1, 'ready', 1, 1, 1,"
	    " now(), now(), 'abuse@isp.example', 's', 'm@x', '\\x00ff0d0a');"
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

static struct deliver_claim
claim(struct fixture *f)
{
	struct deliver_claim c;
	struct text mail = {0};

	assert_int_equal(deliver_rows_claim(f->db, f->a, &f->conf, 1, "plan",
	                     &c, &mail), DB_OK);
	if (c.report != 0) {
		assert_int_equal(mail.n, 4);
		assert_memory_equal(mail.at, "\0\xff\r\n", 4);
	}
	return c;
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
next_leaves_what_may_not_go(void **state)
{
	struct fixture *f = *state;
	struct deliver_next n;
	const char *why;
	struct prefix own_net;

	world(f);
	assert_int_equal(deliver_rows_next(f->db, f->a, &f->conf, &n), DB_OK);
	assert_int_equal(n.report, 1);
	assert_string_equal(n.recipient, "abuse@isp.example");
	assert_int_equal(n.unreportable.family, 0);
	assert_true(prefix_parse("203.0.113.7", &own_net, &why));
	prefixes_add(f->a, &f->conf.filter_own, own_net);
	assert_int_equal(deliver_rows_next(f->db, f->a, &f->conf, &n), DB_OK);
	assert_int_equal(n.unreportable.family, 4);
	f->conf.filter_own.n = 0;
	assert_int_equal(deliver_rows_hold(f->db, f->a, 1, "why"), DB_OK);
	assert_string_equal(state_of_report(f), "held");
	assert_int_equal(deliver_rows_next(f->db, f->a, &f->conf, &n), DB_OK);
	assert_int_equal(n.report, 0);
}

static void
put_off(void **state)
{
	struct fixture *f = *state;
	struct deliver_next n;

	world(f);
	assert_int_equal(deliver_rows_put_off(f->db, f->a, 1), DB_OK);
	assert_string_equal(state_of_report(f), "ready later");
	assert_int_equal(deliver_rows_next(f->db, f->a, &f->conf, &n), DB_OK);
	assert_int_equal(n.report, 0);
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
	assert_int_equal(deliver_rows_move(f->db, f->a, &list[0].claim,
	                     DELIVER_MOVE_BACK, "x"), DB_OK);
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
		assert_int_equal(deliver_rows_move(f->db, f->a, &c,
		                     table[i].move, "x"), DB_OK);
		assert_string_equal(state_of_report(f), table[i].state);
	}
}

/* A claim that was resolved and claimed anew is not ended by the old one. */
static void
old_token_moves_nothing(void **state)
{
	struct fixture *f = *state;
	struct deliver_claim old, new;

	world(f);
	old = claim(f);
	assert_int_equal(deliver_rows_move(f->db, f->a, &old,
	                     DELIVER_MOVE_BACK, "x"), DB_OK);
	new = claim(f);
	assert_string_not_equal(old.token, new.token);
	assert_int_equal(deliver_rows_move(f->db, f->a, &old,
	                     DELIVER_MOVE_BACK, "x"), DB_OK);
	assert_string_equal(state_of_report(f), "sending quiet");
	/* what we know is better than unknown */
	assert_int_equal(deliver_rows_move(f->db, f->a, &new,
	                     DELIVER_MOVE_UNKNOWN, "x"), DB_OK);
	assert_int_equal(deliver_rows_move(f->db, f->a, &new,
	                     DELIVER_MOVE_SENT, "x"), DB_OK);
	assert_string_equal(state_of_report(f), "sent quiet");
	/* and nothing moves what was sent */
	assert_int_equal(deliver_rows_move(f->db, f->a, &new,
	                     DELIVER_MOVE_LATER, "x"), DB_OK);
	assert_string_equal(state_of_report(f), "sent quiet");
}

/* The constraint under the statements: two quiet times cannot overlap. */
static void
the_week_is_a_constraint(void **state)
{
	struct fixture *f = *state;
	struct deliver_claim c;
	struct text mail;

	world(f);
	assert_int_equal(db_script(f->owner,
	    "INSERT INTO report (uuid, contact, state, upto, sources, events,"
	    " first, last, recipient, subject, message_id, mail, quiet) SELECT"
	    " '00000000-19d7-4c0e-9b1a-0a5d3e6f7788', contact, 'sent', upto,"
	    " sources, events, first, last, recipient, subject, 'm2@x', mail,"
	    " tstzrange(now() - interval '6 days', now() + interval '1 day')"
	    " FROM report"), DB_OK);
	assert_int_equal(deliver_rows_claim(f->db, f->a, &f->conf, 1, "plan",
	                     &c, &mail), DB_CONFLICT);
	assert_int_equal(c.report, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_name_belongs_to_one_session),
	    cmocka_unit_test(next_leaves_what_may_not_go),
	    cmocka_unit_test(put_off),
	    cmocka_unit_test(one_claim),
	    cmocka_unit_test(each_move),
	    cmocka_unit_test(old_token_moves_nothing),
	    cmocka_unit_test(the_week_is_a_constraint),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
