/*
 * Which RDAP server knows which network, in the database: the documents that
 * ship with the program, and fresher ones (schema/stmts/lookup.sql).  Called
 * by lists.c; no network.
 */
#ifndef PLAINTIFF_LOOKUP_BOOTSTRAP_ROWS_H
#define PLAINTIFF_LOOKUP_BOOTSTRAP_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "hub/db.h"

struct arena;
struct bootstrap;

/* A document of family 4 or 6 that ships, known by the hash of its bytes:
 * stored unless it was already, or a fetched one is there.  *stored tells. */
enum db_result bootstrap_rows_shipped(struct db *db, struct arena *a,
    int family, const uint8_t digest[32], const struct bootstrap *b,
    bool *stored) __attribute__((warn_unused_result));

/* Is a fresher one to be fetched?  One lookup is told so, once in every_s
 * seconds. */
enum db_result bootstrap_rows_claim(struct db *db, struct arena *a,
    int family, int64_t every_s, bool *due)
    __attribute__((warn_unused_result));
/* It was. */
enum db_result bootstrap_rows_fetched(struct db *db, struct arena *a,
    int family, const struct bootstrap *b) __attribute__((warn_unused_result));
/* It was not: tried again after again_s seconds. */
enum db_result bootstrap_rows_failed(struct db *db, struct arena *a,
    int family, int64_t again_s, struct text why)
    __attribute__((warn_unused_result));

#endif
