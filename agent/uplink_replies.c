/*
 * What the hub answers, and what follows from it; see uplink.h.  Frames that
 * are not understood or out of place are said and change nothing.  Called by
 * uplink.c alone.
 */
#include "agent/uplink_inside.h"

#include <inttypes.h>
#include <sodium.h>

#include "proto/base/arena.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

enum {
	REFUSED_MS = 60000, /* revoked, or no common version */
	BUSY_MS = 1000,     /* when the hub does not say */
	BUSY_MOST_MS = 60000,
	BUSY_A_HUB = 6, /* another may reach the database */
};

/* The batch in f has its reply.  Patience shrinks only when half of the
 * shorter wait would have been enough: else a slow hub would be left again and
 * again, and each time be sent once more what it has not come to yet.  And only
 * now and then: one good moment between two bad ones proves little. */
static void
answered(struct uplink *u, const struct flight *f)
{
	int64_t now = clock_mono_ms();

	u->misses = 0;
	if (f == NULL || !f->sent || u->doublings == 0 ||
	    now - f->sent_ms >= u->o.wait_ms << u->doublings >> 2 ||
	    now - u->doubled_ms < u->o.wait_ms * UPLINK_SHRINK_WAITS)
		return;
	u->doublings--;
	u->doubled_ms = now;
}

static uint32_t
least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static void
on_welcome(struct uplink *u, const struct wire_welcome *w)
{
	uint64_t ours = u->o.feed.last_acked(u->o.feed.ctx);

	if (u->state != GREETING)
		return;
	u->window = least(w->window == 0 ? 1 : w->window, UPLINK_WINDOW);
	u->max_bytes = least(w->max_bytes, WIRE_FRAME_BYTES);
	u->max_events =
	    least(w->max_events == 0 ? 1 : w->max_events, WIRE_BATCH_EVENTS);
	u->state = UP;
	u->hold_ms = 0;
	u->ping_ms = clock_mono_ms() + UPLINK_PING_MS;
	if (uplink_say(u, SAID_UP))
		log_notice("uplink: connected hub=%s", uplink_hub_name(u));
	if (w->last_batch < ours) {
		size_t n = u->o.feed.unack(u->o.feed.ctx, w->last_batch);

		log_warning(
		    "uplink: the hub's database is older than what it "
		    "acknowledged; sending again events=%zu hub_batch=%" PRIu64
		    " acked_batch=%" PRIu64,
		    n, w->last_batch, ours);
		uplink_again(u);
	}
}

static void
on_ack(struct uplink *u, const struct wire_ack *a)
{
	struct flight *f = uplink_window_find(u, a->batch);

	answered(u, f);
	u->busies = 0;
	if (!uplink_window_drop(u, f, true))
		return;
	if (u->said == SAID_BUSY && uplink_say(u, SAID_UP))
		log_notice("uplink: the hub takes events again hub=%s",
		    uplink_hub_name(u));
}

static void
on_busy(struct uplink *u, const struct wire_nak *n, struct flight *f)
{
	int64_t ms = n->retry_ms == 0             ? BUSY_MS
	             : n->retry_ms < BUSY_MOST_MS ? n->retry_ms
	                                          : BUSY_MOST_MS;

	ms += (int64_t)randombytes_uniform((uint32_t)(ms / 8 + 1));
	u->misses = 0;
	/* one for each wait, not for each batch */
	if (n->reason == WIRE_BUSY && clock_mono_ms() >= u->hold_ms)
		u->busies++;
	u->hold_ms = clock_mono_ms() + ms;
	if (f != NULL)
		f->sent = false;
	if (uplink_say(u, SAID_BUSY))
		log_notice("uplink: the hub is %s; events wait in the outbox "
			   "hub=%s",
		    n->reason == WIRE_QUOTA ? "limiting this agent" : "busy",
		    uplink_hub_name(u));
	if (u->busies >= BUSY_A_HUB && u->o.hub_count > 1) {
		uplink_hang_up(u, 0);
		uplink_hubs_next(u);
	} else if (u->state == GREETING) {
		uplink_hang_up(u, ms);
	}
}

/* The hub cannot take so large a batch. */
static void
on_too_big(struct uplink *u, struct flight *f)
{
	if (f == NULL)
		return;
	if (f->count <= 1) {
		log_error("uplink: an event is too big for the hub; given up "
			  "seq=%" PRId64,
		    f->first);
		u->o.feed.gap(u->o.feed.ctx, f->first);
		f->batch = 0;
		return;
	}
	u->most = f->count / 2;
	uplink_again(u);
}

static void
on_nak(struct uplink *u, const struct wire_nak *n)
{
	struct flight *f = uplink_window_find(u, n->batch);

	switch (n->reason) {
	case WIRE_BUSY:
	case WIRE_QUOTA:
		on_busy(u, n, f);
		return;
	case WIRE_REVOKED:
		if (uplink_say(u, SAID_REVOKED))
			log_error("uplink: this agent's key was revoked at "
				  "hub=%s; events are kept",
			    uplink_hub_name(u));
		uplink_hang_up(u, REFUSED_MS);
		return;
	case WIRE_BAD_VERSION:
		if (uplink_say(u, SAID_VERSION))
			log_error("uplink: hub=%s speaks another version of "
				  "the protocol; events are kept",
			    uplink_hub_name(u));
		uplink_hang_up(u, REFUSED_MS);
		uplink_hubs_next(u);
		return;
	case WIRE_MALFORMED:
		answered(u, f);
		if (f == NULL)
			return;
		log_error("uplink: the hub set a batch aside as malformed "
			  "batch=%" PRIu64 " events=%zu",
		    f->batch, f->count);
		(void)uplink_window_drop(u, f, false);
		return;
	case WIRE_TOO_BIG:
		on_too_big(u, f);
		return;
	}
}

/* The last ping's reply is the one that settles. */
static void
on_pong(struct uplink *u, const struct wire_pong *p)
{
	if (u->pongs_due > 0 && --u->pongs_due == 0) {
		u->pong_ms = 0;
		if (p->again)
			u->settle_ms = u->again_ms =
			    clock_mono_ms() + UPLINK_AGAIN_MS;
	}
	answered(u, NULL);
}

void
uplink_replies(struct uplink *u)
{
	struct wire_frame f;
	const char *why;
	long n;

	while (u->link.socket != NULL) {
		n = uplink_socket_receive(&u->link, u->in, WIRE_FRAME_BYTES);
		if (n < 0)
			return;
		arena_reset(u->arena);
		if (wire_unpack(u->in, (size_t)n, u->arena, &f, &why) !=
		    WIRE_OK) {
			log_warning("uplink: frame not understood hub=%s: %s",
			    uplink_hub_name(u), why);
			continue;
		}
		switch (f.type) {
		case WIRE_WELCOME:
			on_welcome(u, &f.welcome);
			break;
		case WIRE_ACK:
			on_ack(u, &f.ack);
			break;
		case WIRE_NAK:
			on_nak(u, &f.nak);
			break;
		case WIRE_PONG:
			on_pong(u, &f.pong);
			break;
		case WIRE_HELLO:
		case WIRE_BATCH:
		case WIRE_PING:
			log_warning("uplink: frame out of place hub=%s",
			    uplink_hub_name(u));
			break;
		}
	}
}
