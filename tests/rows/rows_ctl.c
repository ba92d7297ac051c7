/* Protects the administrator's statements against a real PostgreSQL, as his
 * own role: they answer what they promise, and a report moves only from the
 * state that was named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "hub/conf.h"
#include "hub/ctl/ctl.h"
#include "hub/ctl/ctl_rows.h"
#include "hub/ctl/table.h"
#include "hub/db.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"

#define KEY "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"

struct fixture {
	struct hub_conf conf;
	struct ctl ctl;
	struct db *owner;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	bool hopeless;

	assert_non_null(f);
	f->ctl.arena = arena_open(0);
	f->conf = *hub_conf_load(NULL, f->ctl.arena);
	f->conf.tor_list = "";
	f->conf.database_connect = getenv("PLAINTIFF_TEST_CONNECT");
	f->conf.database_owner = "postgres";
	assert_non_null(f->conf.database_connect);
	f->ctl.conf = &f->conf;
	f->ctl.db = db_open(&f->conf, "ctl", &hopeless);
	f->owner = db_open_owner(&f->conf);
	assert_non_null(f->ctl.db);
	assert_non_null(f->owner);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	db_close(f->ctl.db);
	db_close(f->owner);
	arena_close(f->ctl.arena);
	free(f);
	return 0;
}

static void
agents_come_and_go(void **state)
{
	struct fixture *f = *state;
	struct db_rows *rows;
	bool done;

	assert_int_equal(ctl_rows_agent_find(&f->ctl, "mx1", KEY, &rows), 0);
	assert_int_equal(db_rows_count(rows), 0);
	db_rows_free(rows);
	assert_int_equal(ctl_rows_agent_add(&f->ctl, "mx1", KEY), 0);
	/* by name or by key */
	assert_int_equal(ctl_rows_agent_find(&f->ctl, "other", KEY, &rows), 0);
	assert_int_equal(db_rows_count(rows), 1);
	assert_string_equal(db_string(rows, 0, 2), "active");
	db_rows_free(rows);
	/* the same again is refused by the table itself */
	assert_int_equal(ctl_rows_agent_add(&f->ctl, "mx2", KEY), -1);
	assert_int_equal(ctl_rows_agent_revoke(&f->ctl, "mx1", &done), 0);
	assert_true(done);
	assert_int_equal(ctl_rows_agent_revoke(&f->ctl, "mx1", &done), 0);
	assert_false(done);
}

static void
reports_move_from_the_named_state_only(void **state)
{
	struct fixture *f = *state;
	struct db_rows *rows;
	bool done;

	assert_int_equal(db_script(f->owner,
	    "INSERT INTO contact (key, mailbox) VALUES ('a@b.example',"
	    " 'a@b.example');"
	    "INSERT INTO report (uuid, contact, state, upto, sources, events,"
	    " first, last, recipient, subject, owner, quiet)"
	    " SELECT gen_random_uuid(), contact, 'unknown', 1, 1, 1, now(),"
	    " now(), mailbox, 's', 'hub', tstzrange(now(),"
	    " now() + interval '168 hours') FROM contact;"
	    "INSERT INTO report_mail (report, n, state, claimed, subject,"
	    " message_id, mail) VALUES (1, 1, 'sent', now(), 's', 'm1',"
	    " '\\x00ff'), (1, 2, 'unknown', now(), 's', 'm2', '\\x01')"),
	    DB_OK);
	assert_int_equal(ctl_rows_report_move(&f->ctl, 1, "held", "ready", NULL,
	    &done), 0);
	assert_false(done);
	/* lost in part: the rest is sent within the same week */
	assert_int_equal(ctl_rows_report_move(&f->ctl, 1, "unknown", "ready",
	    "seen", &done), 0);
	assert_true(done);
	assert_int_equal(db_script(f->owner, "DO $$ BEGIN ASSERT (SELECT state"
	    " = 'sending' AND quiet IS NOT NULL FROM report); ASSERT (SELECT"
	    " array_agg(state ORDER BY n) = '{sent,ready}' FROM report_mail);"
	    " UPDATE report SET state = 'unknown'; UPDATE report_mail"
	    " SET state = 'unknown'; END $$"), DB_OK);
	assert_int_equal(ctl_rows_report_move(&f->ctl, 1, "unknown", "sent",
	    "seen", &done), 0);
	assert_true(done);
	assert_int_equal(ctl_rows_report_move(&f->ctl, 1, "unknown", "ready",
	    NULL, &done), 0);
	assert_false(done);
	assert_int_equal(ctl_rows_report(&f->ctl, 1, &rows), 0);
	assert_int_equal(db_rows_count(rows), 1);
	assert_string_equal(db_string(rows, 0, 1), "sent");
	db_rows_free(rows);
	assert_int_equal(ctl_rows_report_mails(&f->ctl, 1, NULL, &rows), 0);
	assert_int_equal(db_rows_count(rows), 2);
	assert_string_equal(db_string(rows, 1, 1), "sent");
	assert_int_equal(db_bytes(rows, 0, 5, f->ctl.arena).n, 2);
	db_rows_free(rows);
	assert_int_equal(ctl_rows_report_mails(&f->ctl, 1, "2", &rows), 0);
	assert_int_equal(db_rows_count(rows), 1);
	assert_int_equal(db_bytes(rows, 0, 5, f->ctl.arena).n, 1);
	db_rows_free(rows);
}

static void
tables_know_their_columns(void **state)
{
	struct fixture *f = *state;
	struct db_rows *rows;
	struct buf out = {0};

	assert_int_equal(db_query(f->owner,
	    "SELECT 7::bigint AS n, 'a\x1b[2J\"' AS t, true AS f,"
	    " timestamptz '2026-01-02 03:04:05.5Z' AS at, NULL AS nothing,"
	    " timestamptz 'infinity' AS never", NULL, &rows), DB_OK);
	table_text(&out, rows, 0);
	assert_string_equal(out.data,
	    "n  t          f    at                    nothing  never\n"
	    "7  a\\x1b[2J\"  yes  2026-01-02T03:04:05Z  -        infinity\n");
	buf_reset(&out);
	table_json(&out, rows);
	assert_string_equal(out.data,
	    "[\n{\"n\": 7, \"t\": \"a\\u001b[2J\\\"\", \"f\": true, "
	    "\"at\": \"2026-01-02T03:04:05.500000Z\", \"nothing\": null, "
	    "\"never\": \"infinity\"}\n]");
	db_rows_free(rows);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(agents_come_and_go, setup,
	        teardown),
	    cmocka_unit_test_setup_teardown(
	        reports_move_from_the_named_state_only, setup, teardown),
	    cmocka_unit_test_setup_teardown(tables_know_their_columns, setup,
	        teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
