/*
 * The domains of contacts' mailboxes and the hosts that take their mail
 * (schema/stmts/lookup_mx.sql).  Called by lookup.c, which has finder ask; no
 * network.
 */
#ifndef PLAINTIFF_LOOKUP_MX_ROWS_H
#define PLAINTIFF_LOOKUP_MX_ROWS_H

#include <stdint.h>

#include "hub/db.h"
#include "hub/lookup/ask.h"

struct arena;
struct hub_conf;

struct mx_claims {
	struct ask_domains *ask; /* n 0: nothing is due */
	int64_t lease_us;        /* that they are all held by */
};

/* Notes the domains of contacts that are new, and claims those that are due
 * for lease_ms. */
enum db_result mx_rows_claim(struct db *db, struct arena *a, int64_t lease_ms,
    struct mx_claims *out) __attribute__((warn_unused_result));

/* Records what was said of each domain of the claim, and its contacts with
 * it. */
enum db_result mx_rows_record(struct db *db, struct arena *a,
    const struct hub_conf *conf, const struct mx_claims *claims,
    const struct ask_host *hosts) __attribute__((warn_unused_result));

/* Takes contacts in domains that take no mail from all addresses. */
enum db_result mx_rows_drop(struct db *db) __attribute__((warn_unused_result));

#endif
