/*
 * report's writing side of the database: a report, its addresses and the
 * mark up to which they are reported, all inside the caller's transaction.
 */
#ifndef PLAINTIFF_REPORT_STORE_H
#define PLAINTIFF_REPORT_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "hub/db.h"

struct arena;
struct composed;
struct hub_conf;
struct report_case;

/* Locks the contact's addresses for this transaction, and asks again
 * whether it is due: another report process may have been quicker. */
enum db_result report_store_lock(struct db *db, struct arena *a,
    const struct hub_conf *conf, int64_t contact, bool *due)
    __attribute__((warn_unused_result));

/* Stores the mails and marks their events as reported.  DB_CONFLICT: the
 * contact has an open report. */
enum db_result report_store_put(struct db *db, struct arena *a,
    const struct report_case *c, const struct composed *mails, bool hold,
    int64_t *report) __attribute__((warn_unused_result));

#endif
