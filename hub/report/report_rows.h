/*
 * report's reading side of the database: who is due, and what of.  The
 * statements are in schema/stmts/report.sql; ctl prepares them too, so that
 * a preview is the report itself.  Writing: report_store.h.
 */
#ifndef PLAINTIFF_REPORT_ROWS_H
#define PLAINTIFF_REPORT_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hub/db.h"

struct arena;
struct compose_facts;
struct hub_conf;

/* Contacts by their numbers. */
struct report_contacts {
	const int64_t *at;
	size_t n;
};

/* An array of their numbers as an argument. */
void report_arg_contacts(struct db_args *args, struct report_contacts contacts);
/* The only column of the rows, which it frees, as contacts in the arena. */
struct report_contacts report_take_contacts(struct db_rows *rows,
    struct arena *a);

/* An address of a case: it covers events stored above after; its row of
 * source was at place, a tid as PostgreSQL sends it. */
struct report_mark {
	int64_t after, place;
};

/* What one contact is to be told. */
struct report_case {
	int64_t contact;
	const char *mailbox;         /* as first written: mail goes there */
	bool hold;                   /* its mode is held */
	int64_t upto;                /* covers events stored up to here */
	struct compose_facts *facts; /* without what the settings say */
	const struct report_mark *marks; /* beside facts->sources */
};

struct report_cases {
	struct report_case *at;
	size_t n;
};

/* Order number up to which everything was committed and counted
 * report.settle seconds ago, so that nothing can still appear below it. */
enum db_result report_rows_upto(struct db *db, struct arena *a,
    const struct hub_conf *conf, int64_t *upto)
    __attribute__((warn_unused_result));

/* All contacts who are due because of events stored up to upto and for whom
 * the brakes leave room, in the order to serve them, without the skipped. */
enum db_result report_rows_due(struct db *db, struct arena *a, int64_t upto,
    struct report_contacts skips, struct report_contacts *due)
    __attribute__((warn_unused_result));

/* The contact with that mailbox, due or not; *contact 0: none. */
enum db_result report_rows_contact(struct db *db, struct arena *a,
    const char *mailbox, int64_t *contact)
    __attribute__((warn_unused_result));

/* Reads what is new of these contacts up to upto.  A contact of which
 * nothing may be reported has no case. */
enum db_result report_rows_cases(struct db *db, struct arena *a,
    const struct hub_conf *conf, struct report_contacts contacts,
    int64_t upto, struct report_cases *out)
    __attribute__((warn_unused_result));

#endif
