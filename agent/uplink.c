/*
 * Conversation with the hub; see uplink.h.  States: away (no socket, waiting
 * for the next try), greeting (HELLO under way), up.  Any silence ends in a
 * fresh socket; what was under way is sent again there, and the ids make
 * that harmless.
 */
#include "agent/uplink_inside.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "proto/base/arena.h"
#include "proto/base/clock.h"
#include "proto/base/die.h"
#include "proto/base/log.h"

enum {
	MOST_DOUBLINGS = 3,      /* 0.5 s, 1, 2, 4 */
	MISSES_A_HUB = 3,
	PING_MS = 10000,
	REFUSED_MS = 60000,      /* revoked, or no common version */
	KEY_REFUSED_MS = 5000,   /* unknown yet: the admin is adding it */
	BUSY_MS = 1000,          /* when the hub does not say */
	BUSY_MOST_MS = 60000,
	BUSY_A_HUB = 6,          /* another may reach the database */
};

struct uplink *
uplink_open(const struct uplink_options *o)
{
	struct uplink *u = calloc(1, sizeof *u);

	if (u == NULL || (u->in = malloc(WIRE_FRAME_BYTES)) == NULL)
		die(EX_OSERR, "out of memory");
	u->o = *o;
	if (u->o.wait_ms == 0)
		u->o.wait_ms = UPLINK_WAIT_MS;
	u->key = *o->key;
	u->hubs = calloc(o->hub_count, sizeof *u->hubs);
	if (u->hubs == NULL)
		die(EX_OSERR, "out of memory");
	uplink_hubs_order(u->key.public_text, o->hubs, o->hub_count, u->hubs);
	u->arena = arena_open(0);
	u->retry_ms = clock_mono_ms();
	u->most = WIRE_BATCH_EVENTS;
	return u;
}

void
uplink_close(struct uplink *u)
{
	if (u == NULL)
		return;
	uplink_socket_close(&u->link);
	uplink_socket_close(&u->probe);
	free(u->hubs);
	for (size_t i = 0; i < UPLINK_WINDOW; i++)
		buf_free(&u->flight[i].frame);
	arena_close(u->arena);
	free(u->in);
	sodium_memzero(&u->key, sizeof u->key);
	free(u);
}

bool
uplink_is_up(const struct uplink *u)
{
	return u->state == UP;
}

static const char *
hub_name(const struct uplink *u)
{
	return u->hubs[u->hub];
}

static bool
say(struct uplink *u, enum uplink_said what)
{
	bool is_new = u->said != what;

	u->said = what;
	return is_new;
}

/* Ends the connection; the next one after wait_ms. */
static void
hang_up(struct uplink *u, int64_t wait_ms)
{
	uplink_socket_close(&u->link);
	u->state = AWAY;
	u->retry_ms = clock_mono_ms() + wait_ms;
	u->pong_ms = 0;
	for (size_t i = 0; i < UPLINK_WINDOW; i++)
		u->flight[i].sent = false;
}

/* No reply in time. */
static void
missed(struct uplink *u, const char *what)
{
	if (u->link.tcp && !u->link.shaken) {
		if (say(u, SAID_BROKEN))
			log_error("uplink: no CURVE handshake with hub=%s: "
			    "[hub] key does not match it, or it is no hub",
			    hub_name(u));
	} else if (u->said != SAID_BROKEN && say(u, SAID_SILENT)) {
		log_warning("uplink: no %s from hub=%s; events wait in the "
		    "outbox", what, hub_name(u));
	}
	hang_up(u, 0);
	if (u->doublings < MOST_DOUBLINGS)
		u->doublings++;
	if (++u->misses >= MISSES_A_HUB)
		uplink_hubs_next(u);
}

/* A reply: patience shrinks slowly, else a slow hub would be left again
 * and again. */
static void
answered(struct uplink *u)
{
	u->misses = 0;
	if (u->doublings > 0)
		u->doublings--;
}

static void
connect_hub(struct uplink *u)
{
	const char *why = "";

	if (!uplink_socket_open(&u->link, u->o.context, hub_name(u),
	        u->o.hub_key, &u->key, &why)) {
		if (say(u, SAID_ADDRESS))
			log_error("uplink: cannot connect to hub=%s: %s",
			    hub_name(u), why);
		u->retry_ms = clock_mono_ms() + KEY_REFUSED_MS;
		uplink_hubs_next(u);
		return;
	}
	u->state = GREETING;
	u->greeted = false;
	u->reply_ms = clock_mono_ms() + uplink_patience_ms(u);
}

static bool
send_frame(struct uplink *u, const struct wire_frame *f)
{
	struct buf b = {0};
	bool ok;

	wire_pack(f, &b);
	ok = uplink_socket_send(&u->link, b.data, b.n);
	buf_free(&b);
	return ok;
}

static void
greet(struct uplink *u)
{
	struct wire_frame f = {.type = WIRE_HELLO,
	    .hello = {.version = WIRE_VERSION,
	        .software = TEXT("plaintiff-agent " PLAINTIFF_VERSION),
	        .host = text_of(u->o.host),
	        .addresses = u->o.addresses,
	        .address_count = u->o.address_count < WIRE_HELLO_ADDRESSES
	            ? u->o.address_count : WIRE_HELLO_ADDRESSES}};

	u->o.feed.counters(u->o.feed.ctx, &f.hello.counters);
	u->greeted = send_frame(u, &f);
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
	u->max_events = least(w->max_events == 0 ? 1 : w->max_events,
	    WIRE_BATCH_EVENTS);
	u->state = UP;
	u->hold_ms = 0;
	u->ping_ms = clock_mono_ms() + PING_MS;
	if (say(u, SAID_UP))
		log_notice("uplink: connected hub=%s", hub_name(u));
	if (w->last_batch < ours) {
		size_t n = u->o.feed.unack(u->o.feed.ctx, w->last_batch);

		log_warning("uplink: the hub's database is older than what it "
		    "acknowledged; sending again events=%zu hub_batch=%" PRIu64
		    " acked_batch=%" PRIu64, n, w->last_batch, ours);
		uplink_again(u);
	}
}

static void
on_ack(struct uplink *u, const struct wire_ack *a)
{
	answered(u);
	u->busies = 0;
	if (!uplink_window_drop(u, uplink_window_find(u, a->batch), true))
		return;
	if (u->said == SAID_BUSY && say(u, SAID_UP))
		log_notice("uplink: the hub takes events again hub=%s",
		    hub_name(u));
}

static void
on_busy(struct uplink *u, const struct wire_nak *n, struct flight *f)
{
	int64_t ms = n->retry_ms == 0 ? BUSY_MS
	    : n->retry_ms < BUSY_MOST_MS ? n->retry_ms : BUSY_MOST_MS;

	ms += (int64_t)randombytes_uniform((uint32_t)(ms / 8 + 1));
	u->misses = 0;
	/* one for each wait, not for each batch */
	if (n->reason == WIRE_BUSY && clock_mono_ms() >= u->hold_ms)
		u->busies++;
	u->hold_ms = clock_mono_ms() + ms;
	if (f != NULL)
		f->sent = false;
	if (say(u, SAID_BUSY))
		log_notice("uplink: the hub is %s; events wait in the outbox "
		    "hub=%s", n->reason == WIRE_QUOTA
		        ? "limiting this agent" : "busy", hub_name(u));
	if (u->busies >= BUSY_A_HUB && u->o.hub_count > 1) {
		hang_up(u, 0);
		uplink_hubs_next(u);
	} else if (u->state == GREETING) {
		hang_up(u, ms);
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
		    "seq=%" PRId64, f->first);
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
		if (say(u, SAID_REVOKED))
			log_error("uplink: this agent's key was revoked at "
			    "hub=%s; events are kept", hub_name(u));
		hang_up(u, REFUSED_MS);
		return;
	case WIRE_BAD_VERSION:
		if (say(u, SAID_VERSION))
			log_error("uplink: hub=%s speaks another version of "
			    "the protocol; events are kept", hub_name(u));
		hang_up(u, REFUSED_MS);
		uplink_hubs_next(u);
		return;
	case WIRE_MALFORMED:
		answered(u);
		if (f == NULL)
			return;
		log_error("uplink: the hub set a batch aside as malformed "
		    "batch=%" PRIu64 " events=%zu", f->batch, f->count);
		(void)uplink_window_drop(u, f, false);
		return;
	case WIRE_TOO_BIG:
		on_too_big(u, f);
		return;
	}
}

static void
receive(struct uplink *u)
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
			    hub_name(u), why);
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
			u->pong_ms = 0;
			answered(u);
			break;
		case WIRE_HELLO:
		case WIRE_BATCH:
		case WIRE_PING:
			log_warning("uplink: frame out of place hub=%s",
			    hub_name(u));
			break;
		}
	}
}

static void
hear_news(struct uplink *u)
{
	while (u->link.socket != NULL) {
		switch (uplink_socket_news(&u->link)) {
		case LINK_NOTHING:
			return;
		case LINK_CONNECTED:
			break;
		case LINK_LOST:
			/* not all agents at the same moment */
			hang_up(u, (int64_t)randombytes_uniform(
			    (uint32_t)u->o.wait_ms / 2 + 1));
			if (say(u, SAID_SILENT))
				log_warning("uplink: connection lost hub=%s; "
				    "events wait in the outbox", hub_name(u));
			return;
		case LINK_REFUSED:
			if (say(u, SAID_REFUSED))
				log_error("uplink: hub=%s refused this key; "
				    "on the hub: plaintiff agent add NAME %s",
				    hub_name(u), u->key.public_text);
			hang_up(u, KEY_REFUSED_MS);
			if (++u->misses >= MISSES_A_HUB)
				uplink_hubs_next(u);
			return;
		case LINK_BROKEN:
			if (say(u, SAID_BROKEN))
				log_error("uplink: no CURVE handshake with "
				    "hub=%s: [hub] key does not match it, or "
				    "it is no hub", hub_name(u));
			hang_up(u, uplink_patience_ms(u));
			if (u->doublings < MOST_DOUBLINGS)
				u->doublings++;
			if (++u->misses >= MISSES_A_HUB)
				uplink_hubs_next(u);
			return;
		}
	}
}

static void
send_ping(struct uplink *u)
{
	struct wire_frame f = {.type = WIRE_PING};
	int64_t now = clock_mono_ms();

	if (now < u->ping_ms && (u->settle_ms == 0 || now < u->settle_ms))
		return;
	u->o.feed.counters(u->o.feed.ctx, &f.ping.counters);
	f.ping.lag_us = u->o.feed.lag_us(u->o.feed.ctx);
	u->ping_ms = now + PING_MS;
	if (!send_frame(u, &f))
		return;
	u->settle_ms = 0;
	if (u->pong_ms == 0)
		u->pong_ms = now + (u->o.wait_ms << MOST_DOUBLINGS);
}

void
uplink_tell(struct uplink *u)
{
	u->settle_ms = clock_mono_ms();
}

bool
uplink_settle(struct uplink *u)
{
	if (u->settle_ms > clock_mono_ms())
		u->settle_ms = clock_mono_ms();
	return u->state == UP && u->settle_ms == 0 && u->pong_ms == 0;
}

/* The first hub answers again: what is under way is sent again there. */
static void
go_back(struct uplink *u)
{
	struct link first = u->probe;

	u->probe = (struct link){0};
	hang_up(u, 0);
	u->link = first;
	u->hub = 0;
	u->misses = u->busies = 0;
	u->hold_ms = 0;
	u->state = GREETING;
	u->greeted = false;
	u->reply_ms = clock_mono_ms() + uplink_patience_ms(u);
}

void
uplink_step(struct uplink *u)
{
	if (uplink_hubs_probe(u))
		go_back(u);
	if (u->state == AWAY && clock_mono_ms() >= u->retry_ms)
		connect_hub(u);
	/* first what the hub said, then why it hung up */
	receive(u);
	hear_news(u);
	if (u->state == GREETING && !u->greeted)
		greet(u);
	if (u->state == GREETING && clock_mono_ms() >= u->reply_ms)
		missed(u, "welcome");
	if (u->state != UP)
		return;
	uplink_window_send(u);
	send_ping(u);
	if (clock_mono_ms() >= uplink_window_due_ms(u))
		missed(u, "acknowledgement");
}

int64_t
uplink_due_ms(const struct uplink *u)
{
	int64_t now = clock_mono_ms(), due = u->ping_ms;
	bool waits = false;

	switch (u->state) {
	case AWAY:
		due = u->retry_ms;
		break;
	case GREETING:
		due = u->reply_ms;
		/* IMMEDIATE: the socket takes HELLO once shaken */
		if (!u->greeted && u->link.shaken)
			due = now;
		break;
	case UP:
		if (u->settle_ms != 0 && u->settle_ms < due)
			due = u->settle_ms;
		if (uplink_window_due_ms(u) < due)
			due = uplink_window_due_ms(u);
		for (size_t i = 0; i < UPLINK_WINDOW; i++)
			waits |= u->flight[i].batch != 0 &&
			    !u->flight[i].sent;
		if (waits || u->hold_ms > now)
			due = u->hold_ms > now && u->hold_ms < due
			    ? u->hold_ms : due;
		break;
	}
	if (uplink_hubs_due_ms(u) < due)
		due = uplink_hubs_due_ms(u);
	return due > now ? due - now : 0;
}

void
uplink_wait(struct uplink *u, struct pollfd *fds, size_t n,
    int64_t timeout_ms)
{
	int64_t due = u == NULL ? timeout_ms : uplink_due_ms(u);

	if (timeout_ms >= 0 && timeout_ms < due)
		due = timeout_ms;
	uplink_socket_wait(u == NULL ? NULL : &u->link, fds, n, (long)due);
}
