/*
 * Stage receive: takes batches of events from agents over CURVE, stores them,
 * and acknowledges only what is committed.  One zmq_poll over the ZAP socket,
 * the ROUTER, the database's notifications and signals; no other wait but the
 * database's own.  Who an agent is comes from its key (zap.c) and is looked up
 * again for every frame.  Killed at any point it loses nothing: agents send
 * again what has not been acknowledged.
 */
#include <assert.h>
#include <stdlib.h>
#include <sysexits.h>

#include <zmq.h>

#include "hub/conf.h"
#include "hub/db.h"
#include "hub/receive/agents.h"
#include "hub/receive/door.h"
#include "hub/receive/greet.h"
#include "hub/receive/group.h"
#include "hub/receive/meter.h"
#include "hub/receive/quota.h"
#include "hub/receive/selftest.h"
#include "hub/receive/session.h"
#include "hub/receive/zap.h"
#include "hub/worker.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/base/signals.h"
#include "proto/curve.h"
#include "proto/wire.h"

enum {
	POLL_MS = 200,
	TURN_FRAMES = 512,
	QUOTA_MOST_MS = 60000, /* then it asks again */
	TURN_BYTES = 4 * 1024 * 1024, /* of unpacked frames */
	BUSY_MS = 1000, /* what a busy hub asks agents to wait */
	ONCE_IDLE_MS = 1000,
};

enum { METER_UNKNOWN, METER_GARBAGE, METER_REVOKED, METERS };

/* A batch that waits for the end of its turn. */
struct waiting {
	struct door_frame frame;
	const struct wire_batch *wire;
};

struct receive {
	struct worker_context *c;
	struct session *session;
	struct door *door;
	struct quotas *quotas;
	struct greet *greet;
	struct meter meters[METERS];
	int64_t busy_ms; /* last frame */
	struct waiting waiting[GROUP_BATCHES];
	size_t waiting_count, waiting_events;
	struct buf out;
};

static const char *const phrases[METERS] = {
    [METER_UNKNOWN] = "unknown key refused",
    [METER_GARBAGE] = "malformed frame dropped",
    [METER_REVOKED] = "revoked agent refused",
};

/* Counts of what strangers did, when their line is due. */
static void
say_meters(struct receive *r)
{

	for (size_t i = 0; i < METERS; i++) {
		uint64_t count = meter_due(&r->meters[i], clock_mono_ms());

		if (count != 0)
			log_warning("%s count=%llu", phrases[i],
			    (unsigned long long)count);
	}
}

/* ---- answers ---- */

static void
answer(struct receive *r, const struct door_frame *f,
    const struct wire_frame *what)
{
	buf_reset(&r->out);
	wire_pack(what, &r->out);
	if (!door_answer(r->door, f, &r->out))
		log_info("answer not delivered");
}

static void
refuse(struct receive *r, const struct door_frame *f, uint64_t batch,
    enum wire_reason reason)
{
	answer(r, f, &(struct wire_frame){.type = WIRE_NAK,
	    .nak = {.batch = batch, .reason = reason,
	        .retry_ms = reason == WIRE_BUSY ? BUSY_MS : 0}});
}

static void
on_garbage(struct receive *r, const char *who, const char *why)
{
	uint64_t count = meter_hit(&r->meters[METER_GARBAGE], clock_mono_ms());

	if (count != 0)
		log_warning("malformed frame dropped count=%llu agent=%s "
		            "why=\"%s\"", (unsigned long long)count, who, why);
}

/* ---- frames ---- */

/* Keeps the frame, whose answer comes at the end of the turn. */
static void
on_hello(struct receive *r, struct door_frame *f, const struct agent *agent,
    const struct wire_hello *hello)
{
	struct wire_hello *h;

	if (hello->version != WIRE_VERSION) {
		log_warning("agent speaks another version agent=%s version=%u "
		            "ours=%d", agent->name, hello->version,
		    WIRE_VERSION);
		refuse(r, f, 0, WIRE_BAD_VERSION);
		return;
	}
	h = arena_alloc(r->c->arena, sizeof *h);
	*h = *hello;
	greet_add(r->greet, f, h);
}

static void
on_ping(struct receive *r, const struct door_frame *f, struct agent *agent,
    const struct wire_ping *p)
{
	bool stored = session_counters(r->session, agent, &p->counters);

	answer(r, f, &(struct wire_frame){.type = WIRE_PONG,
	    .pong = {.time_us = clock_wall_us(), .again = !stored}});
}

/* Keeps the frame, whose answer comes at the end of the turn. */
static void
on_batch(struct receive *r, struct door_frame *f,
    const struct wire_frame *frame)
{
	struct wire_batch *b = arena_alloc(r->c->arena, sizeof *b);

	*b = frame->batch;
	r->waiting[r->waiting_count++] =
	    (struct waiting){.frame = *f, .wire = b};
	r->waiting_events += b->count;
	*f = (struct door_frame){0};
}

static void
on_revoked(struct receive *r, const struct door_frame *f, uint64_t batch)
{
	uint64_t count = meter_hit(&r->meters[METER_REVOKED], clock_mono_ms());

	if (count != 0)
		log_warning("revoked agent refused count=%llu number=%s",
		    (unsigned long long)count,
		    f->user_id == NULL ? "none" : f->user_id);
	refuse(r, f, batch, WIRE_REVOKED);
}

/* A frame that cannot be used; an agent that knows it goes on behind it. */
static void
on_unusable(struct receive *r, const struct door_frame *f,
    const struct agent *agent, enum wire_result result,
    const struct wire_batch *b, const char *why)
{
	bool able;

	on_garbage(r, agent->name, why);
	if (result == WIRE_TOO_LARGE) {
		refuse(r, f, b->batch, WIRE_TOO_BIG);
		return;
	}
	if (b->batch == 0)
		return;
	/* it will not come again: only what is counted may be given up */
	able = session_refresh(r->session);
	agent = agents_of_user_id(session_agents(r->session), f->user_id);
	if (agent == NULL) {
		on_revoked(r, f, b->batch);
		return;
	}
	if (!able || session_malformed(r->session, agent, b->batch, b->count,
	                 why) != SESSION_DONE) {
		refuse(r, f, b->batch, WIRE_BUSY);
		return;
	}
	log_error("batch malformed agent=%s batch=%llu events=%zu why=\"%s\"",
	    agent->name, (unsigned long long)b->batch, b->count, why);
	refuse(r, f, b->batch, WIRE_MALFORMED);
}

static void
on_frame(struct receive *r, struct door_frame *f)
{
	struct agent *agent = agents_of_user_id(session_agents(r->session),
	    f->user_id);
	struct wire_frame frame;
	const char *why = NULL;
	enum wire_result result =
	    wire_unpack(f->bytes, f->n, r->c->arena, &frame, &why);
	struct wire_batch unusable =
	    frame.type == WIRE_BATCH ? frame.batch : (struct wire_batch){0};

	if (agent == NULL) {
		on_revoked(r, f, unusable.batch);
		return;
	}
	if (result != WIRE_OK) {
		on_unusable(r, f, agent, result, &unusable, why);
		return;
	}
	switch (frame.type) {
	case WIRE_HELLO:
		on_hello(r, f, agent, &frame.hello);
		break;
	case WIRE_BATCH:
		on_batch(r, f, &frame);
		break;
	case WIRE_PING:
		on_ping(r, f, agent, &frame.ping);
		break;
	case WIRE_WELCOME:
	case WIRE_ACK:
	case WIRE_NAK:
	case WIRE_PONG:
		on_garbage(r, agent->name, "a frame that only hubs send");
		break;
	}
}

/* ---- storing ---- */

static void
acknowledge(struct receive *r, const struct waiting *w,
    const struct group_batch *b)
{
	log_info("batch stored agent=%s batch=%llu events=%zu new=%u known=%u "
	         "aside=%u", b->agent->name,
	    (unsigned long long)b->wire->batch, b->wire->count, b->new_events,
	    b->known_events, b->aside);
	answer(r, &w->frame, &(struct wire_frame){.type = WIRE_ACK,
	    .ack = {.batch = b->wire->batch, .new_events = b->new_events,
	        .known_events = b->known_events}});
}

static struct waiting *
waiting_of(struct receive *r, const struct wire_batch *wire)
{
	struct waiting *w = r->waiting;

	for (; w->wire != wire; w++)
		assert(w + 1 < r->waiting + r->waiting_count);
	return w;
}

/* Stores n batches together, or, when the database refuses that, each alone,
 * so that one cannot hold up the others. */
static void
store_and_answer(struct receive *r, struct group_batch *batches, size_t n)
{
	enum session_result result = session_store(r->session, batches, n);

	if (result == SESSION_REFUSED && n > 1) {
		for (size_t i = 0; i < n; i++)
			store_and_answer(r, &batches[i], 1);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		const struct group_batch *b = &batches[i];
		const struct waiting *w = waiting_of(r, b->wire);

		if (result == SESSION_DONE) {
			acknowledge(r, w, b);
			continue;
		}
		if (result == SESSION_REFUSED)
			log_error("batch refused by the database agent=%s "
			          "batch=%llu", b->agent->name,
			    (unsigned long long)b->wire->batch);
		refuse(r, &w->frame, b->wire->batch, WIRE_BUSY);
	}
}

/* True: this batch may be stored; otherwise the agent was told to wait. */
static bool
within_quota(struct receive *r, const struct waiting *w,
    const struct agent *agent)
{
	struct quota_limits limits = quota_limits_of(r->c->conf);
	struct quota_answer q = quotas_take(r->quotas, agent->number, &limits,
	    w->wire->events, w->wire->count, clock_mono_ms());

	if (q.which == QUOTA_FREE)
		return true;
	if (q.said != 0)
		log_warning("agent over its quota agent=%s setting=%s "
		            "count=%llu retry_ms=%lld", agent->name,
		    quota_setting(q.which), (unsigned long long)q.said,
		    (long long)q.retry_ms);
	answer(r, &w->frame, &(struct wire_frame){.type = WIRE_NAK,
	    .nak = {.batch = w->wire->batch, .reason = WIRE_QUOTA,
	        .retry_ms = (uint32_t)(q.retry_ms < QUOTA_MOST_MS
	                ? q.retry_ms : QUOTA_MOST_MS)}});
	return false;
}

/* The end of a turn: every batch that waits gets its answer. */
static void
store_waiting(struct receive *r)
{
	struct group_batch batches[GROUP_BATCHES];
	size_t n = 0;
	bool able;

	if (r->waiting_count == 0)
		return;
	/* no event is stored on the word of an old table */
	able = session_refresh(r->session);
	for (size_t i = 0; i < r->waiting_count; i++) {
		struct waiting *w = &r->waiting[i];
		const struct agent *agent =
		    agents_of_user_id(session_agents(r->session),
		        w->frame.user_id);

		if (agent == NULL)
			on_revoked(r, &w->frame, w->wire->batch);
		else if (!able)
			refuse(r, &w->frame, w->wire->batch, WIRE_BUSY);
		else if (within_quota(r, w, agent))
			batches[n++] = (struct group_batch){
			    .agent = agent, .wire = w->wire};
	}
	if (n != 0)
		store_and_answer(r, batches, n);
	for (size_t i = 0; i < r->waiting_count; i++)
		door_done(&r->waiting[i].frame);
	r->waiting_count = r->waiting_events = 0;
}

/* ---- the loop ---- */

/* Takes frames until the turn is full; each is answered now, hellos and
 * batches at the end. */
static void
take_frames(struct receive *r)
{
	for (int i = 0; i < TURN_FRAMES; i++) {
		struct door_frame f;
		enum door_result result;

		if (r->waiting_count == GROUP_BATCHES ||
		    arena_used(r->c->arena) > TURN_BYTES ||
		    r->waiting_events >= GROUP_EVENTS ||
		    greet_is_full(r->greet))
			return;
		result = door_next(r->door, &f);
		if (result == DOOR_EMPTY)
			return;
		r->busy_ms = clock_mono_ms();
		if (result == DOOR_GARBAGE) {
			on_garbage(r, "", "not one part");
			continue;
		}
		on_frame(r, &f);
		door_done(&f);
	}
}

/* False: stop. */
static bool
take_signals(struct receive *r)
{
	for (;;) {
		switch (signals_next(r->c->signals)) {
		case SIGNALS_STOP:
			return false;
		case SIGNALS_RELOAD:
			(void)worker_reload(r->c);
			break;
		case SIGNALS_CHILD:
			break;
		case SIGNALS_NONE:
			return true;
		}
	}
}

/* An agent asks at hello only what the database has of it: those that hold
 * what this database has forgotten must say it again. */
static bool
greet_anew(struct receive *r, const struct curve_key *key)
{
	if (r->door != NULL && !session_is_older(r->session))
		return true;
	door_close(r->door);
	r->door = selftest_door(&r->c->conf->receive_bind, key,
	    session_agents(r->session));
	return r->door != NULL;
}

static int
loop(struct receive *r, const struct curve_key *key)
{
	r->busy_ms = clock_mono_ms();
	while (take_signals(r)) {
		if (!greet_anew(r, key))
			return EX_CONFIG;
		zmq_pollitem_t items[] = {
		    {.socket = door_router(r->door), .events = ZMQ_POLLIN},
		    {.socket = door_zap(r->door), .events = ZMQ_POLLIN},
		    {.fd = r->c->signals, .events = ZMQ_POLLIN},
		    {.fd = r->c->db == NULL ? -1 : db_fd(r->c->db),
		        .events = ZMQ_POLLIN},
		};

		/* without a session there is nothing to watch there */
		(void)zmq_poll(items, r->c->db == NULL ? 3 : 4, POLL_MS);
		arena_reset(r->c->arena);
		zap_serve(door_zap(r->door), session_agents(r->session),
		    &r->meters[METER_UNKNOWN]);
		take_frames(r);
		greet_answer(r->greet, r->session, r->door, r->c->conf,
		    BUSY_MS);
		store_waiting(r);
		if (!session_look_after(r->session))
			return EX_CONFIG;
		say_meters(r);
		if (r->c->once && clock_mono_ms() - r->busy_ms > ONCE_IDLE_MS)
			break;
	}
	return EX_OK;
}

/* ---- start ---- */

static int
run(struct worker_context *c)
{
	struct receive *r = calloc(1, sizeof *r);
	struct curve_key key;
	const char *why;
	int code = EX_CONFIG;

	if (r == NULL)
		return EX_OSERR;
	r->c = c;
	r->session = session_open(c);
	r->quotas = quotas_open();
	r->greet = greet_open();
	if (curve_read(c->conf->receive_key, &key, &why) < 0) {
		log_error("cannot use receive.key %s: %s; plaintiff-hub key "
		          "makes one", c->conf->receive_key, why);
		goto done;
	}
	if (!session_first(r->session, &code))
		goto done;
	code = loop(r, &key);
done:
	door_close(r->door);
	session_close(r->session);
	quotas_close(r->quotas);
	greet_close(r->greet);
	buf_free(&r->out);
	free(r);
	return code;
}

const struct worker worker_receive = {
    .name = "receive",
    .what = "takes events from agents, stores them, acknowledges them",
    .channel = "plaintiff_agents",
    .run = run,
};
