/* What the tests of report's rows stand on; see report_world.h. */
#include "tests/rows/report_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "hub/lookup/lookup_rows.h"
#include "hub/report/compose.h"
#include "proto/base/arena.h"
#include "tests/rows/case_reader.h"

/* One try is enough, but where a test says otherwise. */
static const char *thresholds[] = {"auth_failure:tries=1",
    "relay_denied:tries=1"};

int
world_open(void **state)
{
	struct report_world *f = calloc(1, sizeof *f);
	bool hopeless;

	assert_non_null(f);
	f->a = arena_open(0);
	f->conf = *hub_conf_load(NULL, f->a);
	f->conf.tor_list = "";
	f->conf.filter_unreportable.n = 0;
	f->conf.report_settle = 0;
	f->conf.report_threshold.at = thresholds;
	f->conf.report_threshold.n = 2;
	f->conf.database_connect = getenv("PLAINTIFF_TEST_CONNECT");
	f->conf.database_owner = "postgres";
	assert_non_null(f->conf.database_connect);
	f->db = db_open(&f->conf, "report", &hopeless);
	f->other = db_open(&f->conf, "report", &hopeless);
	f->lookup = db_open(&f->conf, "lookup", &hopeless);
	f->owner = db_open_owner(&f->conf);
	assert_non_null(f->db);
	assert_non_null(f->other);
	assert_non_null(f->lookup);
	assert_non_null(f->owner);
	*state = f;
	return 0;
}

int
world_close(void **state)
{
	struct report_world *f = *state;

	db_close(f->db);
	db_close(f->other);
	db_close(f->lookup);
	db_close(f->owner);
	arena_close(f->a);
	free(f);
	return 0;
}

void
world_run(struct report_world *f, const char *sql)
{
	assert_int_equal(db_script(f->owner, sql), DB_OK);
}

int64_t
world_number(struct report_world *f, const char *sql)
{
	struct db_rows *rows;
	int64_t n;

	assert_int_equal(db_query(f->owner, sql, NULL, &rows), DB_OK);
	n = db_int(rows, 0, 0);
	db_rows_free(rows);
	return n;
}

/* As lookup does. */
void
world_count(struct report_world *f)
{
	struct lookup_counted counted;

	assert_int_equal(lookup_rows_count(f->lookup, f->a, &f->conf, 1000,
	                     &counted), DB_OK);
}

/* Two contacts; the first has two addresses with 3 and 1 events, seen by two
 * hosts; nothing is stale. */
void
world_fill(struct report_world *f)
{
	world_run(f,
	    "TRUNCATE report, report_mail, report_source, source, answer,"
	    " contact, event,"
	    " evidence, name, agent, stored_mark, outage, tally, allegedfix,"
	    " allow_prefix, allow_mailbox, clock_tick RESTART IDENTITY"
	    " CASCADE;"
	    "UPDATE watermark SET stored = 0;"
	    "ALTER SEQUENCE stored_seq RESTART;"
	    "INSERT INTO agent (name, key) VALUES ('mx1', repeat('k', 40));"
	    "INSERT INTO name (text) VALUES ('mx1'), ('mx2'),"
	    " ('postfix/submission/smtpd');"
	    "INSERT INTO contact (key, mailbox) VALUES"
	    " ('abuse@isp.example', 'Abuse@isp.example'),"
	    " ('noc@other.example', 'noc@other.example');"
	    "INSERT INTO source (address, contact, state, method, asked,"
	    " fresh_until, first_seen, last_seen) SELECT a::inet, c, 'found',"
	    " 'abusix', now(), now() + interval '1 day', now(), now()"
	    " FROM (VALUES"
	    " ('203.0.113.7', 1), ('2001:db8::7', 1), ('198.51.100.9', 2))"
	    " v (a, c);"
	    "INSERT INTO answer (address, method, state, contact, fresh_until)"
	    " SELECT address, 'abusix', state, contact, fresh_until"
	    " FROM source;"
	    "INSERT INTO event (id, time, agent, host, service, kind, port,"
	    " destination, destination_port, address)"
	    " SELECT (left(id_floor(now() - n * interval '1 hour')::text, 8)"
	    " || left(md5(n::text), 24))::uuid,"
	    " date_trunc('second', now() - n * interval '1 hour'), 1, h, 3, k,"
	    " 1000 + n, '192.0.2.25', 587, a::inet FROM (VALUES"
	    " (1, 1, 1, '203.0.113.7'), (2, 1, 1, '203.0.113.7'),"
	    " (3, 2, 2, '203.0.113.7'), (4, 2, 1, '2001:db8::7'),"
	    " (5, 1, 1, '198.51.100.9')) v (n, h, k, a);"
	    "INSERT INTO evidence (id, line, login) SELECT id, 'a line',"
	    " CASE WHEN kind = 1 THEN 'User' || port END FROM event");
	world_count(f);
}

struct report_case
world_case(struct report_world *f, int64_t contact, int64_t upto)
{
	return case_read(f->db, f->a, &f->conf, contact, upto);
}
