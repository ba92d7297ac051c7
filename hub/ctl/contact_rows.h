/*
 * The administrator's side of who answers for what; the statements are in
 * schema/stmts/ctl.sql.  Each returns 0, or -1 (logged) unless it says more.
 */
#ifndef PLAINTIFF_CTL_CONTACT_ROWS_H
#define PLAINTIFF_CTL_CONTACT_ROWS_H

#include <stdbool.h>
#include <stdint.h>

struct addr;
struct ctl;
struct db_rows;
struct mailbox;
struct prefix;

/* Rows about one address, by a statement that takes it alone. */
int contact_rows_about(struct ctl *c, const char *statement,
    const struct addr *address, struct db_rows **out);
/* Has it looked up again at once; *asked_us is when it last was (0: never). */
int contact_rows_ask(struct ctl *c, const struct addr *address,
    int64_t *asked_us);

/* The prefix belongs to that mailbox from now on; *addresses: how many are
 * looked up again. */
int contact_rows_set(struct ctl *c, const struct prefix *p,
    const struct mailbox *m, const char *note, int64_t *addresses);
/* *done false: it is not in the table. */
int contact_rows_unset(struct ctl *c, const struct prefix *p, bool *done,
    int64_t *addresses);

/* From now on refused; *addresses had it, *reports that were ready are
 * held. */
int contact_rows_refuse(struct ctl *c, const char *pattern, const char *why,
    int64_t *addresses, int64_t *reports);
/* *done false: nobody refuses it. */
int contact_rows_accept(struct ctl *c, const char *pattern, bool *done,
    int64_t *addresses);

/* contact, mailbox and merged_into (or null) of a mailbox, by its key; no row:
 * there is none. */
int contact_rows_find(struct ctl *c, const char *key, struct db_rows **out);

enum contact_merged {
	CONTACT_MERGED,
	CONTACT_BOTH_MAILED, /* within one week, or both have an open report */
	CONTACT_FAILED,      /* logged */
};

enum contact_merged contact_rows_merge(struct ctl *c, int64_t from,
    int64_t into, int64_t *addresses);

#endif
