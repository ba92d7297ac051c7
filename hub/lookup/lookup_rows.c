/* lookup's statements; see lookup_rows.h. */
#include "hub/lookup/lookup_rows.h"

#include <string.h>

#include "hub/conf.h"
#include "hub/lookup/ask.h"
#include "hub/lookup/mailbox.h"
#include "hub/lookup/refusal.h"
#include "proto/base/arena.h"
#include "proto/kind.h"

/* ---- counting ---- */

/* The highest number below which nothing can appear any more: receive holds
 * the store lock shared while it stores. */
static enum db_result
stored_upto(struct db *db, int64_t *upto)
{
	enum db_result r = db_begin(db);

	if (r == DB_OK)
		r = db_run(db, "lookup_store_lock", NULL, NULL);
	if (r == DB_OK)
		r = db_run_number(db, "lookup_stored_upto", NULL, upto);
	return r == DB_OK ? db_commit(db) : r;
}

static enum db_result
is_behind(struct db *db, bool *behind)
{
	struct db_rows *rows;
	enum db_result r = db_run(db, "lookup_behind", NULL, &rows);

	if (r != DB_OK)
		return r;
	*behind = db_rows_count(rows) == 1 && db_flag(rows, 0, 0);
	db_rows_free(rows);
	return DB_OK;
}

static enum db_result
count_between(struct db *db, struct arena *a, const struct hub_conf *conf,
    int64_t from, int64_t to, struct lookup_counted *out)
{
	struct db_args *args = db_args_new(a);
	struct db_array *kinds;
	struct db_rows *rows;
	enum db_result r;

	db_arg_int(args, from);
	db_arg_int(args, to);
	kinds = db_arg_array(args);
	for (size_t i = 0; i < conf->report_kind.n; i++)
		db_array_int(kinds,
		    kind_of_name(text_of(conf->report_kind.at[i])));
	r = db_run(db, "lookup_count", args, &rows);
	if (r != DB_OK)
		return r;
	out->events = db_int(rows, 0, 0);
	out->sources = db_int(rows, 0, 1);
	db_rows_free(rows);
	return DB_OK;
}

enum db_result
lookup_rows_count(struct db *db, struct arena *a, const struct hub_conf *conf,
    int64_t most, struct lookup_counted *out)
{
	struct db_rows *rows;
	int64_t upto, from, to;
	bool behind;
	enum db_result r = is_behind(db, &behind);

	*out = (struct lookup_counted){0};
	if (r != DB_OK || !behind)
		return r;
	r = stored_upto(db, &upto);
	if (r == DB_OK)
		r = db_begin(db);
	if (r == DB_OK)
		r = db_run(db, "lookup_watermark", NULL, &rows);
	if (r != DB_OK)
		return r;
	/* no row: another instance holds it */
	from = db_rows_count(rows) == 0 ? upto : db_int(rows, 0, 0);
	db_rows_free(rows);
	if (from >= upto) {
		db_rollback(db);
		return DB_OK;
	}
	to = upto - from > most ? from + most : upto;
	r = count_between(db, a, conf, from, to, out);
	if (r != DB_OK)
		return r;
	out->more = to < upto;
	return db_commit(db);
}

/* ---- claiming ---- */

/* NULL for NULL. */
static const char *
string_of(struct arena *a, const struct db_rows *rows, size_t i, size_t column)
{
	return db_is_null(rows, i, column)
	    ? NULL
	    : arena_string(a, db_string(rows, i, column));
}

static void
read_claim(struct arena *a, const struct db_rows *rows, size_t i,
    struct lookup_case *out)
{
	const char *within = db_string(rows, i, 11), *why;

	*out = (struct lookup_case){
	    .address = db_addr(rows, i, 0),
	    .before = {.found = db_flag(rows, i, 1),
	        .tries = db_int(rows, i, 2),
	        .fresh_until_us = db_int(rows, i, 3),
	        .now_us = db_int(rows, i, 4),
	        .method = arena_string(a, db_string(rows, i, 8))},
	    .old = db_flag(rows, i, 6),
	    .ours = db_flag(rows, i, 7),
	    .mailbox = string_of(a, rows, i, 9),
	    .base = string_of(a, rows, i, 10),
	    .later_s = db_int(rows, i, 12)};
	if (!prefix_parse(within, &out->within, &why))
		out->base = NULL;
}

enum db_result
lookup_rows_claim(struct db *db, struct arena *a, const struct hub_conf *conf,
    size_t limit, int64_t lease_ms, struct lookup_claims *out)
{
	struct db_args *args = db_args_new(a);
	struct db_rows *rows;
	enum db_result r;

	*out = (struct lookup_claims){0};
	db_arg_int(args, (int64_t)limit);
	db_arg_int(args, lease_ms);
	db_arg_int(args, conf->report_days);
	r = db_run(db, "lookup_claim", args, &rows);
	if (r != DB_OK)
		return r;
	out->n = db_rows_count(rows);
	out->at = arena_array(a, out->n + 1, sizeof *out->at);
	for (size_t i = 0; i < out->n; i++) {
		read_claim(a, rows, i, &out->at[i]);
		out->lease_us = db_int(rows, i, 5);
	}
	db_rows_free(rows);
	return DB_OK;
}

static enum db_result
give_back(struct db *db, struct arena *a, const char *statement,
    int64_t lease_us, const struct addr *addresses, size_t n)
{
	struct db_args *args = db_args_new(a);
	struct db_array *list;

	if (n == 0)
		return DB_OK;
	db_arg_int(args, lease_us);
	list = db_arg_array(args);
	for (size_t i = 0; i < n; i++)
		db_array_addr(list, &addresses[i]);
	return db_run(db, statement, args, NULL);
}

enum db_result
lookup_rows_park(struct db *db, struct arena *a, int64_t lease_us,
    const struct addr *addresses, size_t n)
{
	return give_back(db, a, "lookup_park", lease_us, addresses, n);
}

enum db_result
lookup_rows_release(struct db *db, struct arena *a, int64_t lease_us,
    const struct addr *addresses, size_t n)
{
	return give_back(db, a, "lookup_release", lease_us, addresses, n);
}

/* ---- what is known already ---- */

/* Rows of a pattern and why. */
static const struct refusal *
read_refusals(struct arena *a, const struct db_rows *rows, size_t *n)
{
	struct refusal *list;

	*n = db_rows_count(rows);
	list = arena_array(a, *n + 1, sizeof *list);
	for (size_t i = 0; i < *n; i++)
		list[i] = (struct refusal){
		    .pattern = arena_string(a, db_string(rows, i, 0)),
		    .why = arena_string(a, db_string(rows, i, 1))};
	return list;
}

enum db_result
lookup_rows_refusals(struct db *db, struct arena *a, struct settle_rules *out)
{
	struct db_rows *rows;
	enum db_result r = db_run(db, "lookup_refusals", NULL, &rows);

	*out = (struct settle_rules){0};
	if (r != DB_OK)
		return r;
	out->refusals = read_refusals(a, rows, &out->refusals_n);
	db_rows_free(rows);
	return DB_OK;
}

/* Appends the keys of the mailboxes that an answer names. */
static void
add_keys(struct arena *a, const struct ask_answer *answer,
    struct db_array *keys)
{
	for (size_t i = 0; i < answer->mailboxes_n; i++) {
		struct mailbox m;
		const char *why;

		if (mailbox_parse(a, answer->mailboxes[i], &m, &why) ==
		    MAILBOX_GOOD)
			db_array_text(keys, text_of(m.key));
	}
}

enum db_result
lookup_rows_dead(struct db *db, struct arena *a, const struct hub_conf *conf,
    struct lookup_case *const *cases, size_t n, struct settle_rules *rules)
{
	struct db_args *args = db_args_new(a);
	struct db_array *keys = db_arg_array(args);
	struct db_rows *rows;
	enum db_result r;

	db_arg_flag(args, conf->lookup_mx);
	for (size_t i = 0; i < n; i++)
		if (cases[i]->said_n != 0)
			add_keys(a, cases[i]->said[cases[i]->said_n - 1].answer,
			    keys);
	r = db_run(db, "lookup_dead", args, &rows);
	if (r != DB_OK)
		return r;
	rules->suspended = read_refusals(a, rows, &rules->suspended_n);
	db_rows_free(rows);
	return DB_OK;
}

static enum ask_state
state_of(const char *name)
{
	for (enum ask_state s = ASK_FOUND; s < ASK_STATES; s++)
		if (strcmp(ask_state_name(s), name) == 0)
			return s;
	return ASK_FAILED;
}

/* Mailboxes separated by commas, as they were stored. */
static void
split_mailboxes(struct arena *a, const char *s, struct ask_answer *out)
{
	while (*s != '\0' && out->mailboxes_n < ASK_MAILBOXES_MOST) {
		size_t n = strcspn(s, ",");

		out->mailboxes[out->mailboxes_n++] = (struct text){
		    .at = arena_copy(a, s, n), .n = n};
		s += n + (s[n] == ',');
	}
}

static void
read_range(struct arena *a, const struct db_rows *rows, size_t i,
    struct lookup_case *k)
{
	struct ask_answer *answer = arena_alloc(a, sizeof *answer);
	struct settle_said *said;

	*answer = (struct ask_answer){.address = k->address,
	    .method = ASK_RDAP, .state = state_of(db_string(rows, i, 2)),
	    .why = text_of(string_of(a, rows, i, 4))};
	split_mailboxes(a, db_string(rows, i, 3), answer);
	if (strlen(db_string(rows, i, 5)) == 2)
		memcpy(answer->network.country, db_string(rows, i, 5), 2);
	answer->network.first = db_addr(rows, i, 7);
	answer->network.last = db_addr(rows, i, 8);
	answer->network.handle = text_of(string_of(a, rows, i, 9));
	answer->network.asn = (uint32_t)db_int(rows, i, 11);
	said = case_said(k, "range", answer);
	said->network = db_int(rows, i, 1);
	said->asked_us = db_int(rows, i, 6);
	said->left_s = db_int(rows, i, 10);
}

enum db_result
lookup_rows_ranges(struct db *db, struct arena *a,
    struct lookup_case *const *cases, size_t n)
{
	struct db_args *args = db_args_new(a);
	struct db_array *addresses = db_arg_array(args);
	struct db_rows *rows;
	enum db_result r;

	for (size_t i = 0; i < n; i++)
		db_array_addr(addresses, &cases[i]->address);
	r = db_run(db, "lookup_ranges", args, &rows);
	if (r != DB_OK)
		return r;
	for (size_t i = 0; i < db_rows_count(rows); i++)
		read_range(a, rows, i, cases[db_int(rows, i, 0) - 1]);
	db_rows_free(rows);
	return DB_OK;
}
