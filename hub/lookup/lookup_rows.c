/* lookup's statements; see lookup_rows.h. */
#include "hub/lookup/lookup_rows.h"

#include "hub/conf.h"
#include "hub/lookup/ask.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"
#include "proto/kind.h"

enum { SAID_BYTES = 1000 };

/* ---- counting ---- */

/* The highest number below which nothing can appear any more: receive holds
 * the store lock shared while it stores. */
static enum db_result
stored_upto(struct db *db, int64_t *upto)
{
	struct db_rows *rows;
	enum db_result r = db_begin(db);

	if (r == DB_OK)
		r = db_run(db, "lookup_store_lock", NULL, NULL);
	if (r == DB_OK)
		r = db_run(db, "lookup_stored_upto", NULL, &rows);
	if (r != DB_OK)
		return r;
	*upto = db_int(rows, 0, 0);
	db_rows_free(rows);
	return db_commit(db);
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
		out->at[i] = (struct lookup_claim){
		    .address = db_addr(rows, i, 0),
		    .before = {.found = db_flag(rows, i, 1),
		        .tries = db_int(rows, i, 2),
		        .fresh_until_us = db_int(rows, i, 3),
		        .now_us = db_int(rows, i, 4)},
		    .old = db_flag(rows, i, 6),
		    .ours = db_flag(rows, i, 7)};
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

/* ---- recording ---- */

static enum db_result
add_contacts(struct db *db, struct arena *a,
    const struct lookup_record *records, size_t n, bool *any)
{
	struct db_args *args = db_args_new(a);
	struct db_array *keys = db_arg_array(args);
	struct db_array *mailboxes = db_arg_array(args);

	*any = false;
	for (size_t i = 0; i < n; i++) {
		if (records[i].after.key == NULL)
			continue;
		*any = true;
		db_array_text(keys, text_of(records[i].after.key));
		db_array_text(mailboxes, text_of(records[i].after.mailbox));
	}
	return *any ? db_run(db, "lookup_contacts", args, NULL) : DB_OK;
}

static void
add_number(struct db_array *array, int64_t v)
{
	if (v < 0)
		db_array_null(array);
	else
		db_array_int(array, v);
}

/* No mailbox holds a comma, so that it can separate them. */
static struct text
joined(struct arena *a, const struct ask_answer *answer)
{
	struct buf b = {0};
	struct text t;

	for (size_t i = 0; answer != NULL && i < answer->mailboxes_n; i++) {
		if (i != 0)
			buf_putc(&b, ',');
		buf_add(&b, answer->mailboxes[i].at, answer->mailboxes[i].n);
	}
	t = (struct text){.at = arena_copy(a, b.n == 0 ? "" : b.data, b.n),
	    .n = b.n};
	t = text_clean(a, t, ASK_MESSAGE_BYTES);
	buf_free(&b);
	return t;
}

/* The columns of lookup_record, behind $1. */
static void
add_columns(struct db_args *args, struct arena *a,
    const struct lookup_record *records, size_t n)
{
	struct db_array *column[11];

	for (size_t i = 0; i < sizeof column / sizeof column[0]; i++)
		column[i] = db_arg_array(args);
	for (size_t i = 0; i < n; i++) {
		const struct lookup_record *r = &records[i];
		const struct settle_after *after = &r->after;
		struct text said = {0}, why = text_of(after->why);

		if (r->answer != NULL) {
			said = r->answer->said;
			if (after->why == NULL)
				why = r->answer->why;
		}
		db_array_addr(column[0], &r->address);
		db_array_text(column[1], text_of(r->method));
		db_array_text(column[2], text_of(after->key));
		db_array_text(column[3], joined(a, r->answer));
		db_array_text(column[4], text_clean(a, said, SAID_BYTES));
		db_array_text(column[5], text_clean(a, why, SAID_BYTES));
		db_array_text(column[6], text_of(after->state));
		db_array_int(column[7], after->kept);
		add_number(column[8], after->fresh_s);
		add_number(column[9], r->parked ? -1 : after->next_s);
		db_array_int(column[10], after->tries);
	}
}

enum db_result
lookup_rows_record(struct db *db, struct arena *a, int64_t lease_us,
    const struct lookup_record *records, size_t n, size_t *recorded)
{
	struct db_args *args = db_args_new(a);
	struct db_rows *rows;
	bool any;
	enum db_result r = db_begin(db);

	*recorded = 0;
	db_arg_int(args, lease_us);
	add_columns(args, a, records, n);
	if (r == DB_OK)
		r = add_contacts(db, a, records, n, &any);
	if (r == DB_OK)
		r = db_run(db, "lookup_record", args, &rows);
	if (r != DB_OK)
		return r;
	*recorded = (size_t)db_int(rows, 0, 0);
	db_rows_free(rows);
	if (any) {
		r = db_run(db, "lookup_notify", NULL, NULL);
		if (r != DB_OK)
			return r;
	}
	return db_commit(db);
}
