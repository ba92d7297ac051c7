/* Sessions and statements of PostgreSQL; see db.h.  Arguments and rows:
 * db_values.c. */
#include "hub/db.h"

#include <assert.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "hub/conf.h"
#include "hub/db_connect.h"
#include "hub/db_inside.h"
#include "hub/db_values.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"
#include "proto/base/die.h"
#include "proto/base/log.h"
#include "schema/schema.h"

/* Every session of ours; what limits a wait is here. */
static const char session[] =
    "SET search_path = plaintiff;"
    "SET timezone = 'UTC';"
    "SET synchronous_commit = on;"
    "SET statement_timeout = '10s';"
    "SET idle_in_transaction_session_timeout = '5s';"
    "SET client_min_messages = warning";

static void
on_notice(void *arg, const char *message)
{
	(void)arg;
	log_info("postgresql: %.*s", (int)strcspn(message, "\n"), message);
}

/* A message of libpq without its trailing newline, for one log line. */
static void
log_failure(const struct db *db, const char *what, const char *message)
{
	(void)db;
	log_error("%s: %.*s", what, (int)strcspn(message, "\n"), message);
}

bool
db_is_there(const struct db *db)
{
	return !db->silent && PQstatus(db->conn) == CONNECTION_OK;
}

enum db_result
db_script(struct db *db, const char *sql)
{
	PGresult *r = db_answer(db, PQsendQuery(db->conn, sql));
	enum db_result result = DB_OK;

	if (PQresultStatus(r) != PGRES_COMMAND_OK &&
	    PQresultStatus(r) != PGRES_TUPLES_OK) {
		result = db_is_there(db) ? DB_REFUSED : DB_LOST;
		log_failure(db, "database refused a script",
		    db->silent ? "no answer" : PQerrorMessage(db->conn));
	}
	PQclear(r);
	return result;
}

static bool
prepare(struct db *db, bool *hopeless)
{
	for (const struct schema_statement *s = schema_statements;
	     s->name != NULL; s++) {
		PGresult *r;
		bool ok;

		if (strcmp(s->stage, db->stage) != 0)
			continue;
		if (db_copy_is(s)) {
			/* cannot be prepared; of no rows it is tried */
			if (db_copy_close(db_copy_open(db, s->name)) == DB_OK)
				continue;
			*hopeless = db_is_there(db);
			return false;
		}
		r = db_answer(db, PQsendPrepare(db->conn, s->name, s->sql, 0,
		    NULL));
		ok = PQresultStatus(r) == PGRES_COMMAND_OK;
		PQclear(r);
		if (!ok) {
			log_error("cannot prepare %s: %.*s", s->name,
			    (int)strcspn(PQerrorMessage(db->conn), "\n"),
			    PQerrorMessage(db->conn));
			*hopeless = db_is_there(db);
			return false;
		}
	}
	return true;
}

/* fsync = off would make every acknowledgement a lie. */
static bool
is_durable(struct db *db)
{
	PGresult *r = db_answer(db, PQsendQuery(db->conn, "SHOW fsync"));
	bool on = PQresultStatus(r) == PGRES_TUPLES_OK &&
	    strcmp(PQgetvalue(r, 0, 0), "on") == 0;

	PQclear(r);
	return on;
}

static struct db *
open_as(const struct hub_conf *conf, const char *user, const char *stage)
{
	const struct db_patience *p = db_patience_of(stage);
	struct db *db = calloc(1, sizeof *db);

	if (db == NULL)
		die(EX_OSERR, "out of memory");
	db->stage = stage;
	db->answer_ms = p->answer_ms;
	db->conn = db_connect(conf, user, p->connect_ms);
	if (PQstatus(db->conn) != CONNECTION_OK) {
		log_failure(db, "cannot reach the database",
		    PQstatus(db->conn) == CONNECTION_BAD
		        ? PQerrorMessage(db->conn)
		        : "no answer in time");
		goto fail;
	}
	(void)PQsetNoticeProcessor(db->conn, on_notice, NULL);
	/* so that sending a large batch cannot wait for ever either */
	if (PQsetnonblocking(db->conn, 1) != 0)
		die(EX_SOFTWARE, "libpq has no nonblocking mode");
	if (db_script(db, session) != DB_OK ||
	    db_script(db, p->settings) != DB_OK ||
	    db_tell_settings(db, conf) != DB_OK)
		goto fail;
	return db;
fail:
	db_close(db);
	return NULL;
}

struct db *
db_open(const struct hub_conf *conf, const char *stage, bool *hopeless)
{
	struct arena *a = arena_open(0);
	struct db *db = open_as(conf,
	    arena_printf(a, "%s%s", conf->database_role_prefix,
	        strcmp(stage, "ctl") == 0 ? "admin" : stage), stage);

	arena_close(a);
	*hopeless = false;
	if (db == NULL)
		return NULL;
	if (!is_durable(db)) {
		log_error("database runs with fsync = off: refused");
		*hopeless = db_is_there(db);
		goto fail;
	}
	if (!prepare(db, hopeless))
		goto fail;
	return db;
fail:
	db_close(db);
	return NULL;
}

struct db *
db_open_owner(const struct hub_conf *conf)
{
	return open_as(conf,
	    conf->database_owner[0] == '\0' ? NULL : conf->database_owner,
	    "owner");
}

void
db_close(struct db *db)
{
	if (db == NULL)
		return;
	PQfinish(db->conn);
	free(db);
}

void
db_set_patience(struct db *db, int answer_ms)
{
	db->answer_ms = answer_ms;
}

bool
db_was_silent(const struct db *db)
{
	return db->silent;
}

void
db_meanwhile(struct db *db, int fd, void (*go)(void *arg), void *arg)
{
	db->go_fd = fd;
	db->go = go;
	db->go_arg = arg;
}

int
db_fd(const struct db *db)
{
	return PQsocket(db->conn);
}

enum db_result
db_listen(struct db *db, const char *channel)
{
	char *quoted = PQescapeIdentifier(db->conn, channel, strlen(channel));
	struct arena *a = arena_open(0);
	enum db_result result;

	if (quoted == NULL)
		die(EX_OSERR, "out of memory");
	result = db_script(db, arena_printf(a, "LISTEN %s", quoted));
	arena_close(a);
	PQfreemem(quoted);
	return result;
}

enum db_result
db_notifications(struct db *db, bool *any)
{
	PGnotify *n;

	*any = false;
	if (PQconsumeInput(db->conn) == 0) {
		log_failure(db, "database connection lost",
		    PQerrorMessage(db->conn));
		return DB_LOST;
	}
	while ((n = PQnotifies(db->conn)) != NULL) {
		*any = true;
		PQfreemem(n);
	}
	return DB_OK;
}

/* SQLSTATE classes that another try may get past. */
static bool
is_conflict(const char *state)
{
	static const char *const states[] = {
	    "23505", /* unique_violation */
	    "23P01", /* exclusion_violation */
	    "40001", /* serialization_failure */
	    "40P01", /* deadlock_detected */
	    "55P03", /* lock_not_available */
	    "57014", /* query_canceled: statement_timeout */
	};

	for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
		if (state != NULL && strcmp(state, states[i]) == 0)
			return true;
	return false;
}

enum db_result
db_finish(struct db *db, const char *name, PGresult *r, struct db_rows **rows)
{
	ExecStatusType status = PQresultStatus(r);
	enum db_result result;

	if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
		if (rows != NULL)
			*rows = db_rows_of(r);
		else
			PQclear(r);
		return DB_OK;
	}
	if (!db_is_there(db))
		result = DB_LOST;
	else if (is_conflict(PQresultErrorField(r, PG_DIAG_SQLSTATE)))
		result = DB_CONFLICT;
	else
		result = DB_REFUSED;
	if (db->silent)
		log_error("database does not answer: %s", name);
	else if (result == DB_CONFLICT)
		log_info("database conflict in %s: %.*s", name,
		    (int)strcspn(PQerrorMessage(db->conn), "\n"),
		    PQerrorMessage(db->conn));
	else
		log_failure(db, name, PQerrorMessage(db->conn));
	PQclear(r);
	if (result != DB_LOST)
		db_rollback(db);
	return result;
}

PGresult *
db_answer(struct db *db, int sent)
{
	int64_t end_ms = clock_mono_ms() + db->answer_ms;
	PGresult *last = NULL, *r;
	bool unsent = true, broken = false;

	if (sent == 0)
		return NULL;
	for (;;) {
		struct pollfd fds[2] = {
		    {.fd = PQsocket(db->conn), .events = POLLIN},
		    {.fd = db->go == NULL ? -1 : db->go_fd,
		        .events = POLLIN},
		};
		int64_t left_ms = end_ms - clock_mono_ms();

		unsent = unsent && PQflush(db->conn) == 1;
		/* of a broken connection PQgetResult says so at once */
		if (!broken && (unsent || PQisBusy(db->conn) != 0)) {
			if (unsent)
				fds[0].events |= POLLOUT;
			db->silent = left_ms <= 0;
			if (db->silent)
				return last;
			if (poll(fds, 2, (int)left_ms) <= 0)
				continue;
			if ((fds[0].revents & ~POLLOUT) != 0)
				broken = PQconsumeInput(db->conn) == 0;
			if (fds[1].revents != 0)
				db->go(db->go_arg);
			continue;
		}
		r = PQgetResult(db->conn);
		if (r == NULL)
			break;
		PQclear(last);
		last = r;
		/* it waits for rows, and would say so again and again */
		if (PQresultStatus(r) == PGRES_COPY_IN)
			break;
	}
	return last;
}

static enum db_result
run(struct db *db, const char *statement, const struct db_args *args,
    bool binary, struct db_rows **rows)
{
	struct arena *a = arena_open(0);
	struct db_wire w = db_args_wire(args, a);
	PGresult *r = db_answer(db, PQsendQueryPrepared(db->conn, statement,
	    w.count, w.values, w.lengths, w.formats, binary));

	arena_close(a);
	return db_finish(db, statement, r, rows);
}

enum db_result
db_run(struct db *db, const char *statement, const struct db_args *args,
    struct db_rows **rows)
{
	return run(db, statement, args, false, rows);
}

enum db_result
db_run_binary(struct db *db, const char *statement,
    const struct db_args *args, struct db_rows **rows)
{
	return run(db, statement, args, true, rows);
}

enum db_result
db_run_count(struct db *db, const char *statement, const struct db_args *args,
    int64_t *n)
{
	struct db_rows *rows;
	enum db_result r = run(db, statement, args, false, &rows);

	*n = 0;
	if (r != DB_OK)
		return r;
	*n = db_rows_changed(rows);
	db_rows_free(rows);
	return DB_OK;
}

enum db_result
db_query(struct db *db, const char *sql, const struct db_args *args,
    struct db_rows **rows)
{
	struct arena *a = arena_open(0);
	struct db_wire w = db_args_wire(args, a);
	PGresult *r = db_answer(db, PQsendQueryParams(db->conn, sql, w.count,
	    NULL, w.values, w.lengths, w.formats, 0));

	arena_close(a);
	return db_finish(db, "query", r, rows);
}

static enum db_result
plain(struct db *db, const char *sql)
{
	PGresult *r = db_answer(db, PQsendQuery(db->conn, sql));

	return db_finish(db, sql, r, NULL);
}

enum db_result
db_begin(struct db *db)
{
	return plain(db, "BEGIN");
}

enum db_result
db_commit(struct db *db)
{
	/* a COMMIT of a failed transaction answers ROLLBACK, and no error */
	PGresult *r = db_answer(db, PQsendQuery(db->conn, "COMMIT"));
	bool rolled_back = PQresultStatus(r) == PGRES_COMMAND_OK &&
	    strcmp(PQcmdStatus(r), "COMMIT") != 0;
	enum db_result result = db_finish(db, "COMMIT", r, NULL);

	return result == DB_OK && rolled_back ? DB_REFUSED : result;
}

void
db_rollback(struct db *db)
{
	if (!db->silent && PQtransactionStatus(db->conn) != PQTRANS_IDLE)
		PQclear(db_answer(db, PQsendQuery(db->conn, "ROLLBACK")));
}
