/* A session from the inside; for db.c and db_copy.c only. */
#ifndef PLAINTIFF_DB_INSIDE_H
#define PLAINTIFF_DB_INSIDE_H

#include <stdbool.h>

#include "hub/db.h"

struct pg_conn;   /* libpq's PGconn */
struct pg_result; /* and PGresult */
struct schema_statement;

struct db {
	struct pg_conn *conn;
	const char *stage;
	int answer_ms;
	bool silent; /* did not answer in time */
	/* what goes on meanwhile */
	int go_fd;
	void (*go)(void *arg);
	void *go_arg;
};

bool db_is_there(const struct db *db);
/* Waits for the answer to what was sent (sent: libpq took it), but not for
 * ever; NULL when none came. */
struct pg_result *db_answer(struct db *db, int sent);
/* Takes over r, the answer to what has that name; sorts it into our results,
 * and logs. */
enum db_result db_finish(struct db *db, const char *name,
    struct pg_result *r, struct db_rows **rows);

/* Is it one for db_copy_open? */
bool db_copy_is(const struct schema_statement *s);

#endif
