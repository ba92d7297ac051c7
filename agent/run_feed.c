/* What the uplink asks of the outbox; see run_inside.h and uplink.h. */
#include "agent/conf.h"
#include "agent/run_inside.h"
#include "agent/setup.h"
#include "agent/uplink.h"
#include "proto/base/clock.h"

void
run_feed_dirty(struct run *r)
{
	if (r->dirty_ms == 0)
		r->dirty_ms = clock_mono_ms();
}

static size_t
feed_fetch(void *ctx, int64_t after, size_t max, struct arena *a,
    struct event *events, int64_t *seqs)
{
	struct run *r = ctx;
	size_t n = outbox_fetch(r->outbox, after, max, a, events, seqs);

	/* damaged rows were given up, or it failed: a commit will tell */
	if (outbox_is_open(r->outbox))
		run_feed_dirty(r);
	return n;
}

static uint64_t
feed_next_batch(void *ctx)
{
	struct run *r = ctx;

	run_feed_dirty(r);
	return outbox_next_batch(r->outbox);
}

void
run_feed_undone(struct run *r, enum outbox_result result)
{
	outbox_rollback(r->outbox);
	uplink_again(r->uplink);
	r->dirty_ms = 0;
	r->corrupt |= result == OUTBOX_CORRUPT;
}

static void
feed_acked(void *ctx, uint64_t batch, int64_t first, int64_t last,
    bool stored)
{
	struct run *r = ctx;
	enum outbox_result result;

	(void)stored;
	run_feed_dirty(r);
	result = outbox_ack(r->outbox, batch, first, last);
	/* on a full disk a few of them are too many for one transaction */
	if (result == OUTBOX_OK && r->blocked_ms != 0) {
		result = outbox_commit(r->outbox);
		r->dirty_ms = 0;
	}
	if (result != OUTBOX_OK)
		run_feed_undone(r, result);
}

static uint64_t
feed_last_acked(void *ctx)
{
	struct run *r = ctx;

	return outbox_last_acked(r->outbox);
}

static size_t
feed_unack(void *ctx, uint64_t batch)
{
	struct run *r = ctx;

	run_feed_dirty(r);
	return outbox_unack(r->outbox, batch);
}

static void
feed_gap(void *ctx, int64_t seq)
{
	struct run *r = ctx;
	const struct wire_counters one = {.gaps = 1};

	feed_acked(ctx, 0, seq, seq, false);
	outbox_count(r->outbox, &one);
}

static void
feed_counters(void *ctx, struct wire_counters *out)
{
	struct run *r = ctx;

	*out = *outbox_counters(r->outbox);
}

static int64_t
feed_lag_us(void *ctx)
{
	struct run *r = ctx;
	int64_t oldest_us = outbox_oldest_us(r->outbox);

	return oldest_us == 0 ? 0 : clock_wall_us() - oldest_us;
}

struct uplink *
run_feed_open(struct run *r, const struct setup *s)
{
	const struct agent_conf *c = s->conf;

	return uplink_open(&(struct uplink_options){
	    .context = r->context,
	    .hubs = c->hub_connect.at,
	    .hub_count = c->hub_connect.n,
	    .hub_key = c->hub_key,
	    .key = &s->key,
	    .host = r->host,
	    .site = c->agent_site,
	    .addresses = c->addresses,
	    .address_count = c->address_count,
	    .feed = {.ctx = r,
	        .fetch = feed_fetch,
	        .next_batch = feed_next_batch,
	        .acked = feed_acked,
	        .last_acked = feed_last_acked,
	        .unack = feed_unack,
	        .gap = feed_gap,
	        .counters = feed_counters,
	        .lag_us = feed_lag_us}});
}
