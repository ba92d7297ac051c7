/* Protects tidy's statements against a real PostgreSQL, as tidy's own role:
 * each does its bounded piece, says how much, and finds nothing the second
 * time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "hub/conf.h"
#include "hub/db.h"
#include "hub/tidy/tidy_rows.h"
#include "proto/base/arena.h"

struct fixture {
	struct arena *a;
	struct hub_conf conf;
	struct db *db, *owner;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	bool hopeless;

	assert_non_null(f);
	f->a = arena_open(0);
	f->conf = *hub_conf_load(NULL, f->a);
	f->conf.database_connect = getenv("PLAINTIFF_TEST_CONNECT");
	f->conf.database_owner = "postgres";
	assert_non_null(f->conf.database_connect);
	f->db = db_open(&f->conf, "tidy", &hopeless);
	f->owner = db_open_owner(&f->conf);
	assert_non_null(f->db);
	assert_non_null(f->owner);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	db_close(f->db);
	db_close(f->owner);
	arena_close(f->a);
	free(f);
	return 0;
}

static void
as_owner(struct fixture *f, const char *sql)
{
	assert_int_equal(db_script(f->owner, sql), DB_OK);
}

static int64_t
number(struct fixture *f, const char *sql)
{
	struct db_rows *rows;
	int64_t n;

	assert_int_equal(db_query(f->owner, sql, NULL, &rows), DB_OK);
	n = db_int(rows, 0, 0);
	db_rows_free(rows);
	return n;
}

typedef enum db_result chore(struct db *db, struct arena *a,
    const struct hub_conf *conf, int64_t *n);

static int64_t
do_chore(struct fixture *f, chore *run)
{
	int64_t n = -1;

	assert_int_equal(run(f->db, f->a, &f->conf, &n), DB_OK);
	return n;
}

static void
makes_partitions_once(void **state)
{
	struct fixture *f = *state;

	(void)do_chore(f, tidy_rows_partitions);
	assert_int_equal(do_chore(f, tidy_rows_partitions), 0);
	f->conf.tidy_backlog_days += 2;
	/* event and evidence of two days */
	assert_int_equal(do_chore(f, tidy_rows_partitions), 4);
}

static void
drops_one_day_at_a_time(void **state)
{
	struct fixture *f = *state;
	int64_t pieces = 0;

	f->conf.tidy_backlog_days = 100;
	(void)do_chore(f, tidy_rows_partitions);
	f->conf.tidy_backlog_days = 30;
	for (int64_t n; (n = do_chore(f, tidy_rows_drop)) != 0; pieces++)
		assert_int_equal(n, 1);
	/* events 91..100, evidence 31..100 days old */
	assert_int_equal(pieces, 80);
}

static void
folds_set_aside_in_pieces(void **state)
{
	struct fixture *f = *state;

	as_owner(f, "INSERT INTO agent (name, key)"
	            " VALUES ('mx1', repeat('k', 40));"
	            "INSERT INTO set_aside (agent, id, why, noted)"
	            " SELECT agent, gen_random_uuid(), 'poisoned',"
	            " now() - interval '100 days'"
	            " FROM agent, generate_series(1, 7000)");
	assert_int_equal(do_chore(f, tidy_rows_set_aside), 5000);
	assert_int_equal(do_chore(f, tidy_rows_set_aside), 2000);
	assert_int_equal(do_chore(f, tidy_rows_set_aside), 0);
	assert_int_equal(number(f, "SELECT sum(set_aside) FROM agent_past"),
	    7000);
	assert_int_equal(number(f, "SELECT count(*) FROM set_aside"), 0);
}

/* A time that reaches into what is kept stays whole. */
static void
removes_old_times_of_tor(void **state)
{
	struct fixture *f = *state;

	as_owner(f, "INSERT INTO tor_exit SELECT '203.0.113.7', now() - d *"
	            " interval '1 day', now() - (d - 10) * interval '1 day'"
	            " FROM (VALUES (20), (735), (745)) v (d);"
	            "INSERT INTO tor_answer (address, asked, verdict, why)"
	            " SELECT '2001:db8::7', now() - d * interval '1 day',"
	            " 'unknown', 'x' FROM (VALUES (1), (731)) v (d);"
	            "INSERT INTO tor_cover SELECT tstzrange(now() - d *"
	            " interval '1 day', now() - (d - 5) * interval '1 day')"
	            " FROM (VALUES (6), (733), (800)) v (d)");
	assert_int_equal(do_chore(f, tidy_rows_tor), 3);
	assert_int_equal(do_chore(f, tidy_rows_tor), 0);
	assert_int_equal(number(f, "SELECT (SELECT count(*) FROM tor_exit) *"
	                           " 100 + (SELECT count(*) FROM tor_answer)"
	                           " * 10 + (SELECT count(*) FROM tor_cover)"),
	    212);
}

static void
finds_nothing_in_a_new_database(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(do_chore(f, tidy_rows_answers), 0);
	assert_int_equal(do_chore(f, tidy_rows_tallies), 0);
	assert_int_equal(do_chore(f, tidy_rows_reports), 0);
	assert_int_equal(do_chore(f, tidy_rows_tor), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(makes_partitions_once, setup,
	        teardown),
	    cmocka_unit_test_setup_teardown(drops_one_day_at_a_time, setup,
	        teardown),
	    cmocka_unit_test_setup_teardown(folds_set_aside_in_pieces, setup,
	        teardown),
	    cmocka_unit_test_setup_teardown(removes_old_times_of_tor, setup,
	        teardown),
	    cmocka_unit_test_setup_teardown(finds_nothing_in_a_new_database,
	        setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
