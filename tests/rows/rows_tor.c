/* Protects what is stored of Tor's exits: one lookup fetches at a time, an
 * event is judged at its own time, what nobody knows waits and is counted,
 * and a broken zone or list makes nobody a no-exit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/db.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"
#include "tests/rows/tor_world.h"

#define X4 "203.0.113.7"
#define X6 "2001:db8::7"
#define Y4 "203.0.113.8"
#define Y6 "2001:db8::8"

enum { HOUR = 60, DAY = 1440 };

static struct tor_world w;

static int
clean(void **state)
{
	(void)state;
	tor_world_clean(&w);
	return 0;
}

/* A list with the exits X, in both families, or without. */
static void
list(int64_t newest_ago, bool with, int64_t seen_ago)
{
	const char *const all[] = {"198.51.100.1", X4, X6};
	const int64_t seen[] = {newest_ago, seen_ago, seen_ago};

	tor_world_list(&w, newest_ago, all, seen, with ? 3 : 1);
}

static void
expect(const char *v4, const char *v6, int64_t from_ago, int64_t upto_ago,
    const char *want)
{
	assert_string_equal(tor_world_verdict(&w, v4, from_ago, upto_ago),
	    want);
	assert_string_equal(tor_world_verdict(&w, v6, from_ago, upto_ago),
	    want);
}

static void
at(const char *v4, const char *v6, int64_t ago, const char *want)
{
	expect(v4, v6, ago, ago, want);
}

/* ---- the list ---- */

static struct tor_claim
claim(struct db *db)
{
	struct tor_claim c;

	assert_int_equal(tor_rows_claim(db, w.arena, &w.conf, 60000, &c),
	    DB_OK);
	return c;
}

static struct tor_state
state_now(void)
{
	struct tor_state s;

	assert_int_equal(tor_rows_state(w.lookup, w.arena, &s), DB_OK);
	return s;
}

static void
test_fetched_by_one(void **state)
{
	struct tor_claim c, late;
	struct tor_list l = {.timed = true};
	bool recorded;

	(void)state;
	assert_false(state_now().tried);
	c = claim(w.lookup);
	assert_true(c.due);
	assert_int_equal(c.limits.entries_min, w.conf.tor_entries_min);
	assert_false(claim(w.other).due);
	/* the first one died: after its lease another may */
	tor_world_run(&w, "UPDATE tor_fetch SET lease_until = now()");
	late = c;
	c = claim(w.other);
	assert_true(c.due);
	l.newest_us = c.limits.now_us;
	assert_int_equal(tor_rows_list(w.lookup, w.arena, &w.conf, &late, &l,
	                     &recorded), DB_OK);
	assert_false(recorded);
	assert_int_equal(tor_world_number(&w, "SELECT count(*) FROM tor_cover"),
	    0);
	assert_int_equal(tor_rows_list(w.other, w.arena, &w.conf, &c, &l,
	                     &recorded), DB_OK);
	assert_true(recorded);
	assert_false(claim(w.lookup).due);
	assert_int_equal(tor_world_number(&w, "SELECT extract(epoch FROM"
	                                      " next_try - fetched)::int / 60"
	                                      " FROM tor_fetch"),
	    60);
	assert_false(state_now().stale);
	/* switched off */
	tor_world_run(&w, "UPDATE tor_fetch SET next_try = now()");
	w.conf.tor_list = "";
	assert_false(claim(w.lookup).due);
	w.conf.tor_list = "https://lists.example/";
	assert_true(claim(w.lookup).due);
}

static void
test_failures(void **state)
{
	static const int64_t waits_s[] = {60, 120, 240, 480, 960, 1920, 3600,
	    3600};
	struct tor_claim c;

	(void)state;
	for (size_t i = 0; i < sizeof waits_s / sizeof waits_s[0]; i++) {
		c = tor_world_claim(&w);
		assert_int_equal(tor_rows_failed(w.lookup, w.arena, &w.conf,
		                     &c, "it is empty"), DB_OK);
		assert_int_equal(tor_world_number(&w,
		                     "SELECT extract(epoch FROM next_try -"
		                     " tried)::integer FROM tor_fetch"),
		    waits_s[i]);
		assert_false(claim(w.other).due);
	}
	assert_int_equal(state_now().tries, 8);
	assert_string_equal(state_now().why, "it is empty");
	assert_true(state_now().stale);
	assert_int_equal(state_now().newest_us, 0);
	/* a whole list is not half of the one before */
	list(0, true, 0);
	assert_string_equal(state_now().why, "");
	tor_world_run(&w, "UPDATE tor_fetch SET entries = 1400");
	assert_int_equal(tor_world_claim(&w).limits.entries_min, 700);
	tor_world_run(&w, "UPDATE tor_fetch SET fetched = now() - interval"
	                  " '25 hours'");
	assert_int_equal(tor_world_claim(&w).limits.entries_min,
	    w.conf.tor_entries_min);
	/* a scanner that stands still */
	list(5 * HOUR, true, 6 * HOUR);
	assert_false(state_now().stale);
	list(7 * HOUR, true, 7 * HOUR);
	assert_true(state_now().stale);
}

/* ---- verdicts ---- */

static void
test_was_then_is_not_now(void **state)
{
	(void)state;
	list(50 * HOUR, true, 50 * HOUR);
	list(24 * HOUR, true, 50 * HOUR); /* still listed, tested long ago */
	list(1 * HOUR, false, 0);
	at(X4, X6, 50 * HOUR, "exit");
	at(X4, X6, 47 * HOUR, "exit"); /* the margin */
	at(X4, X6, 46 * HOUR, "no");
	at(X4, X6, 20 * HOUR, "no");
	at(Y4, Y6, 50 * HOUR + 90, "no");
	expect(X4, X6, 46 * HOUR, 2 * HOUR, "no");
	expect(X4, X6, 48 * HOUR, 2 * HOUR, "exit");
	/* what the newest list cannot answer for yet */
	at(X4, X6, 2 * HOUR, "no");
	at(X4, X6, 2 * HOUR - 1, "unknown");
	expect(Y4, Y6, 10 * HOUR, HOUR, "unknown");
}

static void
test_is_now_was_not_then(void **state)
{
	(void)state;
	for (int64_t h = 40; h > 10; h--)
		list(h * HOUR, false, 0);
	list(10 * HOUR, true, 10 * HOUR);
	at(X4, X6, 10 * HOUR, "exit");
	/* since the list before, and the margin ahead of that */
	at(X4, X6, 12 * HOUR, "exit");
	at(X4, X6, 15 * HOUR, "exit");
	at(X4, X6, 15 * HOUR + 1, "no");
	at(X4, X6, 40 * HOUR, "no");
	at(X4, X6, 40 * HOUR + DAY + 1, "unknown");
	assert_int_equal(tor_world_number(&w, "SELECT count(*) FROM tor_cover"),
	    1);
}

/* The first list ever does not say since when somebody is an exit. */
static void
test_first_list(void **state)
{
	(void)state;
	list(1 * HOUR, true, 1 * HOUR);
	at(X4, X6, 20 * HOUR, "exit");
	at(X4, X6, 30 * HOUR, "unknown");
	at(Y4, Y6, 20 * HOUR, "no");
	at(Y4, Y6, 26 * HOUR, "unknown");
	expect(Y4, Y6, 26 * HOUR, 20 * HOUR, "unknown");
}

static void
test_gap_of_a_week(void **state)
{
	(void)state;
	list(10 * DAY, true, 10 * DAY);
	list(3 * DAY - HOUR, false, 0);
	list(2 * DAY, true, 2 * DAY);
	at(X4, X6, 10 * DAY, "exit");
	at(X4, X6, 9 * DAY, "unknown");
	at(X4, X6, 5 * DAY, "unknown");
	at(X4, X6, 4 * DAY - HOUR, "no");
	at(X4, X6, 2 * DAY, "exit");
	at(Y4, Y6, 5 * DAY, "unknown");
	at(Y4, Y6, 2 * DAY + 2 * HOUR, "no");
	expect(Y4, Y6, 5 * DAY, 2 * DAY + 2 * HOUR, "unknown");
	assert_int_equal(tor_world_number(&w, "SELECT count(*) FROM tor_cover"),
	    2);
	/* two times, and not one of eight days */
	assert_int_equal(tor_world_number(&w, "SELECT count(*) FROM tor_exit"
	                                      " WHERE address = '" X6 "'"),
	    2);
}

/* A list without times says who is an exit about now. */
static void
test_plain_list(void **state)
{
	struct tor_entry x = {.address = tor_world_addr(X6)};
	struct tor_list l = {.at = &x, .n = 1};
	struct tor_claim c = tor_world_claim(&w);
	bool recorded;

	(void)state;
	c.limits.now_us = tor_world_us(&w, 0);
	l.newest_us = x.first_us = x.last_us = c.limits.now_us;
	assert_int_equal(tor_rows_list(w.lookup, w.arena, &w.conf, &c, &l,
	                     &recorded), DB_OK);
	at(X6, X6, 0, "exit");
	at(Y4, Y6, HOUR, "no");
	at(Y4, Y6, 4 * HOUR, "no");
	at(Y4, Y6, 5 * HOUR, "unknown");
	at(Y4, Y6, HOUR - 1, "unknown");
}

static void
test_settings(void **state)
{
	(void)state;
	list(HOUR, true, HOUR);
	w.conf.tor_ipv6 = false;
	tor_world_tell(&w);
	assert_string_equal(tor_world_verdict(&w, Y4, DAY, DAY), "no");
	assert_string_equal(tor_world_verdict(&w, Y6, DAY, DAY), "unknown");
	assert_string_equal(tor_world_verdict(&w, X6, HOUR, HOUR), "exit");
	w.conf.tor_ipv6 = true;
	w.conf.tor_list = "";
	tor_world_tell(&w);
	at(X4, X6, HOUR, "no");
	at(Y4, Y6, 30 * DAY, "no");
	w.conf.tor_list = "https://lists.example/";
	tor_world_tell(&w);
	/* psql, which is told nothing: since there is a list, it counts */
	tor_world_run(&w, "SET plaintiff.tor_margin = ''");
	at(X4, X6, HOUR, "exit");
	tor_world_run(&w, "TRUNCATE tor_fetch");
	at(X4, X6, HOUR, "no");
	tor_world_tell(&w);
}

/* ---- the zone ---- */

static struct tor_wants
wanted(void)
{
	struct tor_wants wants;

	assert_int_equal(tor_rows_wanted(w.lookup, w.arena, &w.conf, 10,
	                     &wants), DB_OK);
	return wants;
}

/* A contact with these addresses, each with an event so many minutes ago. */
static void
accused(const char *address, int64_t ago)
{
	struct db_args *args = db_args_new(w.arena);

	tor_world_event(&w, address, ago);
	tor_world_run(&w,
	    "INSERT INTO contact (key, mailbox) VALUES ('a@isp.example',"
	    " 'a@isp.example') ON CONFLICT DO NOTHING");
	db_arg_string(args, address);
	assert_int_equal(
	    db_query(w.owner,
	        "INSERT INTO source (address, contact, state, fresh_until,"
	        " first_seen, last_seen) VALUES ($1, 1, 'found', now() +"
	        " interval '1 day', now(), now()) ON CONFLICT DO NOTHING",
	        args, NULL),
	    DB_OK);
}

static void
test_zone(void **state)
{
	struct tor_wants wants;
	struct tor_said said[4];
	struct tor_claim c;

	(void)state;
	list(10 * HOUR, true, 10 * HOUR);
	accused(X4, 4 * HOUR);
	accused(X6, 4 * HOUR);
	accused(Y4, 4 * HOUR);
	accused(Y6, 4 * HOUR);
	accused("203.0.113.20", 30);       /* too new to be answered for */
	accused("203.0.113.21", 8 * HOUR); /* too old */
	/* while fetching goes well nobody is asked */
	assert_int_equal(wanted().n, 0);
	c = tor_world_claim(&w);
	assert_int_equal(tor_rows_failed(w.lookup, w.arena, &w.conf, &c, "x"),
	    DB_OK);
	wants = wanted();
	assert_int_equal(wants.n, 4);
	assert_int_equal(wants.controls_n, 2);
	assert_int_equal(wants.controls[0].family, 4);
	assert_true(wants.now_us >= w.now_us);
	for (int i = 0; i < 4; i++)
		said[i] = (struct tor_said){.address = wants.at[i],
		    .verdict = TOR_NO};
	said[0] = (struct tor_said){.address = tor_world_addr(X4),
	    .verdict = TOR_EXIT};
	said[1] = (struct tor_said){.address = tor_world_addr(X6),
	    .verdict = TOR_NO};
	said[2] = (struct tor_said){.address = tor_world_addr(Y4),
	    .verdict = TOR_UNKNOWN, .why = "server failure"};
	said[3] = (struct tor_said){.address = tor_world_addr(Y6),
	    .verdict = TOR_NO};
	assert_int_equal(tor_rows_answers(w.lookup, w.arena, &w.conf,
	                     wants.now_us, said, 4), DB_OK);
	assert_string_equal(tor_world_verdict(&w, X4, 4 * HOUR, 4 * HOUR),
	    "exit");
	assert_string_equal(tor_world_verdict(&w, X6, 4 * HOUR, 4 * HOUR),
	    "no");
	assert_string_equal(tor_world_verdict(&w, Y4, 4 * HOUR, 4 * HOUR),
	    "unknown");
	assert_string_equal(tor_world_verdict(&w, Y6, 4 * HOUR, 4 * HOUR),
	    "no");
	/* only about the time of asking, and joined with the list's */
	assert_string_equal(tor_world_verdict(&w, Y6, 8 * HOUR, 8 * HOUR),
	    "unknown");
	assert_string_equal(tor_world_verdict(&w, Y6, 30, 30), "unknown");
	list(5 * HOUR - 5, false, 0);
	assert_string_equal(tor_world_verdict(&w, Y6, DAY, 2 * HOUR), "no");
	assert_string_equal(tor_world_verdict(&w, Y4, DAY, 2 * HOUR),
	    "unknown");
	assert_string_equal(
	    tor_world_text(&w, "SELECT verdict || ' ' || why FROM tor_answer"
	                       " WHERE address = '" Y4 "'"),
	    "unknown server failure");
	/* asked again, but not at once */
	tor_world_run(&w, "UPDATE tor_fetch SET tries = 1");
	assert_int_equal(wanted().n, 0);
	tor_world_run(&w, "UPDATE tor_answer SET asked = asked - interval"
	                  " '31 minutes'");
	assert_int_equal(wanted().n, 1);
	w.conf.tor_zone = "";
	assert_int_equal(wanted().n, 0);
	w.conf.tor_zone = "dnsel.example";
}

/* ---- waiting ---- */

static int64_t
wait_minutes(void)
{
	return tor_world_number(&w, "SELECT (extract(epoch FROM tor_wait())"
	                            " / 60)::integer");
}

static void
test_wait(void **state)
{
	(void)state;
	/* no list yet: stale after 6 hours, and one for what it is behind */
	assert_int_equal(wait_minutes(), 7 * HOUR);
	list(HOUR, true, HOUR);
	assert_in_range(wait_minutes(), 2 * HOUR, 2 * HOUR + 2);
	tor_world_run(&w, "UPDATE tor_cover SET span = tstzrange(lower(span),"
	                  " upper(span) - interval '10 hours')");
	assert_int_equal(wait_minutes(), 7 * HOUR);
	w.conf.tor_list = "";
	tor_world_tell(&w);
	assert_int_equal(wait_minutes(), 0);
	w.conf.tor_list = "https://lists.example/";
	tor_world_tell(&w);
}

static int
open_world(void **state)
{
	(void)state;
	tor_world_open(&w);
	return 0;
}

static int
close_world(void **state)
{
	(void)state;
	tor_world_close(&w);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_fetched_by_one, clean),
	    cmocka_unit_test_setup(test_failures, clean),
	    cmocka_unit_test_setup(test_was_then_is_not_now, clean),
	    cmocka_unit_test_setup(test_is_now_was_not_then, clean),
	    cmocka_unit_test_setup(test_first_list, clean),
	    cmocka_unit_test_setup(test_gap_of_a_week, clean),
	    cmocka_unit_test_setup(test_plain_list, clean),
	    cmocka_unit_test_setup(test_settings, clean),
	    cmocka_unit_test_setup(test_zone, clean),
	    cmocka_unit_test_setup(test_wait, clean),
	};

	return cmocka_run_group_tests(tests, open_world, close_world);
}
