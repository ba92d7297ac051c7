/* See tor_world.h. */
#include "tests/rows/tor_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "hub/db.h"
#include "hub/lookup/lookup_rows.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

enum { MINUTE_S = 60 };

/* One try is enough. */
static const char *thresholds[] = {"auth_failure:tries=1"};

static struct db *
open_session(struct tor_world *w, const char *stage)
{
	bool hopeless;
	struct db *db = db_open(&w->conf, stage, &hopeless);

	assert_non_null(db);
	return db;
}

void
tor_world_open(struct tor_world *w)
{
	*w = (struct tor_world){.arena = arena_open(0)};
	log_open("rows_tor");
	w->conf = *hub_conf_load(NULL, w->arena);
	w->conf.database_connect = getenv("PLAINTIFF_TEST_CONNECT");
	w->conf.database_owner = "postgres";
	w->conf.filter_unreportable.n = 0;
	w->conf.report_settle = 0;
	w->conf.report_threshold.at = thresholds;
	w->conf.report_threshold.n = 1;
	assert_non_null(w->conf.database_connect);
	w->lookup = open_session(w, "lookup");
	w->other = open_session(w, "lookup");
	w->report = open_session(w, "report");
	w->owner = db_open_owner(&w->conf);
	assert_non_null(w->owner);
	w->now_us = tor_world_number(w, "SELECT us(date_trunc('minute',"
	                                " now()))");
	tor_world_clean(w);
}

void
tor_world_close(struct tor_world *w)
{
	db_close(w->lookup);
	db_close(w->other);
	db_close(w->report);
	db_close(w->owner);
	arena_close(w->arena);
}

void
tor_world_clean(struct tor_world *w)
{
	tor_world_run(w, "TRUNCATE tor_exit, tor_cover, tor_answer, tor_fetch,"
	                 " event, source, contact, answer, report,"
	                 " report_source, stored_mark, tally"
	                 " RESTART IDENTITY CASCADE");
	tor_world_run(w, "ALTER SEQUENCE stored_seq RESTART");
	tor_world_run(w, "UPDATE watermark SET stored = 0");
}

void
tor_world_tell(struct tor_world *w)
{
	assert_int_equal(db_tell_settings(w->lookup, &w->conf), DB_OK);
	assert_int_equal(db_tell_settings(w->report, &w->conf), DB_OK);
	assert_int_equal(db_tell_settings(w->owner, &w->conf), DB_OK);
}

void
tor_world_count(struct tor_world *w)
{
	struct lookup_counted counted;

	assert_int_equal(lookup_rows_count(w->lookup, w->arena, &w->conf, 1000,
	                     &counted), DB_OK);
}

struct addr
tor_world_addr(const char *s)
{
	struct addr a;

	assert_true(addr_parse(text_of(s), &a));
	return a;
}

int64_t
tor_world_us(const struct tor_world *w, int64_t minutes_ago)
{
	return w->now_us - minutes_ago * MINUTE_S * CLOCK_SECOND_US;
}

struct tor_claim
tor_world_claim(struct tor_world *w)
{
	struct tor_claim claim;

	tor_world_run(w, "UPDATE tor_fetch SET next_try = now(),"
	                 " lease_until = NULL");
	assert_int_equal(tor_rows_claim(w->lookup, w->arena, &w->conf, 60000,
	                     &claim),
	    DB_OK);
	assert_true(claim.due);
	return claim;
}

void
tor_world_list(struct tor_world *w, int64_t newest_ago,
    const char *const *addresses, const int64_t *seen_ago, size_t n)
{
	struct tor_claim claim = tor_world_claim(w);
	struct tor_list list = {.timed = true, .n = n,
	    .newest_us = tor_world_us(w, newest_ago),
	    .at = arena_array(w->arena, n + 1, sizeof *list.at)};
	bool recorded;

	for (size_t i = 0; i < n; i++)
		list.at[i] = (struct tor_entry){
		    .address = tor_world_addr(addresses[i]),
		    .first_us = tor_world_us(w, seen_ago[i]),
		    .last_us = tor_world_us(w, seen_ago[i])};
	claim.limits.now_us = list.newest_us;
	assert_int_equal(tor_rows_list(w->lookup, w->arena, &w->conf, &claim,
	                     &list, &recorded),
	    DB_OK);
	assert_true(recorded);
}

/* ---- statements ---- */

static struct db_rows *
one(struct tor_world *w, const char *sql, const struct db_args *args)
{
	struct db_rows *rows;

	assert_int_equal(db_query(w->owner, sql, args, &rows), DB_OK);
	assert_int_equal(db_rows_count(rows), 1);
	return rows;
}

const char *
tor_world_verdict(struct tor_world *w, const char *address, int64_t from_ago,
    int64_t upto_ago)
{
	struct db_args *args = db_args_new(w->arena);
	struct db_rows *rows;
	const char *s;

	db_arg_string(args, address);
	db_arg_int(args, tor_world_us(w, from_ago));
	db_arg_int(args, tor_world_us(w, upto_ago));
	rows = one(w, "SELECT tor_verdict($1, ts($2), ts($3))", args);
	s = arena_string(w->arena, db_string(rows, 0, 0));
	db_rows_free(rows);
	return s;
}

void
tor_world_run(struct tor_world *w, const char *sql)
{
	assert_int_equal(db_query(w->owner, sql, NULL, NULL), DB_OK);
}

int64_t
tor_world_number(struct tor_world *w, const char *sql)
{
	struct db_rows *rows = one(w, sql, NULL);
	int64_t n = db_is_null(rows, 0, 0) ? -1 : db_int(rows, 0, 0);

	db_rows_free(rows);
	return n;
}

const char *
tor_world_text(struct tor_world *w, const char *sql)
{
	struct db_rows *rows = one(w, sql, NULL);
	const char *s = arena_string(w->arena, db_string(rows, 0, 0));

	db_rows_free(rows);
	return s;
}

void
tor_world_event(struct tor_world *w, const char *address, int64_t minutes_ago)
{
	struct db_args *args = db_args_new(w->arena);

	db_arg_string(args, address);
	db_arg_int(args, tor_world_us(w, minutes_ago));
	assert_int_equal(
	    db_query(w->owner,
	        "INSERT INTO event (id, time, agent, host, kind, address)"
	        " SELECT (left(id_floor(ts($2))::text, 8) ||"
	        " left(md5(random()::text), 24))::uuid, ts($2), 1, 1, 1, $1",
	        args, NULL),
	    DB_OK);
}
