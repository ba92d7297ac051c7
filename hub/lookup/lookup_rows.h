/*
 * The statements of lookup (schema/stmts/lookup.sql): counting of events,
 * claiming of addresses to ask for, recording of answers.  Called by
 * lookup.c; no network.
 */
#ifndef PLAINTIFF_LOOKUP_LOOKUP_ROWS_H
#define PLAINTIFF_LOOKUP_LOOKUP_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hub/db.h"
#include "hub/lookup/settle.h"
#include "proto/base/addr.h"

struct arena;
struct ask_answer;
struct hub_conf;

/* An address that we have claimed. */
struct lookup_claim {
	struct addr address;
	struct settle_before before;
	bool old;  /* without events of the last report.days */
	bool ours; /* an agent's own address */
};

struct lookup_claims {
	struct lookup_claim *at;
	size_t n;
	int64_t lease_us; /* the lease that they are all held by */
};

/* What goes into one row of answer and one of source. */
struct lookup_record {
	struct addr address;
	const char *method;              /* which contact source */
	const struct ask_answer *answer; /* NULL: nobody was asked */
	struct settle_after after;
	bool parked; /* not asked again before new events come */
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

/* Records answers, contacts and states in one transaction; addresses whose
 * lease is no longer ours are left alone.  *recorded: how many were. */
enum db_result lookup_rows_record(struct db *db, struct arena *a,
    int64_t lease_us, const struct lookup_record *records, size_t n,
    size_t *recorded) __attribute__((warn_unused_result));

#endif
