/*
 * The way to the hub: a DEALER socket under CURVE, batches of committed
 * events within a window, resending until each is acknowledged, the next hub
 * when one does not answer.  Each agent prefers one of the hubs by its key and
 * goes back to it.  It owns no event: what is to be sent it takes
 * through struct uplink_feed, and tells there what the hub has stored.  No
 * globals and no sleeping: many may live in one process.  Called by run.c.
 */
#ifndef PLAINTIFF_UPLINK_H
#define PLAINTIFF_UPLINK_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/curve.h"
#include "proto/event.h"
#include "proto/wire.h"

struct arena;
struct uplink;

enum {
	UPLINK_WINDOW = 8,     /* batches under way at most */
	UPLINK_WAIT_MS = 500,  /* for a reply, at first */
};

/* Where events come from; all calls get ctx. */
struct uplink_feed {
	void *ctx;
	/* As outbox_fetch: committed, unacknowledged, in order of seq. */
	size_t (*fetch)(void *ctx, int64_t after, size_t max,
	    struct arena *a, struct event *events, int64_t *seqs);
	/* A batch number above all before. */
	uint64_t (*next_batch)(void *ctx);
	/* The hub has these, or has set them aside (stored false): they
	 * are not to be sent again. */
	void (*acked)(void *ctx, uint64_t batch, int64_t first,
	    int64_t last, bool stored);
	/* Highest batch acknowledged so far; 0: none. */
	uint64_t (*last_acked)(void *ctx);
	/* The hub's database ends at this batch; returns how many events
	 * are to be sent again. */
	size_t (*unack)(void *ctx, uint64_t batch);
	/* One event that does not fit any frame is given up. */
	void (*gap)(void *ctx, int64_t seq);
	void (*counters)(void *ctx, struct wire_counters *out);
	/* Age of the oldest unsent event; 0: none */
	int64_t (*lag_us)(void *ctx);
};

struct uplink_options {
	void *context;               /* uplink_context_open; not owned */
	const char *const *hubs;     /* tcp://host:port, in any order */
	size_t hub_count;            /* at least one */
	const char *hub_key;         /* Z85 */
	const struct curve_key *key; /* our own; copied */
	const char *host;            /* for people at the hub */
	const char *site;            /* label that is part of each id */
	const struct addr *addresses;
	size_t address_count;
	struct uplink_feed feed;
	int64_t wait_ms;             /* 0: UPLINK_WAIT_MS */
	int64_t back_ms;             /* between tries of the preferred hub;
	                              * 0: a minute */
};

/* libzmq's context; call signals_open before. */
void *uplink_context_open(void);
void uplink_context_close(void *context);

/* Strings of the options must outlive the uplink. */
struct uplink *uplink_open(const struct uplink_options *o);
void uplink_close(struct uplink *u);

/* Does what can be done now: connects, receives, sends.  Never blocks. */
void uplink_step(struct uplink *u);
/* When uplink_step is due next at the latest, in ms from now. */
int64_t uplink_due_ms(const struct uplink *u);
/* Waits until the uplink (NULL: none), one of the descriptors (revents is
 * filled) or the time needs attention. */
void uplink_wait(struct uplink *u, struct pollfd *fds, size_t n,
    int64_t timeout_ms);
/* Something acknowledged was undone: fetch from the beginning again. */
void uplink_again(struct uplink *u);
/* The counters changed for the last time: the hub is to hear of it. */
void uplink_tell(struct uplink *u);
/* Before the end: tells the hub the last counters now.  True when it has
 * them; call again after steps until then. */
bool uplink_settle(struct uplink *u);
/* Did the hub say welcome on the present connection? */
bool uplink_is_up(const struct uplink *u);

#endif
