/*
 * report's reading side of the database: who is due, and what of.  The
 * statements are in schema/stmts/report.sql; ctl prepares them too, so that
 * a preview is the report itself.  Writing: report_store.h.
 */
#ifndef PLAINTIFF_REPORT_ROWS_H
#define PLAINTIFF_REPORT_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "hub/db.h"

struct arena;
struct compose_facts;
struct hub_conf;

struct report_contact {
	int64_t contact;
	const char *mailbox; /* as first written: mail goes there */
};

/* Contacts to leave out for now. */
struct report_skips {
	const int64_t *at;
	size_t n;
};

/* What one contact is to be told. */
struct report_case {
	int64_t contact;
	int64_t upto;                  /* covers events stored up to here */
	struct compose_facts *facts;   /* without what the settings say */
	const int64_t *after;          /* beside facts->sources: covers events
	                                  stored above this */
};

/* Order number up to which everything is committed, nothing can still appear,
 * and all was there report.settle seconds ago.  A transaction of its own:
 * call it outside of one. */
enum db_result report_rows_upto(struct db *db, struct arena *a,
    const struct hub_conf *conf, int64_t *upto)
    __attribute__((warn_unused_result));

/* At most 100 contacts above that number who are due because of events
 * stored up to upto, in order. */
enum db_result report_rows_due(struct db *db, struct arena *a,
    const struct hub_conf *conf, int64_t above, int64_t upto,
    struct report_skips skips, struct report_contact **list, size_t *n)
    __attribute__((warn_unused_result));

/* The contact with that mailbox, due or not; *found->contact 0: none. */
enum db_result report_rows_contact(struct db *db, struct arena *a,
    const char *mailbox, struct report_contact *found)
    __attribute__((warn_unused_result));

/* Reads what is new of the contact up to upto.  facts->source_count is 0
 * when there is nothing. */
enum db_result report_rows_case(struct db *db, struct arena *a,
    const struct hub_conf *conf, int64_t contact, int64_t upto,
    struct report_case *out) __attribute__((warn_unused_result));

#endif
