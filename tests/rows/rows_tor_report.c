/* Protects what reports make of Tor: events of an exit are left out and
 * counted, an address with events of unknown times waits whole and says so,
 * and both hold for late events and for both families. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "hub/db.h"
#include "hub/report/compose.h"
#include "hub/report/report_rows.h"
#include "proto/base/arena.h"
#include "tests/rows/case_reader.h"
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

static void
list(int64_t newest_ago, bool with)
{
	const char *const all[] = {"198.51.100.1", X4, X6};
	const int64_t seen[] = {newest_ago, newest_ago, newest_ago};

	tor_world_list(&w, newest_ago, all, seen, with ? 3 : 1);
}

/* Contact 1 answers for X, contact 2 for Y. */
static void
people(void)
{
	tor_world_run(&w, "INSERT INTO contact (key, mailbox) VALUES"
	                  " ('x@isp.example', 'x@isp.example'),"
	                  " ('y@isp.example', 'y@isp.example')");
	tor_world_run(&w,
	    "INSERT INTO source (address, contact, state, fresh_until,"
	    " first_seen, last_seen) SELECT a::inet, c, 'found', now() +"
	    " interval '1 day', now(), now() FROM (VALUES ('" X4 "', 1),"
	    " ('" X6 "', 1), ('" Y4 "', 2), ('" Y6 "', 2)) v (a, c)");
	tor_world_count(&w);
}

static void
both(const char *v4, const char *v6, int64_t ago)
{
	tor_world_event(&w, v4, ago);
	tor_world_event(&w, v6, ago);
}

static size_t
due(void)
{
	struct report_contacts contacts;

	tor_world_count(&w);
	assert_int_equal(report_rows_due(w.report, w.arena, 1000,
	                     (struct report_contacts){0}, &contacts), DB_OK);
	return contacts.n;
}

static struct compose_facts
facts(int64_t contact)
{
	tor_world_count(&w);
	return *case_read(w.report, w.arena, &w.conf, contact, 1000).facts;
}

static const char *
reasons(void)
{
	tor_world_count(&w);
	return tor_world_text(&w,
	    "SELECT coalesce(string_agg(DISTINCT contact || ' ' || reason,"
	    " ', '), '-') FROM not_reported");
}

static void
test_exits_left_out(void **state)
{
	struct compose_facts f;

	(void)state;
	for (int64_t h = 40; h > 0; h--)
		list(h * HOUR, h > 20);
	both(X4, X6, 30 * HOUR); /* exits then */
	both(Y4, Y6, 30 * HOUR);
	people();
	assert_int_equal(due(), 1);
	assert_int_equal(facts(1).source_count, 0);
	assert_int_equal(facts(2).events, 2);
	assert_string_equal(reasons(),
	    "x@isp.example tor exit, y@isp.example due");
	both(X4, X6, 10 * HOUR); /* and no more */
	assert_int_equal(due(), 2);
	f = facts(1);
	assert_int_equal(f.source_count, 2);
	assert_int_equal(f.events, 2);
	assert_int_equal(f.first_us, tor_world_us(&w, 10 * HOUR));
	assert_int_equal(f.sources[0].line_count, 1);
	assert_string_equal(reasons(),
	    "x@isp.example due, y@isp.example due");
	assert_int_equal(tor_world_number(&w, "SELECT count(*) FROM"
	                                      " tor_left_out"),
	    2);
	/* a line that comes days late is judged at its own time */
	both(X4, X6, 25 * HOUR);
	assert_int_equal(facts(1).events, 2);
	both(X4, X6, 11 * HOUR);
	assert_int_equal(facts(1).events, 4);
	/* control: without Tor all of them count */
	w.conf.tor_list = "";
	tor_world_tell(&w);
	assert_int_equal(facts(1).events, 8);
	w.conf.tor_list = "https://lists.example/";
	tor_world_tell(&w);
}

static void
test_unknown_waits(void **state)
{
	(void)state;
	list(10 * HOUR, true);
	both(Y4, Y6, 20 * HOUR); /* known */
	people();
	assert_int_equal(due(), 1);
	assert_int_equal(facts(2).events, 2);
	tor_world_event(&w, Y6, 5 * HOUR); /* nobody knows */
	assert_int_equal(due(), 1);
	assert_int_equal(facts(2).source_count, 1);
	assert_int_equal(facts(2).hosts, 1);
	tor_world_event(&w, Y4, 5 * HOUR);
	assert_int_equal(due(), 0);
	assert_int_equal(facts(2).source_count, 0);
	assert_string_equal(reasons(), "y@isp.example tor unknown");
	assert_string_equal(
	    tor_world_text(&w, "SELECT detail FROM not_reported"
	                       " WHERE address = '" Y6 "'"),
	    "1 event at times that no list of Tor answers for");
	assert_int_equal(tor_world_number(&w, "SELECT sum(events) FROM"
	                                      " tor_waiting"),
	    2);
	/* an event of a kind that is not reported keeps nobody back */
	tor_world_run(&w, "UPDATE event SET kind = 10 WHERE time > now() -"
	                  " interval '6 hours'");
	assert_int_equal(facts(2).events, 2);
	tor_world_run(&w, "UPDATE event SET kind = 1");
	assert_int_equal(due(), 0);
	/* the list is there again, and says it */
	list(2 * HOUR, true);
	assert_int_equal(due(), 1);
	assert_int_equal(facts(2).events, 4);
	assert_string_equal(reasons(), "y@isp.example due");
	assert_int_equal(tor_world_number(&w, "SELECT count(*) FROM"
	                                      " tor_waiting"),
	    0);
}

/* What was never known is let go when it is too old to be reported. */
static void
test_unknown_until_too_old(void **state)
{
	(void)state;
	list(DAY, false);
	both(Y4, Y6, 14 * DAY - 30);
	both(Y4, Y6, 30 * HOUR);
	people();
	assert_int_equal(due(), 0);
	assert_string_equal(reasons(), "y@isp.example tor unknown");
	w.conf.report_days = 13;
	tor_world_tell(&w);
	assert_int_equal(due(), 1);
	assert_int_equal(facts(2).events, 2);
	assert_string_equal(reasons(), "y@isp.example due");
	w.conf.report_days = 14;
	tor_world_tell(&w);
}

static int64_t
upto(void)
{
	int64_t n;

	assert_int_equal(report_rows_upto(w.report, w.arena, &w.conf, &n),
	    DB_OK);
	return n;
}

/* Reports go as far as the list does, so that an address which is at it all
 * day does not wait for ever. */
static void
test_upto(void **state)
{
	(void)state;
	both(Y4, Y6, 5 * HOUR);
	people();
	tor_world_run(&w, "INSERT INTO stored_mark VALUES (1, now() -"
	                  " interval '150 minutes')");
	assert_int_equal(upto(), 0);
	list(HOUR, false); /* answers for what is two hours ago */
	assert_int_equal(upto(), 1);
	tor_world_run(&w, "UPDATE stored_mark SET at = now() - interval"
	                  " '1 minute' WHERE stored = 1");
	assert_int_equal(upto(), 0);
	w.conf.tor_list = "";
	tor_world_tell(&w);
	assert_int_equal(upto(), 2);
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
	    cmocka_unit_test_setup(test_exits_left_out, clean),
	    cmocka_unit_test_setup(test_unknown_waits, clean),
	    cmocka_unit_test_setup(test_unknown_until_too_old, clean),
	    cmocka_unit_test_setup(test_upto, clean),
	};

	return cmocka_run_group_tests(tests, open_world, close_world);
}
