/* What the tests of lookup's rows stand on; see lookup_world.h. */
#include "tests/rows/lookup_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/conf.h"
#include "hub/lookup/lookup_rows.h"
#include "proto/base/arena.h"
#include "proto/base/log.h"

struct arena *arena;
struct db *db, *other;
static struct hub_conf conf;
static struct db *owner;

struct addr
world_addr_of(const char *s)
{
	struct addr a;

	assert_true(addr_parse(text_of(s), &a));
	return a;
}

const struct hub_conf *
world_conf(void)
{
	return &conf;
}

void
world_run(const char *sql)
{
	assert_int_equal(db_query(owner, sql, NULL, NULL), DB_OK);
}

int64_t
world_number(const char *sql)
{
	struct db_rows *rows;
	int64_t v;

	assert_int_equal(db_query(owner, sql, NULL, &rows), DB_OK);
	assert_int_equal(db_rows_count(rows), 1);
	v = db_is_null(rows, 0, 0) ? -1 : db_int(rows, 0, 0);
	db_rows_free(rows);
	return v;
}

const char *
world_word(const char *sql)
{
	struct db_rows *rows;
	const char *s;

	assert_int_equal(db_query(owner, sql, NULL, &rows), DB_OK);
	assert_int_equal(db_rows_count(rows), 1);
	s = arena_string(arena, db_string(rows, 0, 0));
	db_rows_free(rows);
	return s;
}

void
world_add_event(const char *address, int kind, bool stale, int hours)
{
	static int serial;
	struct db_args *args = db_args_new(arena);

	db_arg_int(args, ++serial);
	db_arg_string(args, address);
	db_arg_int(args, kind);
	db_arg_flag(args, stale);
	db_arg_int(args, hours);
	assert_int_equal(
	    db_query(owner,
	        "INSERT INTO event (id, time, agent, host, kind, stale,"
	        " address)"
	        " SELECT (left(id_floor(t)::text, 9) || '0000-0000-0000-' ||"
	        " lpad(to_hex($1::integer), 12, '0'))::uuid,"
	        " t, 1, 1, $3::smallint, $4::boolean, $2::inet"
	        " FROM (SELECT now() - $5::integer * interval '1 hour' AS t) x",
	        args, NULL),
	    DB_OK);
}

struct lookup_counted
world_count(int64_t most)
{
	struct lookup_counted out;

	assert_int_equal(lookup_rows_count(db, arena, &conf, most, &out),
	    DB_OK);
	return out;
}

struct lookup_claims
world_claim(struct db *session)
{
	struct lookup_claims out;

	assert_int_equal(lookup_rows_claim(session, arena, &conf, 100, 60000,
	                     &out),
	    DB_OK);
	return out;
}

/* Each test begins with an empty database. */
int
world_fresh(void **state)
{
	(void)state;
	world_run("TRUNCATE event, evidence, tally, source, answer, contact,"
	    " contact_prefix, network, network_piece, bootstrap, rdap_server,"
	    " agent_address, agent, report, report_source, witness, set_aside,"
	    " agent_outbox, agent_past, agent_day, mail_domain"
	    " RESTART IDENTITY CASCADE");
	world_run("UPDATE watermark SET stored = 0");
	world_run("ALTER SEQUENCE stored_seq RESTART");
	return 0;
}

int
world_open(void **state)
{
	const char *connect = getenv("PLAINTIFF_TEST_CONNECT");
	const struct hub_conf *defaults;
	bool hopeless;

	(void)state;
	arena = arena_open(0);
	log_open("rows_lookup");
	defaults = hub_conf_load(NULL, arena);
	if (connect == NULL || defaults == NULL)
		return -1;
	conf = *defaults;
	conf.database_connect = connect;
	conf.database_owner = "postgres";
	db = db_open(&conf, "lookup", &hopeless);
	other = db_open(&conf, "lookup", &hopeless);
	owner = db_open_owner(&conf);
	return db == NULL || other == NULL || owner == NULL ? -1 : 0;
}

int
world_close(void **state)
{
	(void)state;
	db_close(db);
	db_close(other);
	db_close(owner);
	arena_close(arena);
	return 0;
}

