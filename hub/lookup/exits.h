/*
 * Single addresses that Tor's zone is asked about while the list of exits
 * cannot be had.  The database's side; lookup.c has finder ask.
 */
#ifndef PLAINTIFF_LOOKUP_EXITS_H
#define PLAINTIFF_LOOKUP_EXITS_H

#include <stddef.h>

#include "hub/db.h"
#include "hub/lookup/tor_rows.h"

struct arena;
struct ask_answer;
struct hub_conf;

enum { EXITS_MOST = 256 };

struct exits_want {
	struct tor_wants wants;
	struct addr *ask; /* 127.0.0.1, then exits that the zone should know,
	                     then those that are wanted */
	size_t n;         /* 0: nothing to ask */
};

enum db_result exits_next(struct arena *a, const struct hub_conf *conf,
    struct db *db, struct exits_want *out) __attribute__((warn_unused_result));

/* Stores what the zone said of want->ask, if the zone can be believed. */
enum db_result exits_store(struct arena *a, const struct hub_conf *conf,
    struct db *db, const struct exits_want *want,
    const struct ask_answer *answers) __attribute__((warn_unused_result));

#endif
