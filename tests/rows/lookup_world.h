/*
 * What the tests of lookup's rows stand on: two sessions with lookup's rights,
 * one of the owner's to look with, made-up events.
 */
#ifndef PLAINTIFF_LOOKUP_WORLD_H
#define PLAINTIFF_LOOKUP_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "hub/db.h"
#include "hub/lookup/lookup_rows.h"
#include "proto/base/addr.h"

struct arena;
struct hub_conf;

extern struct arena *arena;
extern struct db *db, *other;

/* For cmocka: opens all on PLAINTIFF_TEST_CONNECT; empties the tables before a
 * case; closes. */
int world_open(void **state);
int world_fresh(void **state);
int world_close(void **state);

const struct hub_conf *world_conf(void);
struct addr world_addr_of(const char *s);
/* One statement of the owner's; the number, the text that one gives (null:
 * -1). */
void world_run(const char *sql);
int64_t world_number(const char *sql);
const char *world_word(const char *sql);
/* An event of that many hours ago. */
void world_add_event(const char *address, int kind, bool stale, int hours);
struct lookup_counted world_count(int64_t most);
/* Up to 100 for a minute. */
struct lookup_claims world_claim(struct db *session);

#endif
