/*
 * The uplink's members, shared by uplink.c (the conversation: connecting,
 * greeting, silence), uplink_replies.c (what the hub says), uplink_window.c
 * (batches under way) and uplink_hubs.c (which hub).  For these only.
 */
#ifndef PLAINTIFF_UPLINK_INSIDE_H
#define PLAINTIFF_UPLINK_INSIDE_H

#include "agent/uplink.h"
#include "agent/uplink_socket.h"
#include "proto/base/buf.h"

enum {
	UPLINK_PING_MS = 10000,   /* between pings */
	UPLINK_AGAIN_MS = 1000,   /* behind one that was not stored */
	/* of the wait, at most: for somebody who listens (2 s), for a
	 * welcome (4 s), for what the hub has to work for (8 s) */
	UPLINK_LISTEN_DOUBLINGS = 2,
	UPLINK_GREET_DOUBLINGS = 3,
	UPLINK_DOUBLINGS = 4,
	UPLINK_SHRINK_WAITS = 10, /* between two of its halvings: 5 s */
};

enum uplink_state { AWAY, GREETING, UP };

/* What was logged last, so that each change is said once. */
enum uplink_said {
	SAID_NOTHING,
	SAID_UP,
	SAID_SILENT,
	SAID_REFUSED,
	SAID_BROKEN,
	SAID_REVOKED,
	SAID_VERSION,
	SAID_BUSY,
	SAID_ADDRESS,
};

/* A batch between sending and its acknowledgement. */
struct flight {
	uint64_t batch; /* 0: this place is free */
	int64_t first, last;
	size_t count;
	struct buf frame;
	bool partial;    /* it took all there was, and could hold more */
	bool sent;       /* on this connection */
	int64_t sent_ms; /* when, if sent */
	int64_t due_ms; /* reply until, if sent */
};

struct uplink {
	struct uplink_options o;
	struct curve_key key;
	struct link link;
	enum uplink_state state;
	enum uplink_said said;
	struct arena *arena;
	char *in;          /* WIRE_FRAME_BYTES */
	/* a batch as it is packed: WIRE_BATCH_EVENTS */
	struct event *events;
	int64_t *seqs;
	const char **hubs; /* in our order */
	size_t hub;        /* index in hubs */
	unsigned misses;    /* in a row, at this hub */
	unsigned doublings; /* of the wait for a reply */
	int64_t doubled_ms; /* when that changed last */
	unsigned busies;    /* waits that the hub asked for, in a row */
	struct link probe;  /* to the first hub, while on another */
	int64_t back_ms;    /* the next probe */
	int64_t probe_ms;   /* this one until */
	int64_t retry_ms;   /* AWAY: when to connect */
	int64_t listen_ms;  /* GREETING: a TCP connection until */
	int64_t reply_ms;   /* GREETING: WELCOME until */
	bool greeted;       /* HELLO was taken by the socket */
	int64_t ping_ms;    /* the next ping */
	int64_t pong_ms;    /* its reply until; 0: none is due */
	unsigned pongs_due; /* replies to pings under way */
	int64_t again_ms;   /* no ping before: the hub did not store one */
	int64_t settle_ms;  /* all is acknowledged: tell the counters then;
	                       0: the hub knows them */
	int64_t hold_ms;    /* BUSY: nothing is sent before */
	uint32_t window, max_bytes, max_events;
	size_t most;    /* events a batch, after TOO_BIG */
	int64_t cursor; /* the highest seq that is in flight */
	struct flight flight[UPLINK_WINDOW];
};

/* How long to wait for a reply: grows with each miss, up to `most` doublings,
 * and is never the same for two agents. */
int64_t uplink_patience_ms(const struct uplink *u, unsigned most);

/* The hub in use, as the settings name it. */
const char *uplink_hub_name(const struct uplink *u);
/* True when this is news: the caller logs it. */
bool uplink_say(struct uplink *u, enum uplink_said what);
/* Ends the connection; the next one after wait_ms. */
void uplink_hang_up(struct uplink *u, int64_t wait_ms);
/* Takes in all frames that are there. */
void uplink_replies(struct uplink *u);

/* Puts n hubs into the order that the key makes of them. */
void uplink_hubs_order(
    const char *key, const char *const *hubs, size_t n, const char **out);
/* Leaves this hub for the next of the list. */
void uplink_hubs_next(struct uplink *u);
/* Tries the first hub now and then while another is in use; true when it
 * has answered: u->probe is to be used from now on. */
bool uplink_hubs_probe(struct uplink *u);
/* When that is due next; INT64_MAX: it is not. */
int64_t uplink_hubs_due_ms(const struct uplink *u);

/* The batch under way with this number, or NULL. */
struct flight *uplink_window_find(struct uplink *u, uint64_t batch);
/* The hub has it (stored), or has set it aside: it is not sent again.
 * False when f is NULL. */
bool uplink_window_drop(struct uplink *u, struct flight *f, bool stored);
/* Fills free places of the window and sends what is to be sent. */
void uplink_window_send(struct uplink *u);
/* When the earliest reply is due, pongs too; INT64_MAX: none is. */
int64_t uplink_window_due_ms(const struct uplink *u);

#endif
