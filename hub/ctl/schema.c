/*
 * plaintiff schema upgrade, schema check: compares what the database says it
 * is with what is embedded in this program, and brings it up to that.  Each
 * migration is one transaction with its row in schema_migration, so that a
 * crash leaves the database at some version and the next upgrade goes on.
 * Row 0 holds the checksum of views and roles, which are made anew whenever
 * they differ.
 */
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "hub/conf.h"
#include "hub/ctl/ctl.h"
#include "hub/db.h"
#include "proto/base/arena.h"
#include "proto/base/log.h"
#include "schema/schema.h"

enum { DAYS_AHEAD = 3 };

struct found {
	bool schema;      /* the schema and its table are there */
	int last;         /* number of the newest migration applied */
	bool views_match; /* views and roles are this program's */
};

/* An upgrade may take its time; only one runs. */
static const char begin_sql[] =
    "SET statement_timeout = 0;"
    "SET idle_in_transaction_session_timeout = 0;"
    "SET lock_timeout = '60s';"
    "SELECT pg_advisory_lock(7411003)";

static const char table_sql[] =
    "CREATE SCHEMA IF NOT EXISTS plaintiff;"
    "COMMENT ON SCHEMA plaintiff IS 'abuse events and the reports of them';"
    "CREATE TABLE plaintiff.schema_migration ("
    " number integer PRIMARY KEY, name text NOT NULL,"
    " checksum text NOT NULL,"
    " applied timestamptz NOT NULL DEFAULT now());"
    "COMMENT ON TABLE plaintiff.schema_migration IS"
    " 'what plaintiff schema upgrade has done';"
    "COMMENT ON COLUMN plaintiff.schema_migration.number IS"
    " 'number of the migration; 0: views and roles';"
    "COMMENT ON COLUMN plaintiff.schema_migration.name IS 'its name';"
    "COMMENT ON COLUMN plaintiff.schema_migration.checksum IS"
    " 'SHA-256 of its text';"
    "COMMENT ON COLUMN plaintiff.schema_migration.applied IS 'when'";

static const char record_sql[] =
    "INSERT INTO schema_migration (number, name, checksum)"
    " VALUES ($1::integer, $2, $3)"
    " ON CONFLICT (number) DO UPDATE"
    " SET checksum = excluded.checksum, applied = now()";

/* What views and roles should be, as one checksum. */
static const char *
remade_checksum(struct arena *a)
{
	unsigned char sum[crypto_hash_sha256_BYTES];
	char *hex = arena_alloc(a, 2 * sizeof sum + 1);
	crypto_hash_sha256_state state;

	crypto_hash_sha256_init(&state);
	for (const struct schema_view *v = schema_views; v->name != NULL; v++)
		crypto_hash_sha256_update(&state,
		    (const unsigned char *)v->sql, strlen(v->sql) + 1);
	crypto_hash_sha256_update(&state, (const unsigned char *)schema_roles,
	    strlen(schema_roles));
	crypto_hash_sha256_final(&state, sum);
	return sodium_bin2hex(hex, 2 * sizeof sum + 1, sum, sizeof sum);
}

static int
program_last(void)
{
	int last = 0;

	for (const struct schema_migration *m = schema_migrations;
	     m->name != NULL; m++)
		last = m->number;
	return last;
}

/* One row of schema_migration against this program. */
static int
compare(struct ctl *c, const struct db_rows *rows, size_t row,
    struct found *f)
{
	int number = (int)db_int(rows, row, 0);
	const struct schema_migration *m;

	if (number == 0) {
		f->views_match = strcmp(db_string(rows, row, 2),
		    remade_checksum(c->arena)) == 0;
		return 0;
	}
	f->last = number;
	if (number > program_last()) {
		log_error("the database is newer than this program: it has "
		          "migration %d (%s), this program knows %d; install "
		          "the newer plaintiff", number,
		    db_string(rows, row, 1), program_last());
		return -1;
	}
	m = &schema_migrations[number - 1];
	if (strcmp(db_string(rows, row, 2), m->checksum) != 0) {
		log_error("migration %d (%s) was applied with another content: "
		          "checksum %.12s..., this program has %.12s...; "
		          "refused", number, db_string(rows, row, 1),
		    db_string(rows, row, 2), m->checksum);
		return -1;
	}
	return 0;
}

/* Reads what is there; -1: logged. */
static int
look(struct ctl *c, struct found *f)
{
	struct db_rows *rows;
	int result = 0;

	*f = (struct found){0};
	if (db_query(c->db, "SELECT to_regclass('plaintiff.schema_migration')"
	        " IS NOT NULL", NULL, &rows) != DB_OK)
		return -1;
	f->schema = db_flag(rows, 0, 0);
	db_rows_free(rows);
	if (!f->schema)
		return 0;
	if (db_query(c->db, "SELECT number, name, checksum"
	        " FROM schema_migration ORDER BY number", NULL, &rows) != DB_OK)
		return -1;
	for (size_t i = 0; i < db_rows_count(rows) && result == 0; i++)
		result = compare(c, rows, i, f);
	db_rows_free(rows);
	return result;
}

static enum db_result
record(struct ctl *c, int number, const char *name, const char *checksum)
{
	struct db_args *args = db_args_new(c->arena);

	db_arg_int(args, number);
	db_arg_string(args, name);
	db_arg_string(args, checksum);
	return db_query(c->db, record_sql, args, NULL);
}

/* sql and its row in one transaction. */
static int
apply(struct ctl *c, int number, const char *name, const char *checksum,
    const char *sql)
{
	if (db_begin(c->db) != DB_OK)
		return -1;
	if (db_script(c->db, sql) == DB_OK &&
	    record(c, number, name, checksum) == DB_OK &&
	    db_commit(c->db) == DB_OK)
		return 0;
	db_rollback(c->db);
	log_error("%s not applied; the database is as it was before it", name);
	return -1;
}

/* All views are dropped in one statement, since they use one another. */
static const char drop_views_sql[] =
    "DO $$ DECLARE views text; BEGIN\n"
    " SELECT string_agg(format('plaintiff.%I', viewname), ', ') INTO views\n"
    " FROM pg_views WHERE schemaname = 'plaintiff';\n"
    " IF views IS NOT NULL THEN EXECUTE 'DROP VIEW ' || views; END IF;\n"
    "END $$;\n"
    "SELECT pg_advisory_xact_lock(7411002);\n"; /* that of partitions_make */

static int
remake(struct ctl *c)
{
	const char *sql = drop_views_sql;

	for (const struct schema_view *v = schema_views; v->name != NULL; v++)
		sql = arena_printf(c->arena, "%s%s;\n", sql, v->sql);
	sql = arena_printf(c->arena, "%s%s", sql, schema_roles);
	return apply(c, 0, "views and roles", remade_checksum(c->arena), sql);
}

static int
make_partitions(struct ctl *c)
{
	struct db_args *args = db_args_new(c->arena);
	struct db_rows *rows;

	db_arg_int(args, c->conf->tidy_backlog_days);
	db_arg_int(args, DAYS_AHEAD);
	if (db_query(c->db, "SELECT partitions_make("
	        "(now() AT TIME ZONE 'UTC')::date - $1::integer,"
	        "(now() AT TIME ZONE 'UTC')::date + $2::integer)", args,
	        &rows) != DB_OK)
		return -1;
	printf("partitions made: %lld\n", (long long)db_int(rows, 0, 0));
	db_rows_free(rows);
	return 0;
}

int
ctl_schema_upgrade(struct ctl *c)
{
	struct found f;

	if (db_script(c->db, begin_sql) != DB_OK || look(c, &f) < 0)
		return EX_SOFTWARE;
	if (!f.schema && (db_begin(c->db) != DB_OK ||
	        db_script(c->db, table_sql) != DB_OK ||
	        db_commit(c->db) != DB_OK))
		return EX_SOFTWARE;
	for (const struct schema_migration *m = schema_migrations;
	     m->name != NULL; m++) {
		if (m->number <= f.last)
			continue;
		if (apply(c, m->number, m->name, m->checksum, m->sql) < 0)
			return EX_SOFTWARE;
		printf("migration applied: %d %s\n", m->number, m->name);
	}
	if (!f.views_match || f.last != program_last()) {
		if (remake(c) < 0)
			return EX_SOFTWARE;
		printf("views and roles made\n");
	}
	if (make_partitions(c) < 0)
		return EX_SOFTWARE;
	printf("schema is at version %d\n", program_last());
	return EX_OK;
}

int
ctl_schema_check(struct ctl *c)
{
	struct found f;

	if (look(c, &f) < 0)
		return 1;
	if (f.last == program_last() && f.views_match) {
		printf("schema is at version %d, as this program\n", f.last);
		return EX_OK;
	}
	if (f.last != program_last())
		printf("schema is at version %d, this program at %d; run "
		       "plaintiff schema upgrade\n", f.last, program_last());
	else
		printf("views and roles are not this program's; run plaintiff "
		       "schema upgrade\n");
	return 1;
}
