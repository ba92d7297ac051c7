/*
 * Mails whose fate is open: those that the last process of this name had in
 * its hands when it ended, and those that nobody answered for.  What a file
 * or the relay's log shows is settled; the rest waits for the administrator.
 * Called by deliver.
 */
#ifndef PLAINTIFF_DOUBT_H
#define PLAINTIFF_DOUBT_H

#include "hub/db.h"

struct watch;
struct worker_context;

/* sending -> sent or ready (a folder), unknown (a relay). */
enum db_result doubt_resolve_left(struct worker_context *c)
    __attribute__((warn_unused_result));
/* Takes over what another hub left a day ago. */
enum db_result doubt_adopt(struct worker_context *c)
    __attribute__((warn_unused_result));
/* unknown -> sent or ready, by the relay's log. */
enum db_result doubt_resolve_unknown(struct worker_context *c,
    struct watch *w) __attribute__((warn_unused_result));

#endif
