/* plaintiff report ...: what was composed, and what the administrator decides
 * about it.  previews: preview.c. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "hub/conf.h"
#include "hub/ctl/ctl.h"
#include "hub/ctl/ctl_rows.h"
#include "hub/ctl/mail.h"
#include "hub/ctl/list.h"
#include "hub/ctl/table.h"
#include "hub/db.h"
#include "proto/base/buf.h"
#include "proto/base/log.h"
#include "proto/base/text.h"

enum { MAIL_COLUMN = 5 }; /* in ctl_report_mails */

int
ctl_report_list(struct ctl *c)
{
	enum { FOR_PEOPLE = 9 };

	return list_show(c, "ctl_report_list", FOR_PEOPLE);
}

/* The one row of a report; NULL: logged, *code set. */
static struct db_rows *
find(struct ctl *c, int64_t report, int *code)
{
	struct db_rows *rows;

	*code = EX_SOFTWARE;
	if (ctl_rows_report(c, report, &rows) < 0)
		return NULL;
	if (db_rows_count(rows) != 0)
		return rows;
	log_error("no report %" PRId64 "; see plaintiff report list", report);
	db_rows_free(rows);
	*code = EX_DATAERR;
	return NULL;
}

/* "==== mail 2, sent, Subject" when there are several. */
static void
heading(struct buf *out, const struct db_rows *rows, size_t row)
{
	struct text subject = db_text(rows, row, 2);

	buf_printf(out, "%s==== mail %s, %s, ", row == 0 ? "" : "\n",
	    db_string(rows, row, 0), db_string(rows, row, 1));
	table_neuter(out, subject.at, subject.n);
	buf_puts(out, "\n\n");
}

int
ctl_report_show(struct ctl *c)
{
	int64_t report = strtoll(c->args[0], NULL, 10);
	struct buf out = {0};
	struct db_rows *rows;
	size_t n;
	int code;

	rows = find(c, report, &code);
	if (rows == NULL)
		return code;
	db_rows_free(rows);
	if (ctl_rows_report_mails(c, report, c->args[1], &rows) < 0)
		return EX_SOFTWARE;
	n = db_rows_count(rows);
	for (size_t i = 0; i < n; i++) {
		if (n != 1)
			heading(&out, rows, i);
		mail_show(&out, db_bytes(rows, i, MAIL_COLUMN, c->arena),
		    isatty(STDOUT_FILENO) == 1);
	}
	table_flush(&out);
	db_rows_free(rows);
	if (n == 0)
		log_error("report %" PRId64 " has no mail %s", report,
		    c->args[1]);
	return n == 0 ? EX_DATAERR : EX_OK;
}

/* Moves a report; says why not when it is in another state. */
static int
move(struct ctl *c, const char *from, const char *to, const char *said,
    const char *done_words)
{
	int64_t report = strtoll(c->args[0], NULL, 10);
	struct db_rows *rows;
	bool done;
	int code;

	if (ctl_rows_report_move(c, report, from, to, said, &done) < 0)
		return EX_SOFTWARE;
	if (done) {
		printf("report %" PRId64 " %s\n", report, done_words);
		return EX_OK;
	}
	rows = find(c, report, &code);
	if (rows == NULL)
		return code;
	log_error("report %" PRId64 " is %s, not %s", report,
	    db_string(rows, 0, 1), from);
	db_rows_free(rows);
	return EX_DATAERR;
}

int
ctl_report_hold(struct ctl *c)
{
	return move(c, "ready", "held", NULL,
	    "is held until plaintiff report release");
}

int
ctl_report_release(struct ctl *c)
{
	return move(c, "held", "ready", NULL, "is ready to be sent");
}

int
ctl_report_cancel(struct ctl *c)
{
	return move(c, "held", "failed", "the administrator cancelled it",
	    "is never sent; its events are not reported again");
}

int
ctl_report_adopt(struct ctl *c)
{
	int64_t report = strtoll(c->args[0], NULL, 10);
	struct db_rows *rows;
	bool done;
	int code;

	if (ctl_rows_report_adopt(c, report, c->conf->hub_name, &done) < 0)
		return EX_SOFTWARE;
	if (done) {
		printf("report %" PRId64 " is in the hands of %s\n", report,
		    c->conf->hub_name);
		return EX_OK;
	}
	rows = find(c, report, &code);
	if (rows == NULL)
		return code;
	log_error("report %" PRId64 " is %s; only one that is sending or "
	          "unknown, of another hub whose deliver does not run, can be "
	          "taken over", report, db_string(rows, 0, 1));
	db_rows_free(rows);
	return EX_DATAERR;
}

int
ctl_report_resolve(struct ctl *c)
{
	if (strcmp(c->args[1], "sent") == 0)
		return move(c, "unknown", "sent",
		    "the administrator says it was sent",
		    "counts as sent and is not sent again");
	return move(c, "unknown", "ready",
	    "the administrator says it was lost",
	    "is ready to be sent again");
}
