/*
 * report's writing side of the database: a batch of contacts locked, their
 * reports, the addresses in them, and the mark up to which those are
 * reported, all inside the caller's transaction.  Also what is written down
 * before contacts can be chosen.
 */
#ifndef PLAINTIFF_REPORT_STORE_H
#define PLAINTIFF_REPORT_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hub/db.h"
#include "hub/report/compose.h"
#include "hub/report/report_rows.h"

struct arena;
struct hub_conf;

/* Contacts whose registrable domain is not known yet, with their mailbox. */
struct report_domainless {
	int64_t contact;
	const char *key;    /* mailbox, lower case, A-labels */
	const char *domain; /* for report_store_domains */
};

/* Some of them; *n 0: none is left. */
enum db_result report_store_domainless(struct db *db, struct arena *a,
    struct report_domainless **list, size_t *n)
    __attribute__((warn_unused_result));
enum db_result report_store_domains(struct db *db, struct arena *a,
    const struct report_domainless *list, size_t n)
    __attribute__((warn_unused_result));

/* Draws for new contacts whether they belong to the share that is never
 * told, and notes what of theirs would have been reported, by events stored
 * up to upto. */
enum db_result report_store_draw(struct db *db, struct arena *a,
    const struct hub_conf *conf, int64_t upto)
    __attribute__((warn_unused_result));

/* Holds off a purge of a revoked agent's events for this transaction.  *may
 * false: one is under way; read nothing now. */
enum db_result report_store_unpurged(struct db *db, bool *may)
    __attribute__((warn_unused_result));

/* Locks those of the contacts that may be told something now, for this
 * transaction; those that another process has in hand are left out.  Their
 * addresses are not locked: report_store_put finds out when one was changed
 * since. */
enum db_result report_store_claim(struct db *db, struct arena *a,
    const struct hub_conf *conf, struct report_contacts contacts,
    struct report_contacts *claimed) __attribute__((warn_unused_result));

/* Those for whom the brakes still leave room.  Holds off other processes
 * that ask the same until the transaction ends. */
enum db_result report_store_room(struct db *db, struct arena *a,
    const struct hub_conf *conf, struct report_contacts contacts,
    struct report_contacts *room) __attribute__((warn_unused_result));

/* One report of a batch. */
struct report_made {
	const struct report_case *kase;
	struct composed mails;
	bool hold;
	int64_t report; /* its number, set by report_store_put */
};

/* Stores the mails and marks their events as reported.  DB_CONFLICT: some
 * contact has an open report, or an address that is in a mail has another
 * contact or another mark than when it was read; begin anew. */
enum db_result report_store_put(struct db *db, struct arena *a,
    struct report_made *made, size_t n, int64_t upto)
    __attribute__((warn_unused_result));

#endif
