/*
 * Batches under way: taken from the feed, packed within the hub's limits,
 * sent, and dropped when acknowledged.  Each is acknowledged by itself;
 * their ranges of seq never overlap.  See uplink.h.
 */
#include <sodium.h>
#include <string.h>

#include "agent/uplink_inside.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"

/* Counters that travel with a batch count its own events as unacknowledged,
 * so the hub's sums are right only after a ping behind the last of them. */
enum { SETTLE_MS = 1000 };

int64_t
uplink_patience_ms(const struct uplink *u, unsigned most)
{
	int64_t ms = u->o.wait_ms
	             << (u->doublings < most ? u->doublings : most);

	return ms + (int64_t)randombytes_uniform((uint32_t)(ms / 4 + 1));
}

void
uplink_again(struct uplink *u)
{
	for (size_t i = 0; i < UPLINK_WINDOW; i++)
		u->flight[i].batch = 0;
	u->cursor = 0;
}

struct flight *
uplink_window_find(struct uplink *u, uint64_t batch)
{
	for (size_t i = 0; i < UPLINK_WINDOW && batch != 0; i++)
		if (u->flight[i].batch == batch)
			return &u->flight[i];
	return NULL;
}

bool
uplink_window_drop(struct uplink *u, struct flight *f, bool stored)
{
	if (f == NULL)
		return false;
	u->o.feed.acked(u->o.feed.ctx, f->batch, f->first, f->last, stored);
	f->batch = 0;
	/* the hub works: the batches behind this one have time again */
	for (size_t i = 0; i < UPLINK_WINDOW; i++)
		u->flight[i].due_ms = clock_mono_ms() +
		    uplink_patience_ms(u, UPLINK_DOUBLINGS);
	u->settle_ms = clock_mono_ms() + SETTLE_MS;
	if (stored && u->most < WIRE_BATCH_EVENTS)
		u->most = u->most * 2 < WIRE_BATCH_EVENTS ? u->most * 2
		                                          : WIRE_BATCH_EVENTS;
	return true;
}

/* Packs as many of the n events as fit a frame; how many. */
static size_t
pack_batch(struct uplink *u, struct flight *f, uint64_t batch,
    struct event *events, size_t n)
{
	struct wire_frame frame = {.type = WIRE_BATCH,
	    .batch = {.batch = batch,
	        .site = text_of(u->o.site),
	        .events = events}};

	u->o.feed.counters(u->o.feed.ctx, &frame.batch.counters);
	for (;; n /= 2) {
		frame.batch.count = n;
		buf_reset(&f->frame);
		wire_pack(&frame, &f->frame);
		if (f->frame.n <= u->max_bytes || n == 1)
			return n;
	}
}

/* Puts the next events into a free place of the window; false: none are. */
static bool
load(struct uplink *u, struct flight *f)
{
	size_t n, most = u->most < u->max_events ? u->most : u->max_events;

	arena_reset(u->arena);
	n = u->o.feed.fetch(u->o.feed.ctx, u->cursor, most, u->arena,
	    u->events, u->seqs);
	if (n == 0)
		return false;
	f->batch = u->o.feed.next_batch(u->o.feed.ctx);
	f->count = pack_batch(u, f, f->batch, u->events, n);
	f->first = u->seqs[0];
	f->last = u->seqs[f->count - 1];
	f->partial = f->count == n && n < most;
	f->sent = false;
	u->cursor = f->last;
	return true;
}

/* While a batch that is not full is under way, what is new waits for its
 * reply: the slower the hub, the larger the batches.  A hub that works off
 * what a thousand agents kept would get eight small ones from each else. */
static bool
may_load(const struct uplink *u)
{
	for (size_t i = 0; i < UPLINK_WINDOW; i++)
		if (u->flight[i].batch != 0 && u->flight[i].partial)
			return false;
	return true;
}

void
uplink_window_send(struct uplink *u)
{
	int64_t now = clock_mono_ms();
	bool more = may_load(u);

	if (now < u->hold_ms)
		return;
	for (size_t i = 0; i < u->window; i++) {
		struct flight *f = &u->flight[i];

		if (f->batch == 0 && more)
			more = load(u, f) && !f->partial;
		if (f->batch == 0 || f->sent)
			continue;
		if (!uplink_socket_send(&u->link, f->frame.data, f->frame.n))
			return;
		f->sent = true;
		f->sent_ms = now;
		f->due_ms = now + uplink_patience_ms(u, UPLINK_DOUBLINGS);
	}
}

int64_t
uplink_window_due_ms(const struct uplink *u)
{
	int64_t ms = u->pong_ms != 0 ? u->pong_ms : INT64_MAX;

	for (size_t i = 0; i < UPLINK_WINDOW; i++)
		if (u->flight[i].batch != 0 && u->flight[i].sent &&
		    u->flight[i].due_ms < ms)
			ms = u->flight[i].due_ms;
	return ms;
}
