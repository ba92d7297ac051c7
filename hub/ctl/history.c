/* plaintiff contact history, contact escalate, contact complaint: what came
 * of mailing a contact, and whom else to ask.  A complaint is only ever
 * printed: whether it goes to a registry is for a person to decide. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "hub/conf.h"
#include "hub/ctl/ctl.h"
#include "hub/ctl/ctl_rows.h"
#include "hub/ctl/list.h"
#include "hub/ctl/table.h"
#include "hub/db.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"
#include "proto/base/log.h"

struct contact {
	int64_t contact;
	const char *mailbox;
	bool escalated;
	int64_t reports;
};

/* -1: logged, *code set. */
static int
find(struct ctl *c, struct contact *out, int *code)
{
	struct db_rows *rows;

	*code = EX_SOFTWARE;
	if (ctl_rows_string(c, "ctl_heard_contact", c->args[0], &rows) < 0)
		return -1;
	if (db_rows_count(rows) == 0) {
		log_error("no contact %s", c->args[0]);
		db_rows_free(rows);
		*code = EX_DATAERR;
		return -1;
	}
	*out = (struct contact){.contact = db_int(rows, 0, 0),
	    .mailbox = arena_string(c->arena, db_string(rows, 0, 1)),
	    .escalated = db_flag(rows, 0, 3), .reports = db_int(rows, 0, 4)};
	db_rows_free(rows);
	return 0;
}

int
ctl_contact_history(struct ctl *c)
{
	struct contact who;
	struct db_rows *rows;
	int code;

	if (find(c, &who, &code) < 0)
		return code;
	if (ctl_rows_string(c, "ctl_contact_history", who.mailbox, &rows) < 0)
		return EX_SOFTWARE;
	list_rows(c, rows, 0);
	return EX_OK;
}

int
ctl_contact_escalate(struct ctl *c)
{
	struct contact who;
	struct db_rows *rows;
	int code;

	if (find(c, &who, &code) < 0)
		return code;
	if (who.escalated) {
		log_error("%s is passed over already; plaintiff contact "
		          "complaint drafts a letter to its registry",
		    who.mailbox);
		return EX_DATAERR;
	}
	if (ctl_rows_number(c, "ctl_contact_escalate", who.contact, &rows) < 0)
		return EX_SOFTWARE;
	printf("%s is passed over until it answers; asking anew for its "
	       "addresses: %" PRId64 "\n", who.mailbox,
	    db_rows_count(rows) == 0 ? 0 : db_int(rows, 0, 0));
	db_rows_free(rows);
	return EX_OK;
}

static void
add_cell(struct buf *out, const struct db_rows *rows, size_t row, size_t col)
{
	const char *s = db_string(rows, row, col);

	table_neuter(out, s, strlen(s));
}

static void
draft_reports(struct buf *out, const struct db_rows *rows)
{
	for (size_t i = 0; i < db_rows_count(rows); i++) {
		buf_puts(out, "  ");
		add_cell(out, rows, i, 1);
		buf_puts(out, "  <");
		add_cell(out, rows, i, 2);
		buf_puts(out, ">  ");
		add_cell(out, rows, i, 3);
		buf_puts(out, " addresses, ");
		add_cell(out, rows, i, 4);
		buf_puts(out, " events: ");
		add_cell(out, rows, i, 5);
		buf_putc(out, '\n');
	}
}

static void
draft_addresses(struct buf *out, const struct db_rows *rows)
{
	for (size_t i = 0; i < db_rows_count(rows); i++) {
		buf_puts(out, "  ");
		add_cell(out, rows, i, 0);
		buf_puts(out, "  ");
		add_cell(out, rows, i, 1);
		buf_puts(out, " events, last ");
		add_cell(out, rows, i, 2);
		buf_putc(out, '\n');
	}
}

static void
draft(struct ctl *c, struct buf *out, const struct contact *who,
    const struct db_rows *reports, const struct db_rows *addresses)
{
	const char *us = c->conf->report_organisation[0] == '\0'
	    ? c->conf->hub_domain : c->conf->report_organisation;

	buf_puts(out, "DRAFT.  Nothing was sent.  Read it, complete it, and "
	              "send it yourself\nif you think it right.\n\n"
	              "Subject: abuse contact that does not answer: ");
	table_neuter(out, who->mailbox, strlen(who->mailbox));
	buf_puts(out, "\n\nTo the registry,\n\nthe abuse contact ");
	table_neuter(out, who->mailbox, strlen(who->mailbox));
	buf_puts(out, ", registered for the addresses\nbelow, was told of "
	              "abuse from them in these messages:\n\n");
	draft_reports(out, reports);
	buf_puts(out, "\nThe abuse went on after the last of them (times are "
	              "UTC, +0000):\n\n");
	draft_addresses(out, addresses);
	buf_puts(out, "\nPlease check that this contact is valid, and tell us "
	              "whom we should ask\ninstead.\n\n");
	table_neuter(out, us, strlen(us));
	buf_putc(out, '\n');
	table_neuter(out, c->conf->report_from, strlen(c->conf->report_from));
	buf_putc(out, '\n');
}

int
ctl_contact_complaint(struct ctl *c)
{
	struct contact who;
	struct db_rows *reports, *addresses = NULL;
	struct buf out = {0};
	int code;

	if (find(c, &who, &code) < 0)
		return code;
	if (who.reports == 0) {
		log_error("%s was never sent a report", who.mailbox);
		return EX_DATAERR;
	}
	if (ctl_rows_number(c, "ctl_complaint_reports", who.contact,
	        &reports) < 0)
		return EX_SOFTWARE;
	code = ctl_rows_number(c, "ctl_complaint_addresses", who.contact,
	    &addresses) < 0 ? EX_SOFTWARE : EX_OK;
	if (code == EX_OK && db_rows_count(addresses) == 0) {
		log_error("nothing came from its addresses after its reports: "
		          "there is nothing to complain of");
		code = EX_DATAERR;
	} else if (code == EX_OK) {
		draft(c, &out, &who, reports, addresses);
		table_flush(&out);
	}
	db_rows_free(reports);
	db_rows_free(addresses);
	return code;
}
