/*
 * An uplink and a hub that a test plays by hand, for the test_uplink*.c: a
 * ROUTER in the same process, and a feed of numbered events.
 */
#ifndef PLAINTIFF_UPLINK_FIXTURE_H
#define PLAINTIFF_UPLINK_FIXTURE_H

#include "agent/uplink_inside.h"
#include "proto/wire.h"

struct arena;

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

int setup(void **state);
int teardown(void **state);
/* The feed of x. */
struct uplink_feed feed_of(struct fixture *x);
/* The next frame at the hub, while the uplink works; false after ms. */
bool hear(struct fixture *x, int64_t ms);
void hear_hello(struct fixture *x);
/* What the hub says. */
void say(struct fixture *x, struct wire_frame f);
void welcome(struct fixture *x, uint32_t window, uint32_t max_events,
    uint64_t last_batch);
void ack(struct fixture *x, uint64_t batch);
void nak(struct fixture *x, uint64_t batch, enum wire_reason reason);
size_t count_acked(const struct fixture *x);
/* Acknowledges all that comes until all events are. */
void finish(struct fixture *x);

#endif
