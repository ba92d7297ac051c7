/* Who answers for what, in the database; see contact_rows.h. */
#include "hub/ctl/contact_rows.h"

#include "hub/ctl/ctl.h"
#include "hub/db.h"
#include "hub/lookup/mailbox.h"
#include "proto/base/addr.h"
#include "proto/base/arena.h"

/* The numbers of the one row that a statement gives; no row: *any false. */
static int
numbers(struct ctl *c, const char *statement, const struct db_args *args,
    int64_t *out, size_t n, bool *any)
{
	struct db_rows *rows;

	if (db_run(c->db, statement, args, &rows) != DB_OK)
		return -1;
	*any = db_rows_count(rows) != 0;
	for (size_t i = 0; *any && i < n; i++)
		out[i] = db_int(rows, 0, i);
	db_rows_free(rows);
	return 0;
}

static void
arg_prefix(struct ctl *c, struct db_args *args, const struct prefix *p)
{
	char text[ADDR_TEXT_BYTES];

	db_arg_string(args, arena_string(c->arena, prefix_format(text, p)));
}

int
contact_rows_about(struct ctl *c, const char *statement,
    const struct addr *address, struct db_rows **out)
{
	struct db_args *args = db_args_new(c->arena);

	db_arg_addr(args, address);
	return db_run(c->db, statement, args, out) == DB_OK ? 0 : -1;
}

int
contact_rows_ask(struct ctl *c, const struct addr *address, int64_t *asked_us)
{
	struct db_args *args = db_args_new(c->arena);
	bool any;

	*asked_us = 0;
	db_arg_addr(args, address);
	return numbers(c, "ctl_contact_ask", args, asked_us, 1, &any);
}

int
contact_rows_set(struct ctl *c, const struct prefix *p,
    const struct mailbox *m, const char *note, int64_t *addresses)
{
	struct db_args *args = db_args_new(c->arena);
	struct db_args *key = db_args_new(c->arena);
	bool any;

	db_arg_string(key, m->key);
	db_arg_string(key, m->address);
	arg_prefix(c, args, p);
	db_arg_string(args, m->key);
	db_arg_string(args, note);
	if (db_begin(c->db) != DB_OK ||
	    db_run(c->db, "ctl_contact_add", key, NULL) != DB_OK ||
	    numbers(c, "ctl_contact_set", args, addresses, 1, &any) < 0)
		return -1;
	return db_commit(c->db) == DB_OK ? 0 : -1;
}

int
contact_rows_unset(struct ctl *c, const struct prefix *p, bool *done,
    int64_t *addresses)
{
	struct db_args *args = db_args_new(c->arena);

	arg_prefix(c, args, p);
	return numbers(c, "ctl_contact_unset", args, addresses, 1, done);
}

int
contact_rows_refuse(struct ctl *c, const char *pattern, const char *why,
    int64_t *addresses, int64_t *reports)
{
	struct db_args *args = db_args_new(c->arena);
	int64_t v[2] = {0};
	bool any;

	db_arg_string(args, pattern);
	db_arg_string(args, why);
	if (numbers(c, "ctl_contact_refuse", args, v, 2, &any) < 0)
		return -1;
	*addresses = v[0];
	*reports = v[1];
	return 0;
}

int
contact_rows_accept(struct ctl *c, const char *pattern, bool *done,
    int64_t *addresses)
{
	struct db_args *args = db_args_new(c->arena);

	db_arg_string(args, pattern);
	return numbers(c, "ctl_contact_accept", args, addresses, 1, done);
}

int
contact_rows_find(struct ctl *c, const char *key, struct db_rows **out)
{
	struct db_args *args = db_args_new(c->arena);

	db_arg_string(args, key);
	return db_run(c->db, "ctl_contact_find", args, out) == DB_OK ? 0 : -1;
}

enum contact_merged
contact_rows_merge(struct ctl *c, int64_t from, int64_t into,
    int64_t *addresses)
{
	struct db_args *args = db_args_new(c->arena);
	enum db_result r;

	db_arg_int(args, from);
	db_arg_int(args, into);
	r = db_begin(c->db);
	/* its reports first: the week and the one open report are constraints
	 * of the table */
	if (r == DB_OK)
		r = db_run(c->db, "ctl_contact_merge_reports", args, NULL);
	if (r == DB_CONFLICT)
		return CONTACT_BOTH_MAILED;
	if (r == DB_OK)
		r = db_run_number(c->db, "ctl_contact_merge", args, addresses);
	if (r != DB_OK)
		return CONTACT_FAILED;
	return db_commit(c->db) == DB_OK ? CONTACT_MERGED : CONTACT_FAILED;
}
