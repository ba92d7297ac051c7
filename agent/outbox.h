/*
 * The outbox: events that the hub has not acknowledged yet, and how far each
 * log was read, in one SQLite file, so that both change in one transaction.
 * What is committed here is safe from kill -9 and power cuts.  It knows
 * nothing of log lines nor of the network.  The only user of sqlite3.h;
 * called by run.c, and by status.c for a look from outside.
 *
 * Writing calls open a transaction when none is open; outbox_commit ends it.
 * A number of a row (seq) is never used twice.
 */
#ifndef PLAINTIFF_OUTBOX_H
#define PLAINTIFF_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/source.h"
#include "proto/event.h"
#include "proto/wire.h"

struct arena;
struct outbox;

enum outbox_result {
	OUTBOX_OK,
	OUTBOX_KNOWN,   /* put_lost: an event with that id is there */
	OUTBOX_FULL,    /* at the cap, or the disk is: try again later */
	OUTBOX_FAILED,  /* the disk failed (logged): try again later */
	OUTBOX_CORRUPT, /* open it anew: outbox_open sets the file aside */
};

struct outbox_options {
	const char *folder;  /* made if absent, 0700 */
	int64_t max_bytes;   /* 0: 1 GiB or a tenth of the file system */
	int64_t keep_us;     /* acknowledged events are kept so long */
	int64_t keep_bytes;  /* or until they take so much */
};

/* Opens or makes the outbox and locks the folder against a second run.  A
 * file that is not sound is renamed, named in the log, and a new one begun.
 * NULL when the folder will not do (logged). */
struct outbox *outbox_open(const struct outbox_options *o);
/* A look from outside while an agent may be running; NULL with *why. */
struct outbox *outbox_peek(const char *folder, const char **why);
/* Drops what is not committed. */
void outbox_close(struct outbox *o);

/* ---- the turn ---- */

/* Stores an event, with the commit at the latest; counts it as emitted or,
 * when there is one with its id, as repeated. */
enum outbox_result outbox_put(struct outbox *o, const struct event *e)
    __attribute__((warn_unused_result));
/* Counts an event by its address instead of storing it: a gap, declared. */
enum outbox_result outbox_put_lost(struct outbox *o, const struct event *e)
    __attribute__((warn_unused_result));
/* Stores how far a source was read and what detect remembers of it. */
enum outbox_result outbox_put_place(struct outbox *o, const char *name,
    const struct source_place *place, struct text memory)
    __attribute__((warn_unused_result));
/* Forgets a source. */
enum outbox_result outbox_drop_place(struct outbox *o, const char *name)
    __attribute__((warn_unused_result));
/* Adds to the counters lines, ignored, unparsable, unreportable, withheld,
 * gaps and lost_places; the others are the outbox's own. */
void outbox_count(struct outbox *o, const struct wire_counters *more);
/* After anything but OUTBOX_OK all since the last commit is undone. */
enum outbox_result outbox_commit(struct outbox *o)
    __attribute__((warn_unused_result));
void outbox_rollback(struct outbox *o);
/* Is there room for a turn's events?  To be asked before each. */
bool outbox_has_room(struct outbox *o);
/* Has the open transaction as many events as one should have?  A few hundred;
 * thousands where there is much room, so that catching up costs fewer
 * commits, but no more than there is disk space set aside for. */
bool outbox_is_laden(const struct outbox *o);

/* Was an unsound file set aside, or a place unreadable?  Then what has no
 * place may have been read before, and is to be read again. */
bool outbox_is_anew(const struct outbox *o);
/* Is there something to commit? */
bool outbox_is_open(const struct outbox *o);
/* Takes over new limits; the folder stays. */
void outbox_limit(struct outbox *o, const struct outbox_options *options);

/* The place and memory of a source; false when there is none. */
bool outbox_place(struct outbox *o, const char *name, struct arena *a,
    struct source_place *place, struct text *memory);

/* ---- the way to the hub ---- */

/* Up to max committed, unacknowledged events with a seq above after, in
 * order; texts live in the arena.  Returns how many.  Damaged rows become
 * gaps (outbox_is_open); a failure is what outbox_commit answers next. */
size_t outbox_fetch(struct outbox *o, int64_t after, size_t max,
    struct arena *a, struct event *events, int64_t *seqs);
/* The unacknowledged events from first to last are the hub's now.  Part of
 * the open transaction, or of one of its own. */
enum outbox_result outbox_ack(struct outbox *o, uint64_t batch,
    int64_t first, int64_t last) __attribute__((warn_unused_result));
/* The hub's database was restored and ends at batch: what is still kept of
 * later batches is unacknowledged again.  Returns how many events. */
size_t outbox_unack(struct outbox *o, uint64_t batch);
/* Highest batch acknowledged; 0: none. */
uint64_t outbox_last_acked(const struct outbox *o);
/* A new batch number: the clock in microseconds, forced upwards over
 * restarts and clock jumps. */
uint64_t outbox_next_batch(struct outbox *o);
/* Removes some of the acknowledged events whose time is over; true when
 * more are waiting. */
bool outbox_tidy(struct outbox *o, int64_t now_us);

/* What was counted instead of kept, the most first; family 0: others.
 * Returns how many, at most max. */
struct outbox_loss {
	struct addr source;
	uint64_t events;
	int64_t first_us, last_us;
};
size_t outbox_lost(struct outbox *o, struct outbox_loss *out, size_t max);

/* As committed. */
const struct wire_counters *outbox_counters(const struct outbox *o);
/* log time of the oldest unacknowledged event; 0 when there is none */
int64_t outbox_oldest_us(struct outbox *o);
/* Bytes in use and at most. */
void outbox_size(struct outbox *o, int64_t *used, int64_t *most);
/* Names of the sources with a place, in the arena. */
size_t outbox_sources(struct outbox *o, struct arena *a,
    const char ***names);

#endif
