/*
 * The statements of lookup (schema/stmts/lookup.sql): counting of events,
 * claiming of addresses to ask for, what is known already.  Recording:
 * lookup_record.h.  Called by lookup.c; no network.
 */
#ifndef PLAINTIFF_LOOKUP_LOOKUP_ROWS_H
#define PLAINTIFF_LOOKUP_LOOKUP_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hub/db.h"
#include "hub/lookup/case.h"

struct arena;
struct hub_conf;
struct settle_rules;

struct lookup_claims {
	struct lookup_case *at;
	size_t n;
	int64_t lease_us; /* the lease that they are all held by */
};

struct lookup_counted {
	int64_t events, sources; /* sources: new or seen again */
	bool more;               /* there are events beyond most */
};

/* Counts events stored since the last count, at most `most` numbers of the
 * sequence, into tally and source.  Nothing to count, or another instance at
 * it: all zero. */
enum db_result lookup_rows_count(struct db *db, struct arena *a,
    const struct hub_conf *conf, int64_t most, struct lookup_counted *out)
    __attribute__((warn_unused_result));

/* Claims up to limit addresses that are due, for lease_ms. */
enum db_result lookup_rows_claim(struct db *db, struct arena *a,
    const struct hub_conf *conf, size_t limit, int64_t lease_ms,
    struct lookup_claims *out) __attribute__((warn_unused_result));

/* Parks claimed addresses: they are not asked for before new events come. */
enum db_result lookup_rows_park(struct db *db, struct arena *a,
    int64_t lease_us, const struct addr *addresses, size_t n)
    __attribute__((warn_unused_result));

/* Gives claimed addresses back as they were. */
enum db_result lookup_rows_release(struct db *db, struct arena *a,
    int64_t lease_us, const struct addr *addresses, size_t n)
    __attribute__((warn_unused_result));

/* The mailboxes that are refused; in the arena. */
enum db_result lookup_rows_refusals(struct db *db, struct arena *a,
    struct settle_rules *out) __attribute__((warn_unused_result));

/* Adds to the rules which of the mailboxes that these cases' last answers
 * name are no use. */
enum db_result lookup_rows_dead(struct db *db, struct arena *a,
    const struct hub_conf *conf, struct lookup_case *const *cases, size_t n,
    struct settle_rules *rules)
    __attribute__((warn_unused_result));

/* Gives each case in whose registered range there is a fresh RDAP answer
 * that answer. */
enum db_result lookup_rows_ranges(struct db *db, struct arena *a,
    struct lookup_case *const *cases, size_t n)
    __attribute__((warn_unused_result));

#endif
