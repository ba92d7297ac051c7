/*
 * An uplink and a hub in one process, for the test_uplink*.c: the hub is a
 * ROUTER without network, the outbox a counter of events.
 */
#ifndef PLAINTIFF_UPLINK_FIXTURE_H
#define PLAINTIFF_UPLINK_FIXTURE_H

#include "agent/uplink_inside.h"

enum { EVENTS = 40, BATCH = 2, WAIT_MS = 20 };

struct fixture {
	void *context, *hub;
	struct uplink *u;
	struct arena *arena;
	struct curve_key key, hub_key;
	const char *hubs[2];
	/* the feed: events numbered from 1 */
	int64_t committed;
	bool acked[EVENTS + 1];
	size_t set_aside, gaps, unacked;
	uint64_t batch, last_acked;
	/* what the hub heard */
	unsigned char peer[64];
	int peer_bytes;
	struct wire_frame frame;
};

/* One more uplink on the same events. */
struct uplink *uplink_of(struct fixture *x, size_t hubs);
int setup(void **state);
int teardown(void **state);
/* The next frame at the hub, while the uplink works; false after ms. */
bool hear(struct fixture *x, int64_t ms);
void say(struct fixture *x, struct wire_frame f);
/* What comes next but for frames of a connection given up is a HELLO. */
void hear_hello(struct fixture *x);
/* Waits for HELLO and answers it. */
void welcome(struct fixture *x, uint32_t window, uint32_t max_events,
    uint64_t last_batch);
void ack(struct fixture *x, uint64_t batch);
void nak(struct fixture *x, uint64_t batch, enum wire_reason reason);
/* Events that the feed was told to be acknowledged. */
size_t count_acked(const struct fixture *x);
/* Acknowledges all that comes until all events are. */
void finish(struct fixture *x);

#endif
