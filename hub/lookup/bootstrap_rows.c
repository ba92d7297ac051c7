/* Which RDAP server knows which network, in the database; see
 * bootstrap_rows.h. */
#include "hub/lookup/bootstrap_rows.h"

#include "hub/lookup/bootstrap.h"
#include "proto/base/arena.h"

enum { WHY_BYTES = 200 };

/* All rows of a family, and where they are from; within a transaction. */
static enum db_result
put(struct db *db, struct arena *a, int family, const char *origin,
    const uint8_t *digest, const struct bootstrap *b)
{
	struct db_args *which = db_args_new(a), *note = db_args_new(a);
	struct db_args *rows = db_args_new(a);
	struct db_array *prefixes = db_arg_array(rows);
	struct db_array *urls = db_arg_array(rows);
	enum db_result r;

	for (size_t i = 0; i < b->n; i++) {
		char text[ADDR_TEXT_BYTES];

		db_array_text(prefixes, text_of(arena_string(a,
		    prefix_format(text, &b->at[i].prefix))));
		db_array_text(urls, text_of(b->at[i].url));
	}
	db_arg_int(which, family);
	db_arg_int(note, family);
	db_arg_string(note, origin);
	if (digest != NULL)
		db_arg_bytes(note, digest, 32);
	else
		db_arg_null(note);
	r = db_run(db, "lookup_bootstrap_note", note, NULL);
	if (r == DB_OK)
		r = db_run(db, "lookup_bootstrap_clear", which, NULL);
	if (r == DB_OK)
		r = db_run(db, "lookup_bootstrap_put", rows, NULL);
	return r;
}

enum db_result
bootstrap_rows_shipped(struct db *db, struct arena *a, int family,
    const uint8_t digest[32], const struct bootstrap *b, bool *stored)
{
	struct db_args *args = db_args_new(a);
	struct db_rows *rows;
	enum db_result r = db_begin(db);

	*stored = false;
	db_arg_int(args, family);
	db_arg_bytes(args, digest, 32);
	if (r == DB_OK)
		r = db_run(db, "lookup_bootstrap_wanted", args, &rows);
	if (r != DB_OK)
		return r;
	*stored = db_rows_count(rows) != 0;
	db_rows_free(rows);
	if (*stored)
		r = put(db, a, family, "shipped", digest, b);
	return r == DB_OK ? db_commit(db) : r;
}

enum db_result
bootstrap_rows_claim(struct db *db, struct arena *a, int family,
    int64_t every_s, bool *due)
{
	struct db_args *args = db_args_new(a);
	struct db_rows *rows;
	enum db_result r;

	db_arg_int(args, family);
	db_arg_int(args, every_s);
	r = db_run(db, "lookup_bootstrap_claim", args, &rows);
	if (r != DB_OK)
		return r;
	*due = db_rows_count(rows) != 0;
	db_rows_free(rows);
	return DB_OK;
}

enum db_result
bootstrap_rows_fetched(struct db *db, struct arena *a, int family,
    const struct bootstrap *b)
{
	enum db_result r = db_begin(db);

	if (r == DB_OK)
		r = put(db, a, family, "fetched", NULL, b);
	return r == DB_OK ? db_commit(db) : r;
}

enum db_result
bootstrap_rows_failed(struct db *db, struct arena *a, int family,
    int64_t again_s, struct text why)
{
	struct db_args *args = db_args_new(a);

	db_arg_int(args, family);
	db_arg_int(args, again_s);
	db_arg_text(args, text_clean(a, why, WHY_BYTES));
	return db_run(db, "lookup_bootstrap_failed", args, NULL);
}
