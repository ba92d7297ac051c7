/* plaintiff stats effect: what came of the reports, and whether the abuse
 * stopped because of them.  The reckoning: effect.c. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "hub/ctl/ctl.h"
#include "hub/ctl/ctl_rows.h"
#include "hub/ctl/effect.h"
#include "hub/ctl/table.h"
#include "hub/db.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"
#include "proto/base/log.h"

enum { DAYS = 7, DAYS_MOST = 180, PARTS = 3 };

static const struct {
	const char *name, *title, *statement;
} parts[PARTS] = {
    {"contacts", "by contact", "ctl_effect_contacts"},
    {"networks", "by autonomous system", "ctl_effect_asns"},
    {"countries", "by country of registration", "ctl_effect_countries"},
};

struct stats {
	int days;
	struct effect effect;
	struct db_rows *rows[PARTS];
};

static int
read_estimate(struct ctl *c, struct stats *s)
{
	struct effect_contact *list;
	struct db_rows *rows;
	size_t n;

	if (ctl_rows_number(c, "ctl_effect_clusters", s->days, &rows) < 0)
		return -1;
	n = db_rows_count(rows);
	list = arena_array(c->arena, n, sizeof *list);
	for (size_t i = 0; i < n; i++)
		list[i] = (struct effect_contact){.control =
		        db_flag(rows, i, 0), .cases = db_int(rows, i, 2),
		    .stopped = db_int(rows, i, 3)};
	db_rows_free(rows);
	effect_estimate(list, n, &s->effect);
	return 0;
}

static int
read_all(struct ctl *c, struct stats *s)
{
	/* all from one moment, and with the time it takes */
	if (db_script(c->db, arena_printf(c->arena,
	        "SET statement_timeout = '10min';"
	        "SET idle_in_transaction_session_timeout = '10min';"
	        "SET plaintiff.effect_days = %d;"
	        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", s->days)) !=
	    DB_OK || read_estimate(c, s) < 0)
		return -1;
	for (size_t i = 0; i < PARTS; i++)
		if (ctl_rows_list(c, parts[i].statement, &s->rows[i]) < 0)
			return -1;
	return db_commit(c->db) == DB_OK ? 0 : -1;
}

static void
show_arm(struct buf *out, const char *what, const struct effect_arm *a,
    int days)
{
	buf_printf(out, "%s: %" PRId64 " addresses of %" PRId64 " contacts",
	    what, a->cases, a->contacts);
	if (a->cases != 0)
		buf_printf(out, "; quiet after %d days: %" PRId64
		    " (%.1f %%)", days, a->stopped, 100 * a->share);
	buf_putc(out, '\n');
}

static void
show_verdict(struct buf *out, const struct effect *e)
{
	if (!e->known && e->held.cases == 0) {
		buf_puts(out, "No share was held back, so nobody can know how "
		    "much of this would have\nstopped without a report. The "
		    "numbers below say what happened, not why.\n");
		return;
	}
	if (!e->known) {
		buf_puts(out, "Too few contacts were reported or held back to "
		    "say anything (5 of each at least).\n");
		return;
	}
	buf_printf(out, "Difference: %+.1f points, between %+.1f and %+.1f "
	    "with 95 %% confidence.\n", 100 * e->difference, 100 * e->low,
	    100 * e->high);
	if (e->low > 0)
		buf_puts(out, "Reporting works: more stops than without.\n");
	else if (e->high < 0)
		buf_puts(out, "Less stops than without a report.\n");
	else
		buf_puts(out, "No effect is shown: it may be none, or smaller "
		    "than these numbers can tell.\n");
}

static void
show_text(const struct stats *s, struct buf *out)
{
	buf_printf(out, "Each address is counted once, from its first report; "
	    "it is quiet when no event came\nin the %d days after the first "
	    "%d.\n\n", s->days, s->days);
	show_arm(out, "reported", &s->effect.reported, s->days);
	show_arm(out, "held back", &s->effect.held, s->days);
	show_verdict(out, &s->effect);
	for (size_t i = 0; i < PARTS; i++) {
		buf_printf(out, "\n%s\n", parts[i].title);
		table_text(out, s->rows[i], 0);
	}
}

static void
json_arm(struct buf *out, const char *name, const struct effect_arm *a)
{
	buf_printf(out, "\"%s\": {\"contacts\": %" PRId64 ", ", name,
	    a->contacts);
	buf_printf(out, "\"cases\": %" PRId64 ", \"stopped\": %" PRId64
	    ", \"share\": %.6f},\n", a->cases, a->stopped, a->share);
}

static void
show_json(const struct stats *s, struct buf *out)
{
	const struct effect *e = &s->effect;

	buf_printf(out, "{\"days\": %d,\n", s->days);
	json_arm(out, "reported", &e->reported);
	json_arm(out, "held", &e->held);
	if (e->known)
		buf_printf(out, "\"difference\": %.6f, \"low\": %.6f, "
		    "\"high\": %.6f", e->difference, e->low, e->high);
	else
		buf_puts(out, "\"difference\": null, \"low\": null, "
		    "\"high\": null");
	for (size_t i = 0; i < PARTS; i++) {
		buf_printf(out, ",\n\"%s\": ", parts[i].name);
		table_json(out, s->rows[i]);
	}
	buf_puts(out, "}\n");
}

/* A number of days, or -1: logged. */
static int
days_of(const char *s)
{
	char *end;
	long n = s == NULL ? DAYS : strtol(s, &end, 10);

	if (s != NULL && (*end != '\0' || n < 1 || n > DAYS_MOST)) {
		log_error("days: a number between 1 and %d", DAYS_MOST);
		return -1;
	}
	return (int)n;
}

int
ctl_stats_effect(struct ctl *c)
{
	struct stats s = {.days = days_of(c->args[0])};
	struct buf out = {0};
	int code = EX_SOFTWARE;

	if (s.days < 0)
		return EX_USAGE;
	if (read_all(c, &s) == 0) {
		if (c->json)
			show_json(&s, &out);
		else
			show_text(&s, &out);
		table_flush(&out);
		code = EX_OK;
	}
	for (size_t i = 0; i < PARTS; i++)
		db_rows_free(s.rows[i]);
	return code;
}
