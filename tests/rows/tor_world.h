/* What the tests of Tor's exits in the database stand on: sessions, a moment
 * that all times are told from, lists as lookup would record them. */
#ifndef PLAINTIFF_TESTS_TOR_WORLD_H
#define PLAINTIFF_TESTS_TOR_WORLD_H

#include <stdint.h>

#include "hub/conf.h"
#include "hub/lookup/tor_rows.h"

struct tor_world {
	struct arena *arena;
	struct hub_conf conf;
	struct db *lookup, *other, *report, *owner;
	int64_t now_us; /* whole minute; of the database */
};

/* Settings are the defaults; begins with empty tables. */
void tor_world_open(struct tor_world *w);
void tor_world_close(struct tor_world *w);
/* Empties all tables again. */
void tor_world_clean(struct tor_world *w);
/* Settings changed: the sessions are told. */
void tor_world_tell(struct tor_world *w);
/* Counts the events so far, as lookup does. */
void tor_world_count(struct tor_world *w);

struct addr tor_world_addr(const char *s);
/* Minutes before the moment as time. */
int64_t tor_world_us(const struct tor_world *w, int64_t minutes_ago);

/* A claim of the list whether it is due or not. */
struct tor_claim tor_world_claim(struct tor_world *w);
/* Records a list; addresses and when they were seen, in minutes ago. */
void tor_world_list(struct tor_world *w, int64_t newest_ago,
    const char *const *addresses, const int64_t *seen_ago, size_t n);
/* exit, no or unknown, for a span of minutes ago. */
const char *tor_world_verdict(struct tor_world *w, const char *address,
    int64_t from_ago, int64_t upto_ago);

/* One statement of the test's own, and the number or text it gives. */
void tor_world_run(struct tor_world *w, const char *sql);
int64_t tor_world_number(struct tor_world *w, const char *sql);
const char *tor_world_text(struct tor_world *w, const char *sql);
/* An event so many minutes ago; stored in the order of these calls. */
void tor_world_event(struct tor_world *w, const char *address,
    int64_t minutes_ago);

#endif
