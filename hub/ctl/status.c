/*
 * plaintiff status: what waits where, and the conservation law: what agents
 * say they sent against the rows there are.  Every remainder is 0 or there is
 * a mistake somewhere, and --check says so by exit code 1.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "hub/conf.h"
#include "hub/ctl/ctl.h"
#include "hub/ctl/ctl_rows.h"
#include "hub/ctl/table.h"
#include "hub/db.h"
#include "proto/base/buf.h"

enum { PARTS = 4 };

static const struct {
	const char *name; /* in JSON */
	const char *title;
	const char *statement;
	int remainder; /* its column; -1: none */
} parts[PARTS] = {
    {"stages", "stages", "ctl_status_stages", -1},
    {"agents", "events: emitted = first seen + witnessed + set aside + past + "
               "unacked + gaps + remainder", "ctl_status_agents", 8},
    {"lines", "log lines: lines = ignored + unparsable + emitted + repeated + "
              "unreportable + withheld + remainder", "ctl_status_lines", 9},
    {"reports", "reports", "ctl_status_reports", 3},
};

struct status {
	struct db_rows *rows[PARTS];
	int64_t unbalanced; /* rows with a remainder */
};

static void
status_free(struct status *s)
{
	for (size_t i = 0; i < PARTS; i++)
		db_rows_free(s->rows[i]);
}

/* All parts from one moment: a snapshot, or rows that move from one part to
 * another while we read would look like a remainder. */
static int
status_read(struct ctl *c, struct status *s)
{
	/* counting many events may take longer than a stage may wait */
	if (db_script(c->db, "SET statement_timeout = '10min';"
	        "SET idle_in_transaction_session_timeout = '10min';"
	        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") != DB_OK)
		return -1;
	for (size_t i = 0; i < PARTS; i++) {
		if (ctl_rows_list(c, parts[i].statement, &s->rows[i]) < 0)
			return -1;
		for (size_t row = 0; parts[i].remainder >= 0 &&
		     row < db_rows_count(s->rows[i]); row++)
			s->unbalanced += db_int(s->rows[i], row,
			    (size_t)parts[i].remainder) != 0;
	}
	return db_commit(c->db) == DB_OK ? 0 : -1;
}

static void
show_json(const struct ctl *c, const struct status *s, struct buf *out)
{
	buf_printf(out, "{\"version\": \"%s\", \"hub\": \"", PLAINTIFF_VERSION);
	buf_json(out, c->conf->hub_name, strlen(c->conf->hub_name));
	buf_printf(out, "\", \"live\": %s, \"balanced\": %s",
	    c->conf->deliver_live ? "true" : "false",
	    s->unbalanced == 0 ? "true" : "false");
	for (size_t i = 0; i < PARTS; i++) {
		buf_printf(out, ",\n\"%s\": ", parts[i].name);
		table_json(out, s->rows[i]);
	}
	buf_puts(out, "}\n");
}

static void
show_text(const struct ctl *c, const struct status *s, struct buf *out)
{
	buf_printf(out, "plaintiff %s, hub ", PLAINTIFF_VERSION);
	table_neuter(out, c->conf->hub_name, strlen(c->conf->hub_name));
	buf_puts(out, c->conf->deliver_live
	        ? "\nlive: yes, reports are sent through "
	        : "\nlive: no, reports are written to ");
	if (c->conf->deliver_live)
		table_neuter(out, c->conf->deliver_relay,
		    strlen(c->conf->deliver_relay));
	else
		table_neuter(out, c->conf->deliver_mail_folder,
		    strlen(c->conf->deliver_mail_folder));
	buf_putc(out, '\n');
	for (size_t i = 0; i < PARTS; i++) {
		buf_printf(out, "\n%s\n", parts[i].title);
		table_text(out, s->rows[i], 0);
	}
	if (s->unbalanced == 0)
		buf_puts(out, "\nbalanced: every remainder is 0\n");
	else
		buf_printf(out, "\nNOT BALANCED: %" PRId64 " rows have a "
		    "remainder; docs/operating.md says what that means\n",
		    s->unbalanced);
}

int
ctl_status(struct ctl *c)
{
	struct status s = {0};
	struct buf out = {0};
	int code = EX_SOFTWARE;

	if (status_read(c, &s) == 0) {
		if (c->json)
			show_json(c, &s, &out);
		else
			show_text(c, &s, &out);
		table_flush(&out);
		code = c->args[0] != NULL && s.unbalanced != 0 ? 1 : EX_OK;
	}
	status_free(&s);
	return code;
}
