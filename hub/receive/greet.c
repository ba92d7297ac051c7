/* Hellos, many at a time; see greet.h. */
#include "hub/receive/greet.h"

#include <assert.h>
#include <stdlib.h>
#include <sysexits.h>

#include "hub/conf.h"
#include "hub/receive/agents.h"
#include "hub/receive/door.h"
#include "hub/receive/session.h"
#include "proto/base/buf.h"
#include "proto/base/clock.h"
#include "proto/base/die.h"
#include "proto/base/log.h"
#include "proto/wire.h"

struct guest {
	struct door_frame frame;
	const struct wire_hello *hello;
};

struct greet {
	struct guest guests[GREET_MOST];
	size_t n;
	struct buf out;
	struct session *session;
	struct door *door;
	const struct hub_conf *conf;
	uint32_t retry_ms;
};

struct greet *
greet_open(void)
{
	struct greet *g = calloc(1, sizeof *g);

	if (g == NULL)
		die(EX_OSERR, "out of memory");
	return g;
}

void
greet_close(struct greet *g)
{
	if (g == NULL)
		return;
	buf_free(&g->out);
	free(g);
}

bool
greet_is_full(const struct greet *g)
{
	return g->n == GREET_MOST;
}

void
greet_add(struct greet *g, struct door_frame *f, const struct wire_hello *h)
{
	assert(!greet_is_full(g));
	g->guests[g->n++] = (struct guest){.frame = *f, .hello = h};
	*f = (struct door_frame){0};
}

static void
answer(struct greet *g, const struct guest *to, const struct wire_frame *what)
{
	buf_reset(&g->out);
	wire_pack(what, &g->out);
	if (!door_answer(g->door, &to->frame, &g->out))
		log_info("answer not delivered");
}

static void
refuse(struct greet *g, const struct guest *to, enum wire_reason reason)
{
	answer(g, to, &(struct wire_frame){.type = WIRE_NAK,
	    .nak = {.reason = reason,
	        .retry_ms = reason == WIRE_BUSY ? g->retry_ms : 0}});
}

static void
welcome(struct greet *g, const struct guest *to, const struct greet_hello *h)
{
	struct text host = h->hello->host, software = h->hello->software;

	log_notice("agent connected agent=%s host=%.*s software=\"%.*s\" "
	           "last_batch=%llu", h->agent->name, (int)host.n,
	    host.at == NULL ? "" : host.at, (int)software.n,
	    software.at == NULL ? "" : software.at,
	    (unsigned long long)h->last_batch);
	answer(g, to, &(struct wire_frame){.type = WIRE_WELCOME,
	    .welcome = {.version = WIRE_VERSION,
	        .window = (uint32_t)g->conf->receive_window,
	        .max_bytes = WIRE_FRAME_BYTES,
	        .max_events = WIRE_BATCH_EVENTS,
	        .time_us = clock_wall_us(),
	        .last_batch = h->last_batch}});
}

/* n of the guests: together, or each alone when the database refuses that. */
static void
note(struct greet *g, struct guest *const *guests, struct greet_hello *hellos,
    size_t n)
{
	enum session_result result = session_hellos(g->session, hellos, n);

	if (result == SESSION_REFUSED && n > 1) {
		for (size_t i = 0; i < n; i++)
			note(g, &guests[i], &hellos[i], 1);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (result == SESSION_DONE)
			welcome(g, guests[i], &hellos[i]);
		else
			refuse(g, guests[i], WIRE_BUSY);
	}
}

void
greet_answer(struct greet *g, struct session *s, struct door *d,
    const struct hub_conf *conf, uint32_t retry_ms)
{
	struct greet_hello hellos[GREET_MOST];
	struct guest *guests[GREET_MOST];
	size_t n = 0;

	g->session = s;
	g->door = d;
	g->conf = conf;
	g->retry_ms = retry_ms;
	for (size_t i = 0; i < g->n; i++) {
		/* the table may be another one by now */
		const struct agent *agent = agents_of_user_id(
		    session_agents(s), g->guests[i].frame.user_id);

		if (agent == NULL) {
			refuse(g, &g->guests[i], WIRE_REVOKED);
			continue;
		}
		guests[n] = &g->guests[i];
		hellos[n++] = (struct greet_hello){
		    .agent = agent, .hello = g->guests[i].hello};
	}
	if (n != 0)
		note(g, guests, hellos, n);
	for (size_t i = 0; i < g->n; i++)
		door_done(&g->guests[i].frame);
	g->n = 0;
}
