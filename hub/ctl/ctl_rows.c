/* The administrator's statements; see ctl_rows.h. */
#include "hub/ctl/ctl_rows.h"

#include "hub/ctl/ctl.h"
#include "hub/db.h"

int
ctl_rows_list(struct ctl *c, const char *statement, struct db_rows **out)
{
	return db_run(c->db, statement, NULL, out) == DB_OK ? 0 : -1;
}

int
ctl_rows_number(struct ctl *c, const char *statement, int64_t number,
    struct db_rows **out)
{
	struct db_args *args = db_args_new(c->arena);

	db_arg_int(args, number);
	return db_run(c->db, statement, args, out) == DB_OK ? 0 : -1;
}

int
ctl_rows_string(struct ctl *c, const char *statement, const char *s,
    struct db_rows **out)
{
	struct db_args *args = db_args_new(c->arena);

	db_arg_string(args, s);
	return db_run(c->db, statement, args, out) == DB_OK ? 0 : -1;
}

int
ctl_rows_agent_find(struct ctl *c, const char *name, const char *key,
    struct db_rows **out)
{
	struct db_args *args = db_args_new(c->arena);

	db_arg_string(args, name);
	db_arg_string(args, key);
	return db_run(c->db, "ctl_agent_find", args, out) == DB_OK ? 0 : -1;
}

int
ctl_rows_agent_add(struct ctl *c, const char *name, const char *key)
{
	struct db_args *args = db_args_new(c->arena);

	db_arg_string(args, name);
	db_arg_string(args, key);
	return db_run(c->db, "ctl_agent_add", args, NULL) == DB_OK ? 0 : -1;
}

int
ctl_rows_agent_revoke(struct ctl *c, const char *name, bool *done)
{
	struct db_args *args = db_args_new(c->arena);
	struct db_rows *rows;

	db_arg_string(args, name);
	if (db_run(c->db, "ctl_agent_revoke", args, &rows) != DB_OK)
		return -1;
	*done = db_rows_count(rows) != 0;
	db_rows_free(rows);
	return 0;
}

/* Waits for what is being stored, and has been given no place yet. */
static enum db_result
drain_stores(struct ctl *c)
{
	enum db_result result = db_begin(c->db);

	if (result == DB_OK)
		result = db_run(c->db, "ctl_store_lock", NULL, NULL);
	return result == DB_OK ? db_commit(c->db) : result;
}

static enum db_result
unhold_some(struct ctl *c, const struct db_args *args, int64_t *some)
{
	enum db_result result = db_begin(c->db);

	if (result == DB_OK)
		result = db_run(c->db, "ctl_store_lock_shared", NULL, NULL);
	if (result == DB_OK)
		result = db_run_number(c->db, "ctl_agent_unhold", args, some);
	return result == DB_OK ? db_commit(c->db) : result;
}

int
ctl_rows_agent_release(struct ctl *c, const char *name, int64_t *events)
{
	struct db_args *args = db_args_new(c->arena);
	int64_t some = 1;

	*events = 0;
	db_arg_string(args, name);
	if (db_run(c->db, "ctl_agent_release", args, NULL) != DB_OK ||
	    drain_stores(c) != DB_OK)
		return -1;
	while (some != 0) {
		if (unhold_some(c, args, &some) != DB_OK)
			return -1;
		*events += some;
	}
	return 0;
}

int
ctl_rows_report(struct ctl *c, int64_t report, struct db_rows **out)
{
	struct db_args *args = db_args_new(c->arena);

	db_arg_int(args, report);
	return db_run(c->db, "ctl_report", args, out) == DB_OK ? 0 : -1;
}

int
ctl_rows_report_mails(struct ctl *c, int64_t report, const char *n,
    struct db_rows **out)
{
	struct db_args *args = db_args_new(c->arena);

	db_arg_int(args, report);
	db_arg_string(args, n);
	return db_run(c->db, "ctl_report_mails", args, out) == DB_OK ? 0 : -1;
}

int
ctl_rows_report_adopt(struct ctl *c, int64_t report, const char *hub,
    bool *done)
{
	struct db_args *args = db_args_new(c->arena);
	struct db_rows *rows;

	db_arg_int(args, report);
	db_arg_string(args, hub);
	if (db_run(c->db, "ctl_report_adopt", args, &rows) != DB_OK)
		return -1;
	*done = db_rows_count(rows) != 0;
	db_rows_free(rows);
	return 0;
}

int
ctl_rows_report_move(struct ctl *c, int64_t report, const char *from,
    const char *to, const char *said, bool *done)
{
	struct db_args *args = db_args_new(c->arena);
	struct db_rows *rows;

	db_arg_int(args, report);
	db_arg_string(args, from);
	db_arg_string(args, to);
	db_arg_string(args, said);
	if (db_run(c->db, "ctl_report_move", args, &rows) != DB_OK)
		return -1;
	*done = db_rows_count(rows) != 0;
	db_rows_free(rows);
	return 0;
}

int
ctl_rows_reply_classify(struct ctl *c, int64_t reply, const char *kind,
    bool *done, int64_t *fixed)
{
	struct db_args *args = db_args_new(c->arena);
	struct db_rows *rows;

	db_arg_int(args, reply);
	db_arg_string(args, kind);
	if (db_run(c->db, "ctl_reply_classify", args, &rows) != DB_OK)
		return -1;
	*done = db_rows_count(rows) != 0;
	*fixed = *done ? db_int(rows, 0, 0) : 0;
	db_rows_free(rows);
	return 0;
}
