/*
 * What lookup stores and asks of Tor's exits: the list as it is fetched, kept
 * with its history, and answers of Tor's zone while there is no list
 * (schema/stmts/lookup.sql).  Times are the database's.  Called by lookup.c;
 * no network, no parsing: tor.h.
 */
#ifndef PLAINTIFF_LOOKUP_TOR_ROWS_H
#define PLAINTIFF_LOOKUP_TOR_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hub/db.h"
#include "hub/lookup/tor.h"
#include "proto/base/addr.h"

struct arena;
struct hub_conf;

enum { TOR_CONTROLS = 3 };

/* The right to fetch the list once. */
struct tor_claim {
	bool due;
	int64_t lease_us;
	struct tor_limits limits; /* for tor_parse */
};

/* Addresses that the zone is to be asked for. */
struct tor_wants {
	struct addr *at;
	size_t n;
	/* exits of the last day that a working zone knows, to be asked along
	 * (tor_zone_works) */
	struct addr controls[TOR_CONTROLS];
	size_t controls_n;
	int64_t now_us;
};

/* What the zone said of an address. */
struct tor_said {
	struct addr address;
	enum tor_verdict verdict;
	const char *why; /* of UNKNOWN */
};

/* How it stands; times are 0 where there is none. */
struct tor_state {
	bool tried;
	bool stale; /* there is no list, or its newest test is older than
	               tor.stale */
	int64_t now_us, fetched_us, newest_us;
	int64_t entries;
	int64_t tries;   /* failed in a row */
	const char *why; /* of the last failure; "": it went well */
};

/* Is the list to be fetched?  One lookup at a time is told so, for lease_ms.
 * Nobody is while tor.list is empty. */
enum db_result tor_rows_claim(struct db *db, struct arena *a,
    const struct hub_conf *conf, int64_t lease_ms, struct tor_claim *out)
    __attribute__((warn_unused_result));

/* Stores a list that was asked for at claim->limits.now_us.  *recorded is
 * false when the claim has passed to another: nothing was done then. */
enum db_result tor_rows_list(struct db *db, struct arena *a,
    const struct hub_conf *conf, const struct tor_claim *claim,
    const struct tor_list *list, bool *recorded)
    __attribute__((warn_unused_result));

/* There was no list, or none that may be used: tried again after
 * lookup.retry_first, doubled each time, tor.every at most. */
enum db_result tor_rows_failed(struct db *db, struct arena *a,
    const struct hub_conf *conf, const struct tor_claim *claim,
    const char *why) __attribute__((warn_unused_result));

/* Which addresses, at most limit, wait for what the zone could answer now;
 * none unless fetching the list has failed and tor.zone is set. */
enum db_result tor_rows_wanted(struct db *db, struct arena *a,
    const struct hub_conf *conf, size_t limit, struct tor_wants *out)
    __attribute__((warn_unused_result));

/* Stores what the zone said at asked_us (wants.now_us). */
enum db_result tor_rows_answers(struct db *db, struct arena *a,
    const struct hub_conf *conf, int64_t asked_us,
    const struct tor_said *said, size_t n)
    __attribute__((warn_unused_result));

enum db_result tor_rows_state(struct db *db, struct arena *a,
    struct tor_state *out) __attribute__((warn_unused_result));

#endif
