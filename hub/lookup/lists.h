/*
 * The lists that lookup keeps: which RDAP server knows which network.  Looks
 * now and then whether one is due, has finder fetch it, stores it.  Called by
 * lookup.c.
 */
#ifndef PLAINTIFF_LOOKUP_LISTS_H
#define PLAINTIFF_LOOKUP_LISTS_H

#include "hub/db.h"

struct asking;
struct lists;

/* Never NULL. */
struct lists *lists_open(void);
/* NULL is legal. */
void lists_close(struct lists *l);

/* Whatever is due now; most times nothing.  What cannot be fetched is logged
 * and tried again later. */
enum db_result lists_step(struct lists *l, const struct asking *k,
    struct db *db) __attribute__((warn_unused_result));

#endif
