/*
 * The lists that lookup keeps: which RDAP server knows which network, and who
 * is an exit of Tor.  Says now and then which one is to be fetched, and
 * stores it.  Called by
 * lookup.c, which has finder fetch it; no network.
 */
#ifndef PLAINTIFF_LOOKUP_LISTS_H
#define PLAINTIFF_LOOKUP_LISTS_H

#include <stdbool.h>
#include <stddef.h>

#include "hub/db.h"
#include "hub/lookup/ask.h"
#include "hub/lookup/tor_rows.h"

struct arena;
struct hub_conf;
struct lists;

/* What is to be fetched now. */
struct lists_want {
	bool due;           /* else nothing is */
	enum ask_list list;
	const char *url;
	size_t most;        /* items */
	int family;         /* of a bootstrap document */
	struct tor_claim exits; /* of Tor's */
};

/* Never NULL. */
struct lists *lists_open(void);
/* NULL is legal. */
void lists_close(struct lists *l);

/* Reads what ships with the program, and finds what is due; call it until
 * nothing is. */
enum db_result lists_next(struct lists *l, struct arena *a,
    const struct hub_conf *conf, struct db *db, struct lists_want *out)
    __attribute__((warn_unused_result));

/* What came of it; a failure is logged and tried again later. */
enum db_result lists_store(struct arena *a, const struct hub_conf *conf,
    struct db *db, const struct lists_want *want,
    const struct ask_whole *list)
    __attribute__((warn_unused_result));

#endif
