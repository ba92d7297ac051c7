/*
 * receive's side of the database; the statements are in
 * schema/stmts/receive.sql.  Knows no socket.
 */
#ifndef PLAINTIFF_RECEIVE_ROWS_H
#define PLAINTIFF_RECEIVE_ROWS_H

#include <stdint.h>

#include "hub/db.h"

struct agent;
struct agents;
struct arena;
struct days;
struct greet_hello;
struct group;
struct names;
struct wire_counters;

/* Reads the active agents and their own addresses into an empty, unsealed
 * table. */
enum db_result receive_rows_agents(struct db *db, struct agents *into)
    __attribute__((warn_unused_result));

/* Reads for which days there are partitions; both are replaced when DB_OK. */
enum db_result receive_rows_days(struct db *db, struct days *event_days,
    struct days *evidence_days)
    __attribute__((warn_unused_result));

/* Notes who says hello, in one transaction: counters, and own addresses in
 * place of those said before; of two hellos of one agent the later counts.
 * *changed: some addresses are others now.  Sets last_batch of each. */
enum db_result receive_rows_hellos(struct db *db, struct arena *a,
    struct greet_hello *hellos, size_t n, bool *changed)
    __attribute__((warn_unused_result));

/* The name of an outbox as statements take it: hex digits. */
struct text receive_rows_outbox(struct arena *a,
    const struct wire_counters *counters);

/* Notes an agent's counters. */
enum db_result receive_rows_counters(struct db *db, struct arena *a,
    const struct agent *agent, const struct wire_counters *counters)
    __attribute__((warn_unused_result));

/* Notes the batches' numbers and counters; part of receive_rows_store. */
enum db_result receive_rows_batches(struct db *db, struct arena *a,
    const struct group *g)
    __attribute__((warn_unused_result));

/* Stores a group in one transaction: new events with their evidence,
 * witnesses of known ones, what is set aside, counters.  When DB_OK all of it
 * is committed and the batches' counts are set; otherwise nothing of it may
 * be acknowledged (DB_LOST: it may be stored all the same).  Storing the
 * same group again changes nothing. */
enum db_result receive_rows_store(struct db *db, struct arena *a,
    struct names *names, struct group *g) __attribute__((warn_unused_result));

/* The highest batch stored of an outbox, 0 for none. */
enum db_result receive_rows_last_batch(struct db *db, struct arena *a,
    int32_t agent, const uint8_t *outbox, uint64_t *last_batch)
    __attribute__((warn_unused_result));

/* Sets aside a batch of which no event could be read; why: static. */
enum db_result receive_rows_malformed(struct db *db, struct arena *a,
    const struct agent *agent, uint64_t batch, size_t events, const char *why)
    __attribute__((warn_unused_result));

/* Wakes the stages that wait for events. */
enum db_result receive_rows_notify(struct db *db)
    __attribute__((warn_unused_result));

#endif
