/* States of reports; see deliver_rows.h. */
#include "hub/deliver/deliver_rows.h"

#include <stdio.h>
#include <string.h>

#include "hub/conf.h"
#include "proto/base/arena.h"

enum db_result
deliver_rows_own(struct db *db, struct arena *a, const char *name,
    enum deliver_own *own)
{
	struct db_args *args = db_args_new(a);
	struct db_rows *rows;
	const char *word;
	enum db_result r;

	db_arg_string(args, name);
	r = db_run(db, "deliver_own", args, &rows);
	if (r != DB_OK)
		return r;
	word = db_string(rows, 0, 0);
	*own = strcmp(word, "held") == 0 ? DELIVER_OWN_HELD
	    : strcmp(word, "taken") == 0 ? DELIVER_OWN_TAKEN
	                                 : DELIVER_OWN_BUSY;
	db_rows_free(rows);
	return DB_OK;
}

static void
keep_token(struct deliver_claim *claim, const struct db_rows *rows,
    size_t row, size_t column)
{
	(void)snprintf(claim->token, sizeof claim->token, "%s",
	    db_string(rows, row, column));
}

enum db_result
deliver_rows_left(struct db *db, struct arena *a, const char *name,
    struct deliver_left **list, size_t *n)
{
	struct db_args *args = db_args_new(a);
	struct db_rows *rows;
	enum db_result r;

	db_arg_string(args, name);
	r = db_run(db, "deliver_left", args, &rows);
	if (r != DB_OK)
		return r;
	*n = db_rows_count(rows);
	*list = arena_array(a, *n + 1, sizeof **list);
	for (size_t i = 0; i < *n; i++) {
		struct deliver_left *l = &(*list)[i];

		l->claim.report = db_int(rows, i, 0);
		l->uuid = arena_string(a, db_string(rows, i, 1));
		l->plan = arena_string(a, db_string(rows, i, 2));
		keep_token(&l->claim, rows, i, 3);
	}
	db_rows_free(rows);
	return DB_OK;
}

static void
array_prefixes(struct db_array *array, const struct prefixes *list)
{
	char s[ADDR_TEXT_BYTES];

	for (size_t i = 0; i < list->n; i++)
		db_array_text(array, text_of(prefix_format(s, &list->at[i])));
}

/* The check at the mailer, in C, beside the one in SQL. */
static enum db_result
check_addresses(struct db *db, struct arena *a, const struct hub_conf *conf,
    struct deliver_next *next)
{
	struct db_args *args = db_args_new(a);
	struct db_rows *rows;
	enum db_result r;

	db_arg_int(args, next->report);
	r = db_run(db, "deliver_addresses", args, &rows);
	if (r != DB_OK)
		return r;
	for (size_t i = 0; i < db_rows_count(rows); i++) {
		struct addr address = db_addr(rows, i, 0);

		if (!hub_conf_reportable(conf, &address))
			next->unreportable = address;
	}
	db_rows_free(rows);
	return DB_OK;
}

enum db_result
deliver_rows_next(struct db *db, struct arena *a,
    const struct hub_conf *conf, struct deliver_next *next)
{
	struct db_args *args = db_args_new(a);
	struct db_array *prefixes;
	struct db_rows *rows;
	enum db_result r;

	*next = (struct deliver_next){0};
	db_arg_int(args, conf->report_every);
	prefixes = db_arg_array(args);
	array_prefixes(prefixes, &conf->filter_unreportable);
	array_prefixes(prefixes, &conf->filter_own);
	r = db_run(db, "deliver_next", args, &rows);
	if (r != DB_OK)
		return r;
	if (db_rows_count(rows) != 0) {
		next->report = db_int(rows, 0, 0);
		next->uuid = arena_string(a, db_string(rows, 0, 1));
		next->recipient = arena_string(a, db_string(rows, 0, 2));
		next->unreportable = db_addr(rows, 0, 3);
	}
	db_rows_free(rows);
	return next->report == 0 ? DB_OK : check_addresses(db, a, conf, next);
}

enum db_result
deliver_rows_hold(struct db *db, struct arena *a, int64_t report,
    const char *why)
{
	struct db_args *args = db_args_new(a);

	db_arg_int(args, report);
	db_arg_string(args, why);
	return db_run(db, "deliver_hold", args, NULL);
}

enum db_result
deliver_rows_put_off(struct db *db, struct arena *a, int64_t report)
{
	struct db_args *args = db_args_new(a);

	db_arg_int(args, report);
	return db_run(db, "deliver_put_off", args, NULL);
}

enum db_result
deliver_rows_claim(struct db *db, struct arena *a,
    const struct hub_conf *conf, int64_t report, const char *plan,
    struct deliver_claim *claim, struct text *mail)
{
	struct db_args *args = db_args_new(a);
	struct db_rows *rows;
	enum db_result r;

	*claim = (struct deliver_claim){0};
	db_arg_int(args, report);
	db_arg_string(args, conf->hub_name);
	db_arg_int(args, conf->report_every);
	db_arg_string(args, plan);
	r = db_begin(db);
	if (r == DB_OK)
		r = db_run(db, "deliver_claim", args, &rows);
	if (r != DB_OK)
		return r;
	if (db_rows_count(rows) != 0) {
		*mail = db_bytes(rows, 0, 0, a);
		claim->report = report;
		keep_token(claim, rows, 0, 1);
	}
	db_rows_free(rows);
	/* the token is known before the commit, whose answer may be lost */
	return db_commit(db);
}

enum db_result
deliver_rows_move(struct db *db, struct arena *a,
    const struct deliver_claim *claim, enum deliver_move move,
    const char *said)
{
	static const char *const statements[] = {
	    [DELIVER_MOVE_SENT] = "deliver_sent",
	    [DELIVER_MOVE_LATER] = "deliver_later",
	    [DELIVER_MOVE_BACK] = "deliver_back",
	    [DELIVER_MOVE_FAILED] = "deliver_failed",
	    [DELIVER_MOVE_UNKNOWN] = "deliver_unknown",
	};
	struct db_args *args = db_args_new(a);

	db_arg_int(args, claim->report);
	db_arg_string(args, claim->token);
	db_arg_string(args, said);
	return db_run(db, statements[move], args, NULL);
}
