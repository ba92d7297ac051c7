/* Tor's exits in the database; see tor_rows.h. */
#include "hub/lookup/tor_rows.h"

#include "hub/conf.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"
#include "proto/base/text.h"
#include "proto/kind.h"

enum {
	/* Tor keeps a test in the list for two days.  A list is taken to
	 * answer for one, so that a test which comes late or is dropped early
	 * does no harm. */
	TIMED_REACH_S = 86400,
	/* A list without times, and the zone, say who is an exit about now. */
	PLAIN_REACH_S = 3 * 3600,
	ZONE_REACH_S = 6 * 3600,
	WHY_BYTES = 200,
};

static int64_t
before(int64_t us, int64_t seconds)
{
	return us - seconds * CLOCK_SECOND_US;
}

/* ---- the list ---- */

enum db_result
tor_rows_claim(struct db *db, struct arena *a, const struct hub_conf *conf,
    int64_t lease_ms, struct tor_claim *out)
{
	struct db_args *args = db_args_new(a);
	struct db_rows *rows;
	enum db_result r;

	*out = (struct tor_claim){0};
	if (conf->tor_list[0] == '\0')
		return DB_OK;
	db_arg_int(args, lease_ms);
	r = db_run(db, "lookup_tor_claim", args, &rows);
	if (r != DB_OK)
		return r;
	if (db_rows_count(rows) != 0) {
		int64_t half = db_int(rows, 0, 2) / 2;

		out->due = true;
		out->limits.now_us = db_int(rows, 0, 0);
		out->lease_us = db_int(rows, 0, 1);
		out->limits.entries_min = (size_t)(
		    half > conf->tor_entries_min ? half
		                                 : conf->tor_entries_min);
	}
	db_rows_free(rows);
	return DB_OK;
}

enum db_result
tor_rows_failed(struct db *db, struct arena *a, const struct hub_conf *conf,
    const struct tor_claim *claim, const char *why)
{
	struct db_args *args = db_args_new(a);

	db_arg_int(args, claim->lease_us);
	db_arg_int(args, conf->lookup_retry_first);
	db_arg_int(args, conf->tor_every);
	db_arg_text(args, text_clean(a, text_of(why), WHY_BYTES));
	return db_run(db, "lookup_tor_failed", args, NULL);
}

/* Takes the list for ours, if the claim still is; locks others out. */
static enum db_result
accept(struct db *db, struct arena *a, const struct hub_conf *conf,
    const struct tor_claim *claim, const struct tor_list *list, bool *ours)
{
	struct db_args *args = db_args_new(a);
	struct db_rows *rows;
	enum db_result r;

	db_arg_int(args, claim->lease_us);
	db_arg_int(args, conf->tor_every);
	db_arg_int(args, claim->limits.now_us);
	db_arg_int(args, list->newest_us);
	db_arg_int(args, (int64_t)list->n);
	r = db_run(db, "lookup_tor_accept", args, &rows);
	if (r != DB_OK)
		return r;
	*ours = db_rows_count(rows) != 0;
	db_rows_free(rows);
	return DB_OK;
}

static enum db_result
add_exits(struct db *db, struct arena *a, const struct tor_entry *list,
    size_t n, int64_t floor_us)
{
	struct db_args *args = db_args_new(a);
	struct db_array *addresses = db_arg_array(args);
	struct db_array *first = db_arg_array(args);
	struct db_array *last = db_arg_array(args);

	for (size_t i = 0; i < n; i++) {
		db_array_addr(addresses, &list[i].address);
		db_array_int(first, list[i].first_us);
		db_array_int(last, list[i].last_us);
	}
	db_arg_int(args, floor_us);
	return n == 0 ? DB_OK : db_run(db, "lookup_tor_exits", args, NULL);
}

static enum db_result
add_cover(struct db *db, struct arena *a, int64_t from_us, int64_t upto_us)
{
	struct db_args *args = db_args_new(a);

	db_arg_int(args, from_us);
	db_arg_int(args, upto_us);
	return db_run(db, "lookup_tor_cover", args, NULL);
}

enum db_result
tor_rows_list(struct db *db, struct arena *a, const struct hub_conf *conf,
    const struct tor_claim *claim, const struct tor_list *list,
    bool *recorded)
{
	int64_t upto_us = before(list->newest_us, conf->tor_settle);
	int64_t from_us = list->timed
	    ? before(list->newest_us, TIMED_REACH_S)
	    : before(upto_us, PLAIN_REACH_S);
	enum db_result r = db_begin(db);

	*recorded = false;
	if (r == DB_OK)
		r = accept(db, a, conf, claim, list, recorded);
	if (r != DB_OK)
		return r;
	if (!*recorded) {
		db_rollback(db);
		return DB_OK;
	}
	/* exits first: when they may have begun depends on what was answered
	 * for before */
	r = add_exits(db, a, list->at, list->n, from_us);
	if (r == DB_OK)
		r = add_cover(db, a, from_us, upto_us);
	return r == DB_OK ? db_commit(db) : r;
}

/* ---- the zone ---- */

static enum db_result
read_controls(struct db *db, struct arena *a, struct tor_wants *out)
{
	struct db_args *args = db_args_new(a);
	struct db_rows *rows;
	enum db_result r;

	db_arg_int(args, TOR_CONTROLS);
	r = db_run(db, "lookup_tor_lately", args, &rows);
	if (r != DB_OK)
		return r;
	out->controls_n = db_rows_count(rows);
	for (size_t i = 0; i < out->controls_n; i++)
		out->controls[i] = db_addr(rows, i, 0);
	db_rows_free(rows);
	return DB_OK;
}

enum db_result
tor_rows_wanted(struct db *db, struct arena *a, const struct hub_conf *conf,
    size_t limit, struct tor_wants *out)
{
	struct db_args *args = db_args_new(a);
	struct db_array *kinds;
	struct db_rows *rows;
	enum db_result r;

	*out = (struct tor_wants){0};
	if (conf->tor_list[0] == '\0' || conf->tor_zone[0] == '\0')
		return DB_OK;
	db_arg_int(args, (int64_t)limit);
	db_arg_int(args, ZONE_REACH_S);
	db_arg_int(args, conf->tor_settle);
	kinds = db_arg_array(args);
	for (size_t i = 0; i < conf->report_kind.n; i++)
		db_array_int(kinds,
		    kind_of_name(text_of(conf->report_kind.at[i])));
	r = db_run(db, "lookup_tor_wanted", args, &rows);
	if (r != DB_OK)
		return r;
	out->n = db_rows_count(rows);
	out->at = arena_array(a, out->n + 1, sizeof *out->at);
	for (size_t i = 0; i < out->n; i++) {
		out->at[i] = db_addr(rows, i, 0);
		out->now_us = db_int(rows, i, 1);
	}
	db_rows_free(rows);
	return out->n == 0 ? DB_OK : read_controls(db, a, out);
}

static enum db_result
add_answers(struct db *db, struct arena *a, const struct hub_conf *conf,
    int64_t asked_us, const struct tor_said *said, size_t n)
{
	struct db_args *args = db_args_new(a);
	struct db_array *addresses, *verdicts, *whys;

	db_arg_int(args, asked_us);
	addresses = db_arg_array(args);
	verdicts = db_arg_array(args);
	whys = db_arg_array(args);
	for (size_t i = 0; i < n; i++) {
		struct text why = text_of(said[i].why);

		if (why.at == NULL)
			why = TEXT("no answer");
		if (said[i].verdict != TOR_UNKNOWN)
			why = (struct text){0};
		db_array_addr(addresses, &said[i].address);
		db_array_text(verdicts,
		    text_of(tor_verdict_name(said[i].verdict)));
		db_array_text(whys, text_clean(a, why, WHY_BYTES));
	}
	db_arg_int(args, before(asked_us, ZONE_REACH_S));
	db_arg_int(args, before(asked_us, conf->tor_settle < ZONE_REACH_S
	        ? conf->tor_settle
	        : ZONE_REACH_S));
	return db_run(db, "lookup_tor_answers", args, NULL);
}

enum db_result
tor_rows_answers(struct db *db, struct arena *a, const struct hub_conf *conf,
    int64_t asked_us, const struct tor_said *said, size_t n)
{
	struct tor_entry *exits = arena_array(a, n + 1, sizeof *exits);
	size_t exits_n = 0;
	enum db_result r;

	if (n == 0)
		return DB_OK;
	for (size_t i = 0; i < n; i++)
		if (said[i].verdict == TOR_EXIT)
			exits[exits_n++] = (struct tor_entry){
			    .address = said[i].address,
			    .first_us = asked_us, .last_us = asked_us};
	r = db_begin(db);
	if (r == DB_OK)
		r = add_answers(db, a, conf, asked_us, said, n);
	if (r == DB_OK)
		r = add_exits(db, a, exits, exits_n,
		    before(asked_us, ZONE_REACH_S));
	return r == DB_OK ? db_commit(db) : r;
}

/* ---- how it stands ---- */

enum db_result
tor_rows_state(struct db *db, struct arena *a, struct tor_state *out)
{
	struct db_rows *rows;
	enum db_result r = db_run(db, "lookup_tor_state", NULL, &rows);

	*out = (struct tor_state){.stale = true, .why = ""};
	if (r != DB_OK)
		return r;
	if (db_rows_count(rows) != 0)
		*out = (struct tor_state){.tried = true,
		    .now_us = db_int(rows, 0, 0),
		    .fetched_us = db_int(rows, 0, 1),
		    .newest_us = db_int(rows, 0, 2),
		    .entries = db_int(rows, 0, 3),
		    .tries = db_int(rows, 0, 4),
		    .why = arena_string(a, db_string(rows, 0, 5)),
		    .stale = db_flag(rows, 0, 6)};
	db_rows_free(rows);
	return DB_OK;
}
