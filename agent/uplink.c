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
	MISSES_A_HUB = 3,
	KEY_REFUSED_MS = 5000, /* unknown yet: the admin is adding it */
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
	u->events = calloc(WIRE_BATCH_EVENTS, sizeof *u->events);
	u->seqs = calloc(WIRE_BATCH_EVENTS, sizeof *u->seqs);
	if (u->hubs == NULL || u->events == NULL || u->seqs == NULL)
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
	free(u->events);
	free(u->seqs);
	free(u->in);
	sodium_memzero(&u->key, sizeof u->key);
	free(u);
}

bool
uplink_is_up(const struct uplink *u)
{
	return u->state == UP;
}

const char *
uplink_hub_name(const struct uplink *u)
{
	return u->hubs[u->hub];
}

bool
uplink_say(struct uplink *u, enum uplink_said what)
{
	bool is_new = u->said != what;

	u->said = what;
	return is_new;
}

void
uplink_hang_up(struct uplink *u, int64_t wait_ms)
{
	uplink_socket_close(&u->link);
	u->state = AWAY;
	u->retry_ms = clock_mono_ms() + wait_ms;
	u->pong_ms = 0;
	u->pongs_due = 0;
	u->again_ms = 0;
	for (size_t i = 0; i < UPLINK_WINDOW; i++)
		u->flight[i].sent = false;
}

static void
be_patient(struct uplink *u)
{
	if (u->doublings < UPLINK_DOUBLINGS)
		u->doublings++;
	u->doubled_ms = clock_mono_ms();
}

/* After a few in a row it is the next hub's turn. */
static void
count_miss(struct uplink *u)
{
	if (++u->misses >= MISSES_A_HUB)
		uplink_hubs_next(u);
}

/* No reply in time. */
static void
missed(struct uplink *u, const char *what)
{
	if (u->link.tcp && !u->link.shaken) {
		if (uplink_say(u, SAID_BROKEN))
			log_error(
			    "uplink: no CURVE handshake with hub=%s: "
			    "[hub] key does not match it, or it is no hub",
			    uplink_hub_name(u));
	} else if (u->said != SAID_BROKEN && uplink_say(u, SAID_SILENT)) {
		log_warning("uplink: no %s from hub=%s; events wait in the "
			    "outbox",
		    what, uplink_hub_name(u));
	}
	uplink_hang_up(u, 0);
	be_patient(u);
	count_miss(u);
}

static void
wait_for_welcome(struct uplink *u)
{
	int64_t now = clock_mono_ms();

	u->state = GREETING;
	u->greeted = false;
	u->listen_ms = now + uplink_patience_ms(u, UPLINK_LISTEN_DOUBLINGS);
	u->reply_ms = now + uplink_patience_ms(u, UPLINK_GREET_DOUBLINGS);
}

/* A hub that nobody listens for is left sooner than one that is slow. */
static int64_t
welcome_until_ms(const struct uplink *u)
{
	return !u->link.tcp && u->listen_ms < u->reply_ms ? u->listen_ms
	                                                  : u->reply_ms;
}

static void
connect_hub(struct uplink *u)
{
	const char *why = "";

	if (!uplink_socket_open(&u->link, u->o.context, uplink_hub_name(u),
		u->o.hub_key, &u->key, &why)) {
		if (uplink_say(u, SAID_ADDRESS))
			log_error("uplink: cannot connect to hub=%s: %s",
			    uplink_hub_name(u), why);
		u->retry_ms = clock_mono_ms() + KEY_REFUSED_MS;
		uplink_hubs_next(u);
		return;
	}
	wait_for_welcome(u);
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
	                             ? u->o.address_count
	                             : WIRE_HELLO_ADDRESSES}};

	u->o.feed.counters(u->o.feed.ctx, &f.hello.counters);
	u->greeted = send_frame(u, &f);
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
			uplink_hang_up(u, (int64_t)randombytes_uniform(
					      (uint32_t)u->o.wait_ms / 2 + 1));
			if (uplink_say(u, SAID_SILENT))
				log_warning("uplink: connection lost hub=%s; "
					    "events wait in the outbox",
				    uplink_hub_name(u));
			return;
		case LINK_REFUSED:
			if (uplink_say(u, SAID_REFUSED))
				log_error(
				    "uplink: hub=%s refused this key; "
				    "on the hub: plaintiff agent add NAME %s",
				    uplink_hub_name(u), u->key.public_text);
			uplink_hang_up(u, KEY_REFUSED_MS);
			count_miss(u);
			return;
		case LINK_BROKEN:
			if (uplink_say(u, SAID_BROKEN))
				log_error(
				    "uplink: no CURVE handshake with "
				    "hub=%s: [hub] key does not match it, or "
				    "it is no hub",
				    uplink_hub_name(u));
			uplink_hang_up(u, uplink_patience_ms(u,
					      UPLINK_GREET_DOUBLINGS));
			be_patient(u);
			count_miss(u);
			return;
		}
	}
}

static void
send_ping(struct uplink *u)
{
	struct wire_frame f = {.type = WIRE_PING};
	int64_t now = clock_mono_ms();

	if (now < u->again_ms ||
	    (now < u->ping_ms && (u->settle_ms == 0 || now < u->settle_ms)))
		return;
	u->o.feed.counters(u->o.feed.ctx, &f.ping.counters);
	f.ping.lag_us = u->o.feed.lag_us(u->o.feed.ctx);
	u->ping_ms = now + UPLINK_PING_MS;
	if (!send_frame(u, &f))
		return;
	u->settle_ms = 0;
	u->pongs_due++;
	if (u->pong_ms == 0)
		u->pong_ms = now +
		    (u->o.wait_ms << (u->doublings > UPLINK_GREET_DOUBLINGS
		            ? u->doublings
		            : UPLINK_GREET_DOUBLINGS));
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
	uplink_hang_up(u, 0);
	u->link = first;
	u->hub = 0;
	u->misses = u->busies = 0;
	u->hold_ms = 0;
	wait_for_welcome(u);
}

void
uplink_step(struct uplink *u)
{
	if (uplink_hubs_probe(u))
		go_back(u);
	if (u->state == AWAY && clock_mono_ms() >= u->retry_ms)
		connect_hub(u);
	/* first what the hub said, then why it hung up */
	uplink_replies(u);
	hear_news(u);
	if (u->state == GREETING && !u->greeted)
		greet(u);
	if (u->state == GREETING && clock_mono_ms() >= welcome_until_ms(u))
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
		due = welcome_until_ms(u);
		/* IMMEDIATE: the socket takes HELLO once shaken */
		if (!u->greeted && u->link.shaken)
			due = now;
		break;
	case UP:
		if (u->settle_ms != 0 && u->settle_ms < due)
			due = u->settle_ms;
		if (due < u->again_ms)
			due = u->again_ms;
		if (uplink_window_due_ms(u) < due)
			due = uplink_window_due_ms(u);
		for (size_t i = 0; i < UPLINK_WINDOW; i++)
			waits |= u->flight[i].batch != 0 && !u->flight[i].sent;
		if (waits || u->hold_ms > now)
			due = u->hold_ms > now && u->hold_ms < due ? u->hold_ms
			                                           : due;
		break;
	}
	if (uplink_hubs_due_ms(u) < due)
		due = uplink_hubs_due_ms(u);
	return due > now ? due - now : 0;
}

void
uplink_wait(struct uplink *u, struct pollfd *fds, size_t n, int64_t timeout_ms)
{
	int64_t due = u == NULL ? timeout_ms : uplink_due_ms(u);

	if (timeout_ms >= 0 && timeout_ms < due)
		due = timeout_ms;
	uplink_socket_wait(u == NULL ? NULL : &u->link, fds, n, (long)due);
}
