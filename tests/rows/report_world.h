/*
 * What the tests of report's rows stand on: sessions with report's and
 * lookup's rights, one of the owner's to look with, and two contacts with
 * three addresses.
 */
#ifndef PLAINTIFF_REPORT_WORLD_H
#define PLAINTIFF_REPORT_WORLD_H

#include <stdint.h>

#include "hub/conf.h"
#include "hub/db.h"
#include "hub/report/report_rows.h"

struct arena;

struct report_world {
	struct arena *a;
	struct hub_conf conf;
	struct db *db, *other, *owner, *lookup;
};

/* For cmocka: opens all on PLAINTIFF_TEST_CONNECT; closes. */
int world_open(void **state);
int world_close(void **state);
/* The owner's statements; the number that one gives. */
void world_run(struct report_world *f, const char *sql);
int64_t world_number(struct report_world *f, const char *sql);
/* Counts events, as lookup does. */
void world_count(struct report_world *f);
/* Begins anew: the first contact has two addresses with 3 and 1 events, seen
 * by two hosts, the second one with 1; nothing is stale. */
void world_fill(struct report_world *f);
/* Of one contact; without sources when there is no case. */
struct report_case world_case(struct report_world *f, int64_t contact,
    int64_t upto);

#endif
