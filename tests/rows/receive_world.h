/*
 * What the tests of receive's rows stand on: a session with receive's rights,
 * one of the owner's to look with, two active agents, made-up events.
 */
#ifndef PLAINTIFF_RECEIVE_WORLD_H
#define PLAINTIFF_RECEIVE_WORLD_H

#include <stddef.h>
#include <stdint.h>

#include "hub/db.h"
#include "hub/receive/group.h"

struct world {
	struct arena *settings, *arena;
	struct hub_conf *conf;
	struct db *db, *owner;
	struct agents *agents;
	struct agent *mx1, *mx2;
	struct names *names;
	struct days event_days, evidence_days;
	int64_t now_us;
};

/* For cmocka: opens all on PLAINTIFF_TEST_CONNECT; empties the tables before a
 * case; closes. */
int world_open(void **state);
int world_fresh(void **state);
int world_close(void **state);

/* Empties the tables; the agents are mx1 and mx2, and mx3, revoked. */
void world_empty(struct world *w);
/* Reads agents and days as receive does. */
void world_load(struct world *w);
/* The one number that a query of the owner's gives. */
int64_t world_number(struct world *w, const char *sql);
/* Fails unless the query gives this text. */
void world_says(struct world *w, const char *sql, const char *expected);

/* Count events of a made-up log, a second apart, from the one numbered
 * from. */
struct wire_batch *world_batch(struct world *w, uint64_t batch, unsigned from,
    unsigned count);
enum db_result world_try_store(struct world *w, struct group_batch *batches,
    size_t n);
/* Stores one batch, which must succeed. */
struct group_batch world_store(struct world *w, const struct agent *agent,
    const struct wire_batch *b);

#endif
