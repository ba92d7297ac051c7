/* Protects the judging of an event at its own time, by chance: a scanner that
 * misses, lists that stay away, exits that come and go, in both families.
 * Nobody who was an exit is ever called none, and every verdict is the one
 * that a count minute by minute gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/db.h"
#include "proto/base/arena.h"
#include "tests/rows/tor_world.h"

enum {
	DAYS = 8,
	MINUTES = DAYS * 1440,
	MARKS = 2 * MINUTES + 1, /* even: minutes; odd: what is between */
	ADDRESSES = 8,           /* the first always an exit, the last never */
	RUN = 40,                /* minutes of one scan */
	MARGIN = 180,
	SETTLE = 60,
	REACH = 1440,
	NEAR = 1440,
	ASKED = 3000,            /* verdicts a history */
	HISTORIES = 4,
};

static struct tor_world w;
static uint64_t chance;

static const char *const names[ADDRESSES] = {"203.0.113.1", "203.0.113.2",
    "2001:db8::3", "203.0.113.4", "2001:db8:4::4", "203.0.113.5",
    "2001:db8::6", "2001:db8::7"};

/* One history, by minutes since its beginning. */
struct history {
	bool on[ADDRESSES][MINUTES];     /* the truth */
	bool tested[ADDRESSES][MINUTES]; /* and found to be an exit */
	bool covered[MARKS];             /* what our lists answer for */
	bool seen[ADDRESSES][MINUTES];   /* what our lists say */
};

static unsigned
draw(unsigned below)
{
	chance ^= chance << 13;
	chance ^= chance >> 7;
	chance ^= chance << 17;
	return (unsigned)(chance >> 11) % below;
}

/* ---- the truth, and the scanner ---- */

static void
make_truth(struct history *h)
{
	for (int a = 0; a < ADDRESSES - 1; a++) {
		int at = a == 0 ? 0 : (int)draw(2000);

		while (at < MINUTES) {
			int length = 1 + (int)draw(a % 2 ? 3000 : 300);
			int end = a == 0 ? MINUTES : at + length;

			for (; at < end && at < MINUTES; at++)
				h->on[a][at] = true;
			at += 1 + (int)draw(a % 3 ? 1500 : 6000);
		}
	}
}

/* Each run tests each address at some minute of it, and misses some that are
 * exits, never more than two runs in a row. */
static void
scan(struct history *h)
{
	int missed[ADDRESSES] = {0};

	for (int run = 0; run + RUN <= MINUTES; run += RUN)
		for (int a = 0; a < ADDRESSES; a++) {
			int at = run + (int)draw(RUN);

			if (a == 0)
				at = run + RUN - 1;
			if (!h->on[a][at])
				continue;
			if (a != 0 && missed[a] < 2 && draw(100) < 15) {
				missed[a]++;
				continue;
			}
			missed[a] = 0;
			h->tested[a][at] = true;
		}
}

/* ---- lists, as Tor publishes and lookup records them ---- */

static void
see(struct history *h, int a, int test, int floor)
{
	int from = test;

	while (from > floor && !h->covered[2 * from])
		from--;
	for (; from <= test; from++)
		h->seen[a][from] = true;
}

/* The list after the last whole run before minute at: each address by its
 * newest test of two days. */
static void
fetch(struct history *h, int at)
{
	int upto = at / RUN * RUN, newest = upto - 1;
	const char *addresses[ADDRESSES];
	int64_t ago[ADDRESSES];
	size_t n = 0;

	for (int a = 0; a < ADDRESSES; a++)
		for (int t = newest; t >= 0 && t > at - 2 * 1440; t--)
			if (h->tested[a][t]) {
				see(h, a, t, newest - REACH);
				addresses[n] = names[a];
				ago[n++] = MINUTES - t;
				break;
			}
	for (int m = newest - REACH; m <= newest - SETTLE; m++)
		for (int i = 2 * m; i <= 2 * m + 1; i++)
			if (m >= 0 && i <= 2 * (newest - SETTLE))
				h->covered[i] = true;
	tor_world_list(&w, MINUTES - newest, addresses, ago, n);
}

static void
fetch_all(struct history *h)
{
	int at = 3 * 1440 + (int)draw(600);

	while (at < MINUTES) {
		fetch(h, at);
		/* mostly each hour; sometimes late, sometimes days away */
		at += draw(10) != 0 ? 60
		    : draw(3) != 0  ? 60 + (int)draw(900)
		                    : (int)draw(4000);
	}
	/* sightings within a day of each other are one time */
	for (int a = 0; a < ADDRESSES; a++)
		for (int t = 0, last = -1; t < MINUTES; t++) {
			if (!h->seen[a][t])
				continue;
			for (int i = last; last >= 0 && t - last <= NEAR &&
			     i < t; i++)
				h->seen[a][i] = true;
			last = t;
		}
}

/* ---- verdicts ---- */

static const char *
count_verdict(const struct history *h, int a, int from, int upto)
{
	for (int t = from - MARGIN; t <= upto + MARGIN; t++)
		if (t >= 0 && t < MINUTES && h->seen[a][t])
			return "exit";
	for (int i = 2 * from; i <= 2 * upto; i++)
		if (!h->covered[i])
			return "unknown";
	return "no";
}

static bool
was_exit(const struct history *h, int a, int from, int upto)
{
	/* an exit that nobody ever tested cannot be known */
	for (int t = from; t <= upto; t++)
		if (h->on[a][t]) {
			int first = t, last = t;

			while (first > 0 && h->on[a][first - 1])
				first--;
			while (last + 1 < MINUTES && h->on[a][last + 1])
				last++;
			for (; first <= last; first++)
				if (h->tested[a][first])
					return true;
		}
	return false;
}

struct question {
	int a, from, upto;
};

static struct db_rows *
ask(const struct question *q, size_t n)
{
	struct db_args *args = db_args_new(w.arena);
	struct db_array *address = db_arg_array(args);
	struct db_array *from = db_arg_array(args);
	struct db_array *upto = db_arg_array(args);
	struct db_rows *rows;

	for (size_t i = 0; i < n; i++) {
		struct addr a = tor_world_addr(names[q[i].a]);

		db_array_addr(address, &a);
		db_array_int(from, tor_world_us(&w, MINUTES - q[i].from));
		db_array_int(upto, tor_world_us(&w, MINUTES - q[i].upto));
	}
	assert_int_equal(
	    db_query(w.owner,
	        "SELECT v FROM unnest($1::inet[], $2::bigint[], $3::bigint[])"
	        " WITH ORDINALITY u (a, f, l, n)"
	        " CROSS JOIN LATERAL tor_verdict(a, ts(f), ts(l)) AS v"
	        " ORDER BY n",
	        args, &rows),
	    DB_OK);
	assert_int_equal(db_rows_count(rows), n);
	return rows;
}

struct tally {
	int exit, no, unknown, true_exits;
};

static void
check_verdicts(const struct history *h, struct tally *tally)
{
	struct question *q = arena_array(w.arena, ASKED, sizeof *q);
	struct db_rows *rows;

	for (size_t i = 0; i < ASKED; i++) {
		int length = draw(2) ? 0 : (int)draw(2000);

		q[i].a = (int)draw(ADDRESSES);
		q[i].from = (int)draw(MINUTES);
		q[i].upto = q[i].from + length < MINUTES ? q[i].from + length
		                                         : MINUTES - 1;
	}
	rows = ask(q, ASKED);
	for (size_t i = 0; i < ASKED; i++) {
		const char *said = db_string(rows, i, 0);

		assert_string_equal(said, count_verdict(h, q[i].a, q[i].from,
		                              q[i].upto));
		if (was_exit(h, q[i].a, q[i].from, q[i].upto)) {
			assert_string_not_equal(said, "no");
			tally->true_exits++;
		}
		if (q[i].a == ADDRESSES - 1)
			assert_string_not_equal(said, "exit");
		tally->exit += strcmp(said, "exit") == 0;
		tally->no += strcmp(said, "no") == 0;
		tally->unknown += strcmp(said, "unknown") == 0;
	}
	db_rows_free(rows);
}

/* The view that reports are made of judges each event as the function. */
static void
check_events(void)
{
	tor_world_run(&w,
	    "INSERT INTO event (id, time, agent, host, kind, address)"
	    " SELECT (left(id_floor(t)::text, 8) || left(md5(n::text),"
	    " 24))::uuid, t, 1, 1, 2, a FROM (SELECT n, a, now() - interval"
	    " '8 days' * (n * 7919 % 10007) / 10007.0 AS t FROM"
	    " generate_series(1, 2000) n JOIN (SELECT array_agg(DISTINCT"
	    " address) || inet '2001:db8::7' AS list FROM tor_exit) l ON true"
	    " JOIN LATERAL (SELECT list[1 + n % cardinality(list)]) x (a) ON"
	    " true) y");
	assert_int_equal(
	    tor_world_number(&w,
	        "SELECT count(*) FROM event e LEFT JOIN reportable r"
	        " ON r.id = e.id CROSS JOIN LATERAL tor_verdict(e.address,"
	        " e.time, e.time) AS v (verdict)"
	        " WHERE verdict IS DISTINCT FROM CASE r.tor_known"
	        " WHEN true THEN 'no' WHEN false THEN 'unknown' ELSE 'exit'"
	        " END"),
	    0);
	assert_int_equal(tor_world_number(&w, "SELECT count(*) FROM event"),
	    2000);
	assert_int_equal(
	    tor_world_number(&w, "SELECT count(*) FROM tor_left_out"),
	    2000 - tor_world_number(&w, "SELECT count(*) FROM reportable"));
}

static void
test_histories(void **state)
{
	struct history *h = calloc(1, sizeof *h);
	struct tally tally = {0};

	(void)state;
	assert_non_null(h);
	for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
		chance = seed * UINT64_C(0x9e3779b97f4a7c15);
		memset(h, 0, sizeof *h);
		tor_world_clean(&w);
		make_truth(h);
		scan(h);
		fetch_all(h);
		check_verdicts(h, &tally);
		check_events();
	}
	print_message("verdicts: exit %d, no %d, unknown %d; truly exits %d\n",
	    tally.exit, tally.no, tally.unknown, tally.true_exits);
	/* each verdict was met often enough to mean something */
	assert_true(tally.exit > 1000 && tally.no > 500 &&
	    tally.unknown > 500 && tally.true_exits > 1000);
	free(h);
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
	    cmocka_unit_test(test_histories),
	};

	return cmocka_run_group_tests(tests, open_world, close_world);
}
