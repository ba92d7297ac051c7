/*
 * The members of a run, shared by run.c (the loop) and run_feed.c (what the
 * uplink asks of the outbox).  For these two only.
 */
#ifndef PLAINTIFF_RUN_INSIDE_H
#define PLAINTIFF_RUN_INSIDE_H

#include "agent/outbox.h"

struct intake;
struct setup;
struct uplink;

struct run {
	const char *path;
	char host[256];
	struct setup *setup;
	int signals;
	void *context;
	struct outbox *outbox;
	struct intake *intake;
	struct uplink *uplink;
	int64_t dirty_ms;      /* the outbox holds uncommitted acks since */
	int64_t blocked_ms;    /* reading is tried again then; 0: it goes on */
	bool full;             /* for want of room; acks may make some */
	bool alarmed;          /* said, until all is read again */
	int64_t pause_ms;      /* the last wait between such tries */
	int64_t tidy_ms, watchdog_ms;
	int64_t done_ms;       /* standard input is acknowledged since */
	bool stop, corrupt;
	bool once;             /* read what is there, send it, end */
	int64_t once_ms;       /* sending may take so long; 0: none */
	int64_t until_ms;      /* once: it ends then; 0: still reading */
	bool told;             /* once: the last counters are being told */
	bool failed;           /* once: not all was read and sent */
};

/* The uplink of these settings, fed from the outbox. */
struct uplink *run_feed_open(struct run *r, const struct setup *s);
/* The outbox holds something to commit. */
void run_feed_dirty(struct run *r);
/* The acknowledgements of this transaction are lost: sent again, they come
 * again. */
void run_feed_undone(struct run *r, enum outbox_result result);

#endif
