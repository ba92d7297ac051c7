/*
 * The door to PostgreSQL; the only user of libpq.  A session prepares every
 * statement of its stage as it connects, so that a typo or a missing grant
 * stops the process at its start.  Statements are run by name; nothing ever
 * builds SQL from text.  Values travel as text, so that there is one form, but
 * bytes (db_arg_bytes), the rows of db_run_binary and those of COPY.
 *
 * Nothing waits for ever: connecting and every answer have a limit, which
 * for receive is below two seconds (db_set_patience).  After DB_LOST nothing
 * is known of the open transaction (it may have committed): close the session
 * and begin again.
 */
#ifndef PLAINTIFF_DB_H
#define PLAINTIFF_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/addr.h"
#include "proto/base/text.h"

struct arena;
struct db;
struct db_args;
struct db_array;
struct db_copy;
struct db_rows;
struct hub_conf;

enum db_result {
	DB_OK,
	DB_CONFLICT, /* a constraint, a lock, a deadlock: rolled back, try the
	                unit of work again or do without */
	DB_REFUSED,  /* the statement will not do: rolled back; logged */
	DB_LOST,     /* the connection is gone; logged */
};

/* ---- sessions ---- */

/* Connects as the stage's role and prepares its statements.  NULL: logged;
 * *hopeless tells that trying again will not help (schema missing or of
 * another version, a statement refused). */
struct db *db_open(const struct hub_conf *conf, const char *stage,
    bool *hopeless);
/* Connects as the schema's owner and prepares nothing, for db_script. */
struct db *db_open_owner(const struct hub_conf *conf);
/* NULL is legal. */
void db_close(struct db *db);

/* How long to wait for an answer before the connection counts as lost. */
void db_set_patience(struct db *db, int answer_ms);
/* After DB_LOST: was it that no answer came in time? */
bool db_was_silent(const struct db *db);

/* From now on, while it waits for an answer, it calls go(arg) whenever fd is
 * readable; go waits for nothing, and leaves the session alone.  NULL: no
 * more. */
void db_meanwhile(struct db *db, int fd, void (*go)(void *arg), void *arg);

/* The socket, to wait on for notifications. */
int db_fd(const struct db *db);
/* Subscribes to a channel. */
enum db_result db_listen(struct db *db, const char *channel);
/* Reads what is there without waiting; *any tells whether a notification
 * came.  Call it when db_fd is readable. */
enum db_result db_notifications(struct db *db, bool *any);

/* ---- statements ---- */

enum db_result db_begin(struct db *db) __attribute__((warn_unused_result));
enum db_result db_commit(struct db *db) __attribute__((warn_unused_result));
/* Always succeeds as far as the caller is concerned. */
void db_rollback(struct db *db);

/* Runs a prepared statement.  args NULL: none.  rows NULL: not wanted;
 * otherwise *rows is set when DB_OK; free it with db_rows_free. */
enum db_result db_run(struct db *db, const char *statement,
    const struct db_args *args, struct db_rows **rows)
    __attribute__((warn_unused_result));

/* The same for a statement of many rows: PostgreSQL's binary form, which costs
 * it, and us, less.  For columns that are integers, flags, text, addresses
 * and the places of rows (ctid), and for the db_ functions that read those. */
enum db_result db_run_binary(struct db *db, const char *statement,
    const struct db_args *args, struct db_rows **rows)
    __attribute__((warn_unused_result));

/* Runs a statement of which only the number of rows is wanted that it has
 * changed. */
enum db_result db_run_count(struct db *db, const char *statement,
    const struct db_args *args, int64_t *n) __attribute__((warn_unused_result));

/* Runs a statement of which one number is wanted: the first value of the first
 * row, 0 when there is no row or it fails. */
enum db_result db_run_number(struct db *db, const char *statement,
    const struct db_args *args, int64_t *n) __attribute__((warn_unused_result));

/* Tells the session the settings that views look at; db_open does it too. */
enum db_result db_tell_settings(struct db *db, const struct hub_conf *conf)
    __attribute__((warn_unused_result));

/* Several statements at once, for migrations. */
enum db_result db_script(struct db *db, const char *sql)
    __attribute__((warn_unused_result));
/* One statement of the owner's with arguments, not prepared. */
enum db_result db_query(struct db *db, const char *sql,
    const struct db_args *args, struct db_rows **rows)
    __attribute__((warn_unused_result));

/* ---- arguments: $1, $2 ... in the order of these calls ---- */

struct db_args *db_args_new(struct arena *a);
void db_arg_null(struct db_args *args);
void db_arg_text(struct db_args *args, struct text t); /* absent: NULL */
void db_arg_string(struct db_args *args, const char *s); /* NULL: NULL */
void db_arg_int(struct db_args *args, int64_t v);
void db_arg_flag(struct db_args *args, bool v);
void db_arg_addr(struct db_args *args, const struct addr *v); /* none: NULL */
void db_arg_bytes(struct db_args *args, const void *bytes, size_t n);

/* An array argument, for unnest and = ANY.  Fill it before db_run. */
struct db_array *db_arg_array(struct db_args *args);
void db_array_null(struct db_array *array);
void db_array_text(struct db_array *array, struct text t); /* absent: NULL */
void db_array_int(struct db_array *array, int64_t v);
void db_array_addr(struct db_array *array, const struct addr *v);
/* The place of a row, as db_int reads it. */
void db_array_tid(struct db_array *array, int64_t place);
void db_array_uuid(struct db_array *array, const uint8_t bytes[16]);

/* ---- many rows for a table ---- */

/* Begins a statement "COPY ... FROM STDIN (FORMAT binary)", which takes rows at
 * a fraction of an INSERT's cost.  Each row is db_copy_row with the number of
 * its columns, then their values, in their order and of exactly their types.
 * What fails is told by db_copy_close, which must follow; no other statement
 * may come between. */
struct db_copy *db_copy_open(struct db *db, const char *statement);
void db_copy_row(struct db_copy *copy, size_t columns);
void db_copy_int4(struct db_copy *copy, int32_t v);
void db_copy_int8(struct db_copy *copy, int64_t v);
void db_copy_text(struct db_copy *copy, struct text t); /* absent: NULL */
void db_copy_bytes(struct db_copy *copy, const void *bytes, size_t n);
void db_copy_addr(struct db_copy *copy, const struct addr *v);
/* A timestamptz, from microseconds since 1970. */
void db_copy_time(struct db_copy *copy, int64_t us);
enum db_result db_copy_close(struct db_copy *copy)
    __attribute__((warn_unused_result));

/* ---- rows ---- */

size_t db_rows_count(const struct db_rows *rows);
bool db_is_null(const struct db_rows *rows, size_t row, size_t column);
/* Lives until db_rows_free; absent for NULL. */
struct text db_text(const struct db_rows *rows, size_t row, size_t column);
/* NUL-terminated; "" for NULL. */
const char *db_string(const struct db_rows *rows, size_t row, size_t column);
/* 0 for NULL. */
int64_t db_int(const struct db_rows *rows, size_t row, size_t column);
bool db_flag(const struct db_rows *rows, size_t row, size_t column);
/* family 0 for NULL. */
struct addr db_addr(const struct db_rows *rows, size_t row, size_t column);
/* A bytea column, decoded into the arena. */
struct text db_bytes(const struct db_rows *rows, size_t row, size_t column,
    struct arena *a);
/* Name of a column, for tables printed from views. */
size_t db_column_count(const struct db_rows *rows);
const char *db_column_name(const struct db_rows *rows, size_t column);
/* How a column's values are to be shown. */
enum db_shape {
	DB_SHAPE_TEXT,
	DB_SHAPE_NUMBER,
	DB_SHAPE_FLAG,
	DB_SHAPE_TIME, /* "2026-11-21 20:42:32.5+00" */
};
enum db_shape db_column_shape(const struct db_rows *rows, size_t column);
/* NULL is legal. */
void db_rows_free(struct db_rows *rows);

#endif
