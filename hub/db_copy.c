/* Rows for a table in PostgreSQL's binary form; see db.h.  The form is in
 * PostgreSQL's documentation of COPY ("Binary Format"). */
#include <assert.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "hub/db_inside.h"
#include "proto/base/buf.h"
#include "proto/base/clock.h"
#include "proto/base/die.h"
#include "schema/schema.h"

enum {
	PIECE_BYTES = 32 << 10, /* so much is sent at once */
	INET_HEAD = 4,
	INET_V4 = 2, /* PGSQL_AF_INET, PGSQL_AF_INET6 */
	INET_V6 = 3,
};

/* PostgreSQL counts from 2000-01-01. */
static const int64_t epoch_us = INT64_C(946684800) * CLOCK_SECOND_US;

struct db_copy {
	struct db *db;
	const char *statement;
	struct buf buf;
	bool open;             /* the server takes rows */
	enum db_result result; /* of opening it */
	size_t columns;        /* that the row still wants */
};

bool
db_copy_is(const struct schema_statement *s)
{
	static const char copy[] = "COPY ";

	return strncmp(s->sql, copy, sizeof copy - 1) == 0;
}

static const char *
sql_of(const struct db *db, const char *statement)
{
	for (const struct schema_statement *s = schema_statements;
	     s->name != NULL; s++)
		if (strcmp(s->stage, db->stage) == 0 &&
		    strcmp(s->name, statement) == 0)
			return s->sql;
	die(EX_SOFTWARE, "no statement %s", statement);
}

/* ---- sending ---- */

/* Until the server has taken what was sent; it is waited for as for an
 * answer. */
static bool
drain(struct db *db)
{
	int64_t end_ms = clock_mono_ms() + db->answer_ms;
	int left;

	while ((left = PQflush(db->conn)) == 1) {
		struct pollfd fd = {.fd = PQsocket(db->conn),
		    .events = POLLIN | POLLOUT};
		int64_t left_ms = end_ms - clock_mono_ms();

		db->silent = left_ms <= 0;
		if (db->silent)
			return false;
		/* what it says meanwhile is kept for the end */
		if (poll(&fd, 1, (int)left_ms) > 0 &&
		    (fd.revents & ~POLLOUT) != 0 &&
		    PQconsumeInput(db->conn) == 0)
			return false;
	}
	return left == 0;
}

/* What fails here fails at the end, too. */
static void
put(struct db_copy *c, const void *bytes, size_t n)
{
	if (c->open && n != 0)
		c->open = PQputCopyData(c->db->conn, bytes, (int)n) == 1 &&
		    drain(c->db);
}

static void
put_buffer(struct db_copy *c)
{
	put(c, c->buf.data, c->buf.n);
	c->buf.n = 0;
}

/* ---- values ---- */

static void
add_number(struct db_copy *c, uint64_t v, size_t bytes)
{
	char s[8];

	for (size_t i = bytes; i-- > 0; v >>= 8)
		s[i] = (char)v;
	buf_add(&c->buf, s, bytes);
}

/* The length of a value, as far as it has one. */
static void
add_length(struct db_copy *c, size_t n)
{
	assert(c->columns != 0 && n <= INT32_MAX);
	c->columns--;
	add_number(c, n, 4);
}

void
db_copy_row(struct db_copy *c, size_t columns)
{
	assert(c->columns == 0);
	if (c->buf.n >= PIECE_BYTES)
		put_buffer(c);
	c->columns = columns;
	add_number(c, columns, 2);
}

void
db_copy_int4(struct db_copy *c, int32_t v)
{
	add_length(c, 4);
	add_number(c, (uint64_t)v, 4);
}

void
db_copy_int8(struct db_copy *c, int64_t v)
{
	add_length(c, 8);
	add_number(c, (uint64_t)v, 8);
}

void
db_copy_time(struct db_copy *c, int64_t us)
{
	db_copy_int8(c, us - epoch_us);
}

void
db_copy_bytes(struct db_copy *c, const void *bytes, size_t n)
{
	add_length(c, n);
	if (n < PIECE_BYTES / 4) {
		buf_add(&c->buf, bytes, n);
		return;
	}
	put_buffer(c);
	put(c, bytes, n);
}

void
db_copy_text(struct db_copy *c, struct text t)
{
	if (t.at != NULL) {
		db_copy_bytes(c, t.at, t.n);
		return;
	}
	assert(c->columns != 0);
	c->columns--;
	add_number(c, UINT32_MAX, 4);
}

void
db_copy_addr(struct db_copy *c, const struct addr *v)
{
	size_t n = addr_length(v);

	add_length(c, INET_HEAD + n);
	add_number(c, v->family == 4 ? INET_V4 : INET_V6, 1);
	add_number(c, n * 8, 1);
	add_number(c, 0, 1); /* no cidr */
	add_number(c, n, 1);
	buf_add(&c->buf, v->bytes, n);
}

/* ---- begin and end ---- */

struct db_copy *
db_copy_open(struct db *db, const char *statement)
{
	static const char head[] = "PGCOPY\n\377\r\n\0" /* signature */
	                           "\0\0\0\0"           /* no flags */
	                           "\0\0\0";            /* no more; and a NUL */
	struct db_copy *c = calloc(1, sizeof *c);
	PGresult *r;

	if (c == NULL)
		die(EX_OSERR, "out of memory");
	c->db = db;
	c->statement = statement;
	r = db_answer(db, PQsendQuery(db->conn, sql_of(db, statement)));
	c->open = PQresultStatus(r) == PGRES_COPY_IN;
	if (c->open)
		PQclear(r);
	else
		c->result = db_finish(db, statement, r, NULL);
	buf_add(&c->buf, head, sizeof head);
	return c;
}

enum db_result
db_copy_close(struct db_copy *c)
{
	enum db_result result = c->result;

	assert(c->columns == 0);
	if (result == DB_OK) {
		add_number(c, UINT16_MAX, 2);
		put_buffer(c);
		result = db_finish(c->db, c->statement,
		    db_answer(c->db, !c->db->silent &&
		        PQputCopyEnd(c->db->conn, NULL) == 1), NULL);
	}
	buf_free(&c->buf);
	free(c);
	return result;
}
