/* Protects how many rows get into a table: every value as it was given, and of
 * what PostgreSQL refuses, or does not hear, nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/base/arena.h"
#include "tests/rows/report_world.h"

enum { LARGE = 1 << 20, MANY = 40 };

static const int64_t far_us = INT64_C(1795867200123456); /* 2026-11-28 */

static void
source_row(struct db_copy *copy, int64_t report, const char *address)
{
	struct addr a;

	assert_true(addr_parse(text_of(address), &a));
	db_copy_row(copy, 7);
	db_copy_int8(copy, report);
	db_copy_addr(copy, &a);
	db_copy_int8(copy, 3);
	db_copy_time(copy, far_us);
	db_copy_time(copy, -1);
	db_copy_int8(copy, -5);
	db_copy_int8(copy, INT64_MAX);
}

static void
mail_row(struct db_copy *copy, int32_t n, struct text sender,
    struct text subject, struct text mail)
{
	char id[TEXT_NUMBER_BYTES];

	db_copy_row(copy, 6);
	db_copy_int8(copy, 7);
	db_copy_int4(copy, n);
	db_copy_text(copy, sender);
	db_copy_text(copy, subject);
	db_copy_text(copy, text_of_number(id, n));
	db_copy_bytes(copy, mail.at, mail.n);
}

static void
values_arrive(void **state)
{
	struct report_world *f = *state;
	struct db_copy *copy;

	world_fill(f);
	copy = db_copy_open(f->db, "report_source_copy");
	source_row(copy, INT64_C(-9000000000), "203.0.113.7");
	source_row(copy, 1, "2001:db8::7");
	assert_int_equal(db_copy_close(copy), DB_OK);
	assert_int_equal(world_number(f,
	    "SELECT count(*) FROM report_source WHERE (report, address) IN"
	    " ((-9000000000, '203.0.113.7'), (1, '2001:db8::7'))"
	    " AND events = 3 AND stored_after = -5"
	    " AND stored_upto = 9223372036854775807"
	    " AND first = '2026-11-28 12:00:00.123456Z'"
	    " AND last = '1969-12-31 23:59:59.999999Z'"), 2);

	copy = db_copy_open(f->db, "report_mail_copy");
	mail_row(copy, INT32_MAX, (struct text){0}, TEXT("\xc3\xbc"),
	    TEXT("a\0\xff"));
	mail_row(copy, 2, TEXT(""), TEXT("t"), TEXT(""));
	assert_int_equal(db_copy_close(copy), DB_OK);
	assert_int_equal(world_number(f,
	    "SELECT count(*) FROM report_mail WHERE report = 7 AND"
	    " (n = 2147483647 AND sender IS NULL AND subject = U&'\\00FC'"
	    " AND mail = '\\x6100ff' OR"
	    " n = 2 AND sender = '' AND mail = '')"), 2);
}

/* More than a socket takes at once. */
static void
large_rows_arrive(void **state)
{
	struct report_world *f = *state;
	char *bytes = arena_alloc(f->a, LARGE);
	struct db_copy *copy;

	world_fill(f);
	for (size_t i = 0; i < LARGE; i++)
		bytes[i] = (char)(i * i >> 7);
	copy = db_copy_open(f->db, "report_mail_copy");
	for (int32_t i = 1; i <= MANY; i++) {
		bytes[0] = (char)i;
		mail_row(copy, i, TEXT("s"), TEXT("t"),
		    (struct text){.at = bytes, .n = LARGE});
	}
	assert_int_equal(db_copy_close(copy), DB_OK);
	assert_int_equal(world_number(f, "SELECT count(*) FROM report_mail"
	    " WHERE length(mail) = 1048576 AND get_byte(mail, 0) = n"), MANY);
	assert_int_equal(world_number(f, "SELECT count(DISTINCT"
	    " md5(substr(mail, 2))) FROM report_mail"), 1);
}

static void
refused(struct report_world *f, enum db_result as)
{
	struct db_copy *copy;
	int64_t n;

	assert_int_equal(as, DB_REFUSED);
	/* the session goes on */
	assert_int_equal(world_number(f, "SELECT count(*) FROM report_mail"),
	    0);
	copy = db_copy_open(f->db, "report_mail_copy");
	assert_int_equal(db_copy_close(copy), DB_OK);
	assert_int_equal(db_run_number(f->db, "report_unpurged", NULL, &n),
	    DB_OK);
}

static void
what_is_refused_stores_nothing(void **state)
{
	struct report_world *f = *state;
	struct db_copy *copy;

	world_fill(f);
	/* no UTF-8, with much behind it */
	copy = db_copy_open(f->db, "report_mail_copy");
	mail_row(copy, 1, TEXT("s"), TEXT("t"), TEXT("m"));
	mail_row(copy, 2, TEXT("s"), TEXT("\xff"), TEXT("m"));
	for (int32_t i = 3; i < 3 + MANY; i++)
		mail_row(copy, i, TEXT("s"), TEXT("t"),
		    (struct text){.at = arena_alloc(f->a, LARGE), .n = LARGE});
	refused(f, db_copy_close(copy));
	/* a column too few */
	copy = db_copy_open(f->db, "report_mail_copy");
	db_copy_row(copy, 1);
	db_copy_int8(copy, 7);
	refused(f, db_copy_close(copy));
	/* in a transaction that has failed */
	assert_int_equal(db_begin(f->db), DB_OK);
	copy = db_copy_open(f->db, "report_source_copy");
	source_row(copy, 1, "203.0.113.7");
	source_row(copy, 1, "203.0.113.7");
	assert_int_equal(db_copy_close(copy), DB_CONFLICT);
	assert_int_equal(world_number(f, "SELECT count(*) FROM report_source"),
	    0);
}

/* The last test: the session is of no use afterwards. */
static void
lost_connection_is_told(void **state)
{
	struct report_world *f = *state;
	struct db_copy *copy;

	world_fill(f);
	copy = db_copy_open(f->db, "report_mail_copy");
	world_run(f, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
	             " WHERE query LIKE 'COPY%' AND datname ="
	             " current_database()");
	for (int32_t i = 0; i < MANY; i++)
		mail_row(copy, i, TEXT("s"), TEXT("t"),
		    (struct text){.at = arena_alloc(f->a, LARGE), .n = LARGE});
	assert_int_equal(db_copy_close(copy), DB_LOST);
	assert_int_equal(world_number(f, "SELECT count(*) FROM report_mail"),
	    0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(values_arrive),
	    cmocka_unit_test(large_rows_arrive),
	    cmocka_unit_test(what_is_refused_stores_nothing),
	    cmocka_unit_test(lost_connection_is_told),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
