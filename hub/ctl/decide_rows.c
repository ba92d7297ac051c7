/* What is reported, by the administrator; see decide_rows.h. */
#include "hub/ctl/decide_rows.h"

#include <assert.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "hub/brake.h"
#include "hub/ctl/ctl.h"
#include "hub/db.h"
#include "proto/base/arena.h"

enum { WHO_MAX_BYTES = 64 };

static struct db_args *
args_of(struct ctl *c, const char *const *args, size_t n)
{
	struct db_args *out = db_args_new(c->arena);

	assert(n <= DECIDE_ARGS_MOST);
	for (size_t i = 0; i < n; i++)
		db_arg_string(out, args[i]);
	return out;
}

int
decide_rows_run(struct ctl *c, const char *statement,
    const char *const *args, size_t n, struct db_rows **rows)
{
	return db_run(c->db, statement, args_of(c, args, n), rows) == DB_OK
	    ? 0
	    : -1;
}

int
decide_rows_count(struct ctl *c, const char *statement,
    const char *const *args, size_t n, int64_t *count)
{
	struct db_rows *rows;

	if (decide_rows_run(c, statement, args, n, &rows) < 0)
		return -1;
	*count = db_rows_count(rows) == 0 ? -1 : db_int(rows, 0, 0);
	db_rows_free(rows);
	return 0;
}

const char *
decide_who(struct ctl *c)
{
	const char *s = getenv("SUDO_USER");
	const struct passwd *p = getpwuid(getuid());
	struct text t;

	if (s == NULL || s[0] == '\0')
		s = p == NULL ? "?" : p->pw_name;
	t = text_clean(c->arena, text_of(s), WHO_MAX_BYTES);
	return arena_copy(c->arena, t.at, t.n);
}

/* ---- the clock ---- */

static enum db_result
read_apart(struct ctl *c, const char **apart)
{
	struct db_args *args = db_args_new(c->arena);
	struct db_rows *rows;
	enum db_result r;

	brake_arg_host(args);
	r = db_run(c->db, "ctl_clock_apart", args, &rows);
	if (r != DB_OK)
		return r;
	*apart = db_is_null(rows, 0, 0)
	    ? "00:00:00"
	    : arena_string(c->arena, db_string(rows, 0, 0));
	db_rows_free(rows);
	return DB_OK;
}

int
decide_rows_clock(struct ctl *c, const char *who, const char **apart)
{
	enum db_result r = db_begin(c->db);

	if (r == DB_OK)
		r = read_apart(c, apart);
	if (r == DB_OK)
		r = db_run(c->db, "ctl_clock_weeks", args_of(c, apart, 1),
		    NULL);
	if (r == DB_OK)
		r = db_run(c->db, "ctl_clock_tries", NULL, NULL);
	if (r == DB_OK)
		r = db_run(c->db, "ctl_clock_accept", args_of(c, &who, 1),
		    NULL);
	if (r == DB_OK)
		r = db_commit(c->db);
	return r == DB_OK ? 0 : -1;
}

/* ---- a purge ---- */

/* One statement about an agent and a day; its first number is added. */
static enum db_result
one(struct ctl *c, const char *statement, const char *agent, const char *day,
    size_t column, int64_t *sum)
{
	const char *args[] = {agent, day};
	struct db_rows *rows;
	enum db_result r = db_run(c->db, statement, args_of(c, args, 2),
	    sum == NULL ? NULL : &rows);

	if (r != DB_OK || sum == NULL)
		return r;
	*sum += db_int(rows, 0, column);
	db_rows_free(rows);
	return DB_OK;
}

static enum db_result
purge_day(struct ctl *c, const char *agent, const char *counted,
    const char *day, struct decide_purged *out)
{
	enum db_result r = one(c, "ctl_purge_mark", agent, day, 1, &out->held);

	if (r == DB_OK)
		r = one(c, "ctl_purge_attribute", agent, day, 0, &out->kept);
	if (r == DB_OK)
		r = one(c, "ctl_purge_remove", agent, day, 0, &out->removed);
	if (r == DB_OK)
		r = one(c, "ctl_purge_tallies", day, counted, 0, NULL);
	return r;
}

static enum db_result
purge(struct ctl *c, const char *agent, const char *counted,
    struct decide_purged *out)
{
	struct db_rows *days;
	enum db_result r = db_run(c->db, "ctl_purge_days", NULL, &days);

	if (r != DB_OK)
		return r;
	for (size_t i = 0; r == DB_OK && i < db_rows_count(days); i++)
		r = purge_day(c, agent, counted, db_string(days, i, 0), out);
	db_rows_free(days);
	if (r == DB_OK)
		r = db_run(c->db, "ctl_purge_sources", NULL, NULL);
	if (r == DB_OK)
		r = db_run(c->db, "ctl_purge_rest", args_of(c, &agent, 1),
		    NULL);
	return r;
}

/* Waits for what is being stored. */
static enum db_result
drain(struct ctl *c)
{
	enum db_result r = db_begin(c->db);

	if (r == DB_OK)
		r = db_run(c->db, "ctl_store_lock", NULL, NULL);
	return r == DB_OK ? db_commit(c->db) : r;
}

int
decide_rows_purge(struct ctl *c, const char *name, struct decide_purged *out)
{
	struct db_rows *rows;
	enum db_result r = drain(c);

	*out = (struct decide_purged){0};
	if (r == DB_OK)
		r = db_begin(c->db);
	if (r == DB_OK)
		r = db_run(c->db, "ctl_purge_lock", NULL, NULL);
	if (r == DB_OK)
		r = db_run(c->db, "ctl_purge_begin", args_of(c, &name, 1),
		    &rows);
	if (r != DB_OK)
		return -1;
	r = purge(c, arena_string(c->arena, db_string(rows, 0, 0)),
	    arena_string(c->arena, db_string(rows, 0, 1)), out);
	db_rows_free(rows);
	if (r == DB_OK)
		r = db_commit(c->db);
	else
		db_rollback(c->db);
	return r == DB_OK ? 0 : -1;
}
