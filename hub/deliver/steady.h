/*
 * Does time go on steadily?  The week between two mails to a contact is
 * counted in the database's time; when that has jumped by more than ten
 * minutes against the time since this host was started, nothing is sent
 * until the administrator accepts the clock.  Called by deliver before it
 * claims anything.
 */
#ifndef PLAINTIFF_STEADY_H
#define PLAINTIFF_STEADY_H

#include <stdbool.h>
#include <stdint.h>

#include "hub/db.h"

struct arena;
struct worker_context;

struct steady {
	bool asked;       /* once at least */
	int64_t next_ms;  /* when to ask the database again */
	int64_t apart_ms; /* of the two clocks of this host, then */
	bool moved;
	bool logged;
};

/* *moved: nothing may be sent; logged once. */
enum db_result steady_check(struct worker_context *c, struct arena *a,
    struct steady *s, bool *moved) __attribute__((warn_unused_result));

#endif
