/* Arguments and rows of PostgreSQL statements; see db.h. */
#include "hub/db_values.h"

#include <assert.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "hub/db.h"
#include "proto/base/arena.h"
#include "proto/base/die.h"

enum { MOST_ARGS = 40 };

/* An array's text grows by doubling inside the arena. */
struct db_array {
	struct arena *arena;
	char *text;
	size_t n, cap;
};

struct db_args {
	struct arena *arena;
	int count;
	const char *values[MOST_ARGS];
	struct db_array *arrays[MOST_ARGS];
	int lengths[MOST_ARGS];
	int formats[MOST_ARGS];
};

struct db_rows {
	PGresult *result;
};

struct db_args *
db_args_new(struct arena *a)
{
	struct db_args *args = arena_alloc(a, sizeof *args);

	args->arena = a;
	return args;
}

static void
add(struct db_args *args, const char *value)
{
	assert(args->count < MOST_ARGS);
	args->values[args->count++] = value;
}

void
db_arg_null(struct db_args *args)
{
	add(args, NULL);
}

void
db_arg_text(struct db_args *args, struct text t)
{
	add(args, t.at == NULL ? NULL : arena_copy(args->arena, t.at, t.n));
}

void
db_arg_string(struct db_args *args, const char *s)
{
	db_arg_text(args, text_of(s));
}

void
db_arg_int(struct db_args *args, int64_t v)
{
	add(args, arena_printf(args->arena, "%" PRId64, v));
}

void
db_arg_flag(struct db_args *args, bool v)
{
	add(args, v ? "t" : "f");
}

void
db_arg_addr(struct db_args *args, const struct addr *v)
{
	char s[ADDR_TEXT_BYTES];

	add(args, v->family == 0
	        ? NULL
	        : arena_string(args->arena, addr_format(s, v)));
}

void
db_arg_bytes(struct db_args *args, const void *bytes, size_t n)
{
	args->lengths[args->count] = (int)n;
	args->formats[args->count] = 1;
	add(args, arena_copy(args->arena, bytes, n));
}

struct db_array *
db_arg_array(struct db_args *args)
{
	struct db_array *array = arena_alloc(args->arena, sizeof *array);

	array->arena = args->arena;
	args->arrays[args->count] = array;
	add(args, NULL);
	return array;
}

static void
array_add(struct db_array *array, const char *bytes, size_t n)
{
	if (array->cap - array->n < n + 1) {
		size_t cap = array->cap == 0 ? 256 : array->cap;
		char *text;

		while (cap - array->n < n + 1)
			cap *= 2;
		text = arena_alloc(array->arena, cap);
		if (array->n != 0)
			memcpy(text, array->text, array->n);
		array->text = text;
		array->cap = cap;
	}
	memcpy(array->text + array->n, bytes, n);
	array->n += n;
	array->text[array->n] = '\0';
}

static void
array_string(struct db_array *array, const char *s)
{
	array_add(array, s, strlen(s));
}

/* A value that needs no quotes. */
static void
array_plain(struct db_array *array, const char *s)
{
	array_add(array, array->n == 0 ? "{" : ",", 1);
	array_string(array, s);
}

void
db_array_null(struct db_array *array)
{
	array_plain(array, "NULL");
}

void
db_array_text(struct db_array *array, struct text t)
{
	size_t from = 0;

	if (t.at == NULL) {
		db_array_null(array);
		return;
	}
	array_plain(array, "\"");
	for (size_t i = 0; i < t.n; i++) {
		if (t.at[i] != '"' && t.at[i] != '\\')
			continue;
		array_add(array, t.at + from, i - from);
		array_add(array, "\\", 1);
		from = i;
	}
	array_add(array, t.at + from, t.n - from);
	array_add(array, "\"", 1);
}

void
db_array_int(struct db_array *array, int64_t v)
{
	char s[TEXT_NUMBER_BYTES];

	/* thousands a report, for which printf would be slow */
	array_plain(array, text_of_number(s, v).at);
}

void
db_array_addr(struct db_array *array, const struct addr *v)
{
	char s[ADDR_TEXT_BYTES];

	array_plain(array, v->family == 0 ? "NULL" : addr_format(s, v));
}

/* On the wire it is four bytes of page and two of number. */
void
db_array_tid(struct db_array *array, int64_t place)
{
	char page[TEXT_NUMBER_BYTES], number[TEXT_NUMBER_BYTES];

	array_plain(array, "\"(");
	array_string(array, text_of_number(page, place >> 16).at);
	array_string(array, ",");
	array_string(array, text_of_number(number, place & 0xffff).at);
	array_string(array, ")\"");
}

void
db_array_uuid(struct db_array *array, const uint8_t bytes[16])
{
	static const char hex[] = "0123456789abcdef";
	char s[33];

	for (size_t i = 0; i < 16; i++) {
		s[2 * i] = hex[bytes[i] >> 4];
		s[2 * i + 1] = hex[bytes[i] & 15];
	}
	s[32] = '\0';
	array_plain(array, s);
}

struct db_wire
db_args_wire(const struct db_args *args, struct arena *a)
{
	const char **values;

	if (args == NULL)
		return (struct db_wire){0};
	values = arena_array(a, (size_t)args->count + 1, sizeof *values);
	for (int i = 0; i < args->count; i++) {
		struct db_array *array = args->arrays[i];

		values[i] = args->values[i];
		if (array == NULL)
			continue;
		values[i] = "{}";
		if (array->n != 0) {
			array_add(array, "}", 1);
			values[i] = array->text;
			array->n--; /* so that a second run ends it again */
		}
	}
	return (struct db_wire){.count = args->count, .values = values,
	    .lengths = args->lengths, .formats = args->formats};
}

struct db_rows *
db_rows_of(PGresult *r)
{
	struct db_rows *rows = calloc(1, sizeof *rows);

	if (rows == NULL)
		die(EX_OSERR, "out of memory");
	rows->result = r;
	return rows;
}

int64_t
db_rows_changed(const struct db_rows *rows)
{
	return strtoll(PQcmdTuples(rows->result), NULL, 10);
}

void
db_rows_free(struct db_rows *rows)
{
	if (rows == NULL)
		return;
	PQclear(rows->result);
	free(rows);
}

size_t
db_rows_count(const struct db_rows *rows)
{
	return (size_t)PQntuples(rows->result);
}

size_t
db_column_count(const struct db_rows *rows)
{
	return (size_t)PQnfields(rows->result);
}

const char *
db_column_name(const struct db_rows *rows, size_t column)
{
	return PQfname(rows->result, (int)column);
}

/* Object ids of PostgreSQL's own types, which never change. */
enum db_shape
db_column_shape(const struct db_rows *rows, size_t column)
{
	switch (PQftype(rows->result, (int)column)) {
	case 16: /* bool */
		return DB_SHAPE_FLAG;
	case 20: /* int8, int2, int4, numeric */
	case 21:
	case 23:
	case 1700:
		return DB_SHAPE_NUMBER;
	case 1184: /* timestamptz */
		return DB_SHAPE_TIME;
	default:
		return DB_SHAPE_TEXT;
	}
}

bool
db_is_null(const struct db_rows *rows, size_t row, size_t column)
{
	return PQgetisnull(rows->result, (int)row, (int)column) != 0;
}

const char *
db_string(const struct db_rows *rows, size_t row, size_t column)
{
	assert((int)row < PQntuples(rows->result) &&
	    (int)column < PQnfields(rows->result));
	return PQgetvalue(rows->result, (int)row, (int)column);
}

struct text
db_text(const struct db_rows *rows, size_t row, size_t column)
{
	if (db_is_null(rows, row, column))
		return (struct text){0};
	return (struct text){.at = db_string(rows, row, column),
	    .n = (size_t)PQgetlength(rows->result, (int)row, (int)column)};
}

static bool
is_binary(const struct db_rows *rows, size_t column)
{
	return PQfformat(rows->result, (int)column) == 1;
}

/* A signed integer of 0 (NULL), 2, 4 or 8 bytes, most significant first. */
static int64_t
binary_int(struct text t)
{
	const unsigned char *s = (const unsigned char *)t.at;
	uint64_t v = t.n != 0 && s[0] >= 0x80 ? UINT64_MAX : 0;

	for (size_t i = 0; i < t.n; i++)
		v = v << 8 | s[i];
	return (int64_t)v;
}

int64_t
db_int(const struct db_rows *rows, size_t row, size_t column)
{
	if (is_binary(rows, column))
		return binary_int(db_text(rows, row, column));
	return strtoll(db_string(rows, row, column), NULL, 10);
}

bool
db_flag(const struct db_rows *rows, size_t row, size_t column)
{
	char c = db_string(rows, row, column)[0];

	return c == (is_binary(rows, column) ? 1 : 't');
}

/* An inet: family (2, or 3 for IPv6), bits, is it a cidr, length, bytes. */
static struct addr
binary_addr(struct text t)
{
	struct addr a = {0};

	if (t.n < 4 || (t.n != 8 && t.n != 20) ||
	    !addr_from_bytes(t.at + 4, t.n - 4, &a))
		return (struct addr){0};
	return a;
}

struct addr
db_addr(const struct db_rows *rows, size_t row, size_t column)
{
	struct text t = db_text(rows, row, column);
	struct addr a = {0};
	const char *slash;

	if (is_binary(rows, column))
		return binary_addr(t);
	slash = t.at == NULL ? NULL : memchr(t.at, '/', t.n);

	if (slash != NULL)
		t.n = (size_t)(slash - t.at);
	if (t.at == NULL || !addr_parse(t, &a))
		return (struct addr){0};
	return a;
}

struct text
db_bytes(const struct db_rows *rows, size_t row, size_t column,
    struct arena *a)
{
	unsigned char *bytes;
	struct text t;
	size_t n;

	if (db_is_null(rows, row, column))
		return (struct text){0};
	bytes = PQunescapeBytea(
	    (const unsigned char *)db_string(rows, row, column), &n);
	if (bytes == NULL)
		die(EX_OSERR, "out of memory");
	t = (struct text){.at = arena_copy(a, bytes, n), .n = n};
	PQfreemem(bytes);
	return t;
}

enum db_result
db_run_number(struct db *db, const char *statement,
    const struct db_args *args, int64_t *n)
{
	struct db_rows *rows;
	enum db_result r = db_run(db, statement, args, &rows);

	*n = 0;
	if (r != DB_OK)
		return r;
	if (db_rows_count(rows) != 0)
		*n = db_int(rows, 0, 0);
	db_rows_free(rows);
	return DB_OK;
}
