/* States of reports and their mails; see deliver_rows.h. */
#include "hub/deliver/deliver_rows.h"

#include <stdio.h>
#include <string.h>

#include "hub/brake.h"
#include "hub/conf.h"
#include "proto/base/arena.h"

struct deliver_end
deliver_end_of(const struct deliver_claim *claim, enum deliver_move move,
    const char *said)
{
	struct deliver_end end = {.claim = *claim, .move = move};
	struct text t = text_of(said);

	end.said[text_neuter(end.said, sizeof end.said - 1, t.at, t.n)] = '\0';
	return end;
}

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

/* From columns 0 to 2. */
static struct deliver_claim
claim_of(const struct db_rows *rows, size_t row)
{
	struct deliver_claim claim = {
	    .report = db_int(rows, row, 0),
	    .n = db_int(rows, row, 1),
	};

	(void)snprintf(claim.token, sizeof claim.token, "%s",
	    db_string(rows, row, 2));
	return claim;
}

enum db_result
deliver_rows_adopt(struct db *db, struct arena *a, const char *name,
    size_t *mails)
{
	struct db_args *args = db_args_new(a);
	struct db_rows *rows;
	enum db_result r;

	db_arg_string(args, name);
	r = db_run(db, "deliver_adopt", args, &rows);
	if (r != DB_OK)
		return r;
	*mails = db_rows_count(rows);
	db_rows_free(rows);
	return DB_OK;
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

		l->claim = claim_of(rows, i);
		l->uuid = arena_string(a, db_string(rows, i, 3));
		l->plan = arena_string(a, db_string(rows, i, 4));
	}
	db_rows_free(rows);
	return DB_OK;
}

enum db_result
deliver_rows_unknown(struct db *db, struct arena *a, const char *name,
    struct deliver_unknown **list, size_t *n)
{
	struct db_args *args = db_args_new(a);
	struct db_rows *rows;
	enum db_result r;

	db_arg_string(args, name);
	r = db_run(db, "deliver_unknown", args, &rows);
	if (r != DB_OK)
		return r;
	*n = db_rows_count(rows);
	*list = arena_array(a, *n + 1, sizeof **list);
	for (size_t i = 0; i < *n; i++) {
		struct deliver_unknown *u = &(*list)[i];

		u->claim = claim_of(rows, i);
		u->message_id = arena_string(a, db_string(rows, i, 3));
		u->log_from = db_is_null(rows, i, 4)
		    ? NULL
		    : arena_string(a, db_string(rows, i, 4));
		u->age_ms = db_int(rows, i, 5);
	}
	db_rows_free(rows);
	return DB_OK;
}

static const char *const state_of[] = {
    [DELIVER_MOVE_SENT] = "sent",
    [DELIVER_MOVE_LATER] = "ready",
    [DELIVER_MOVE_BACK] = "ready",
    [DELIVER_MOVE_FAILED] = "failed",
    [DELIVER_MOVE_UNKNOWN] = "unknown",
};

static enum db_result
settle_mails(struct db *db, struct arena *a, const struct deliver_end *ends,
    size_t n)
{
	struct db_args *args = db_args_new(a);
	struct db_array *report, *number, *token, *state, *said;

	report = db_arg_array(args);
	number = db_arg_array(args);
	token = db_arg_array(args);
	state = db_arg_array(args);
	said = db_arg_array(args);
	for (size_t i = 0; i < n; i++) {
		const struct deliver_end *e = &ends[i];

		db_array_int(report, e->claim.report);
		db_array_int(number, e->claim.n);
		db_array_text(token, text_of(e->claim.token));
		db_array_text(state, text_of(state_of[e->move]));
		db_array_text(said, text_of(e->said));
	}
	return db_run(db, "deliver_settle", args, NULL);
}

static enum db_result
note_refused(struct db *db, struct arena *a, const struct deliver_end *ends,
    size_t n)
{
	struct db_args *args = db_args_new(a);
	struct db_array *report, *status, *said;
	bool any = false;

	report = db_arg_array(args);
	status = db_arg_array(args);
	said = db_arg_array(args);
	for (size_t i = 0; i < n; i++) {
		if (!ends[i].refused)
			continue;
		any = true;
		db_array_int(report, ends[i].claim.report);
		if (ends[i].status[0] == '\0')
			db_array_null(status);
		else
			db_array_text(status, text_of(ends[i].status));
		db_array_text(said, text_of(ends[i].said));
	}
	return any ? db_run(db, "deliver_refused", args, NULL) : DB_OK;
}

/* The reports of these mails are what their mails are. */
static enum db_result
sum(struct db *db, struct arena *a, const struct deliver_end *ends, size_t n)
{
	struct db_args *args = db_args_new(a);
	struct db_array *report = db_arg_array(args);
	struct db_array *late = db_arg_array(args);

	for (size_t i = 0; i < n; i++) {
		db_array_int(report, ends[i].claim.report);
		if (ends[i].move == DELIVER_MOVE_LATER)
			db_array_int(late, ends[i].claim.report);
	}
	return db_run(db, "deliver_sum", args, NULL);
}

static enum db_result
settle(struct db *db, struct arena *a, const struct deliver_end *ends, size_t n)
{
	enum db_result r = settle_mails(db, a, ends, n);

	if (r == DB_OK)
		r = note_refused(db, a, ends, n);
	if (r == DB_OK)
		r = sum(db, a, ends, n);
	return r;
}

static enum db_result
claim(struct db *db, struct arena *a, const struct hub_conf *conf,
    const struct deliver_terms *terms, struct deliver_batch *batch)
{
	struct db_args *args = db_args_new(a);
	struct db_rows *rows;
	/* in the transaction of the claim: the clock that the week goes by is
	 * the clock that was looked at */
	enum db_result r = brake_tick(db, a, &batch->stopped);

	if (r != DB_OK || batch->stopped != NULL)
		return r;
	db_arg_string(args, conf->hub_name);
	db_arg_int(args, (int64_t)terms->most);
	db_arg_int(args, conf->report_every);
	db_arg_string(args, terms->plan);
	db_arg_string(args, terms->log_from);
	db_arg_flag(args, !terms->fresh_only);
	r = db_run(db, "deliver_claim", args, &rows);
	if (r != DB_OK)
		return r;
	batch->n = db_rows_count(rows);
	batch->mails = arena_array(a, batch->n + 1, sizeof *batch->mails);
	for (size_t i = 0; i < batch->n; i++) {
		struct deliver_mail *m = &batch->mails[i];

		m->claim = claim_of(rows, i);
		m->uuid = arena_string(a, db_string(rows, i, 3));
		m->recipient = arena_string(a, db_string(rows, i, 4));
		m->sender = db_is_null(rows, i, 5)
		    ? NULL
		    : arena_string(a, db_string(rows, i, 5));
		m->mail = db_bytes(rows, i, 6, a);
		batch->rest = db_flag(rows, i, 7);
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

static bool
is_held(const struct deliver_batch *batch, int64_t report)
{
	for (size_t i = 0; i < batch->held_count; i++)
		if (batch->held[i].report == report)
			return true;
	return false;
}

/* The check at the mailer: in SQL, and once more in C. */
static enum db_result
check_addresses(struct db *db, struct arena *a, const struct hub_conf *conf,
    struct deliver_batch *batch)
{
	struct db_args *args = db_args_new(a);
	struct db_array *reports = db_arg_array(args);
	struct db_array *prefixes = db_arg_array(args);
	struct db_rows *rows;
	enum db_result r;

	for (size_t i = 0; i < batch->n; i++)
		db_array_int(reports, batch->mails[i].claim.report);
	array_prefixes(prefixes, &conf->filter_unreportable);
	array_prefixes(prefixes, &conf->filter_own);
	r = db_run(db, "deliver_addresses", args, &rows);
	if (r != DB_OK)
		return r;
	batch->held = arena_array(a, batch->n + 1, sizeof *batch->held);
	for (size_t i = 0; i < db_rows_count(rows); i++) {
		int64_t report = db_int(rows, i, 0);
		struct addr address = db_addr(rows, i, 1);

		if ((db_flag(rows, i, 2) ||
		        !hub_conf_reportable(conf, &address)) &&
		    !is_held(batch, report))
			batch->held[batch->held_count++] =
			    (struct deliver_held){report, address};
	}
	db_rows_free(rows);
	return DB_OK;
}

/* Settings or hosts have changed since it was composed: a person decides. */
static enum db_result
hold(struct db *db, struct arena *a, const struct deliver_held *held)
{
	struct deliver_end end = {.claim = {.report = held->report}};
	char address[ADDR_TEXT_BYTES];
	struct db_args *args = db_args_new(a);
	enum db_result r;

	db_arg_int(args, held->report);
	db_arg_string(args,
	    arena_printf(a, "%s must not be reported (filter settings or an "
	                    "address of ours)",
	        addr_format(address, &held->address)));
	r = db_run(db, "deliver_hold_mails", args, NULL);
	if (r == DB_OK)
		r = db_run(db, "deliver_hold", args, NULL);
	/* when some of its mails have gone it is not held, but over */
	return r == DB_OK ? sum(db, a, &end, 1) : r;
}

static enum db_result
hold_some(struct db *db, struct arena *a, const struct hub_conf *conf,
    struct deliver_batch *batch)
{
	size_t n = 0;
	enum db_result r = check_addresses(db, a, conf, batch);

	for (size_t i = 0; r == DB_OK && i < batch->held_count; i++)
		r = hold(db, a, &batch->held[i]);
	for (size_t i = 0; i < batch->n; i++)
		if (!is_held(batch, batch->mails[i].claim.report))
			batch->mails[n++] = batch->mails[i];
	batch->n = n;
	return r;
}

enum db_result
deliver_rows_turn(struct db *db, struct arena *a, const struct hub_conf *conf,
    const struct deliver_end *ends, size_t n,
    const struct deliver_terms *terms, struct deliver_batch *batch)
{
	enum db_result r = db_begin(db);

	*batch = (struct deliver_batch){0};
	if (r == DB_OK && n != 0)
		r = settle(db, a, ends, n);
	if (r == DB_OK && terms->most != 0)
		r = claim(db, a, conf, terms, batch);
	if (r == DB_OK && batch->n != 0)
		r = hold_some(db, a, conf, batch);
	if (r != DB_OK) {
		*batch = (struct deliver_batch){0};
		return r;
	}
	/* the tokens are known before the commit, whose answer may be lost */
	return db_commit(db);
}

enum db_result
deliver_rows_put_off(struct db *db, struct arena *a)
{
	return db_run(db, "deliver_put_off", db_args_new(a), NULL);
}
