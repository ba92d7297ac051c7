/* Sockets; see door.h. */
#include "hub/receive/door.h"

#include <assert.h>
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>

#include <zmq.h>

#include "proto/base/buf.h"
#include "proto/base/conf.h"
#include "proto/base/die.h"
#include "proto/base/log.h"
#include "proto/curve.h"
#include "proto/wire.h"

/* RFC 27: libzmq connects there to ask. */
static const char zap_endpoint[] = "inproc://zeromq.zap.01";

/* zmq.h hides it behind the draft API; the library has had it since 4.3.0 and
 * says so if it has not. */
#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#define ZMQ_ZAP_ENFORCE_DOMAIN 93
#endif

enum {
	HANDSHAKE_MS = 5000,
	HEARTBEAT_MS = 10000,
	SILENCE_MS = 30000,
	BACKLOG = 4096,
	/* frames of one connection that may wait: the largest window, hello
	 * and pings */
	HIGH_WATER = 72,
	/* a little above, so that a frame slightly too large gets an answer */
	MESSAGE_BYTES = WIRE_FRAME_BYTES + 4096,
	ENDPOINT_BYTES = 256,
};

struct door {
	void *context, *zap, *router;
	char endpoint[ENDPOINT_BYTES];
};

struct door_message {
	zmq_msg_t id, body;
};

static void
set_int(void *socket, int option, int value)
{
	if (zmq_setsockopt(socket, option, &value, sizeof value) != 0)
		die(EX_SOFTWARE, "libzmq refuses option %d: %s", option,
		    zmq_strerror(errno));
}

static void
set_text(void *socket, int option, const char *value)
{
	if (zmq_setsockopt(socket, option, value, strlen(value)) != 0)
		die(EX_SOFTWARE, "libzmq refuses option %d: %s", option,
		    zmq_strerror(errno));
}

static void *
socket_of(void *context, int type)
{
	void *s = zmq_socket(context, type);

	if (s == NULL)
		die(EX_OSERR, "cannot make a socket: %s", zmq_strerror(errno));
	set_int(s, ZMQ_LINGER, 0);
	return s;
}

static void *
router_of(void *context, const struct curve_key *key)
{
	void *s = socket_of(context, ZMQ_ROUTER);

	/* CURVE alone lets any key in, and so does a ZAP domain alone: only
	 * ENFORCE_DOMAIN makes a missing answer a no */
	set_int(s, ZMQ_CURVE_SERVER, 1);
	set_text(s, ZMQ_CURVE_SECRETKEY, key->secret_text);
	set_text(s, ZMQ_ZAP_DOMAIN, "plaintiff");
	set_int(s, ZMQ_ZAP_ENFORCE_DOMAIN, 1);
	set_int(s, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS);
	/* nobody may take over another connection's routing id */
	set_int(s, ZMQ_ROUTER_HANDOVER, 0);
	set_int(s, ZMQ_ROUTER_MANDATORY, 1);
	set_int(s, ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS);
	set_int(s, ZMQ_HEARTBEAT_TIMEOUT, SILENCE_MS);
	set_int(s, ZMQ_HEARTBEAT_TTL, SILENCE_MS);
	set_int(s, ZMQ_BACKLOG, BACKLOG);
	set_int(s, ZMQ_TCP_KEEPALIVE, 1);
	set_int(s, ZMQ_SNDHWM, HIGH_WATER);
	set_int(s, ZMQ_RCVHWM, HIGH_WATER);
	if (zmq_setsockopt(s, ZMQ_MAXMSGSIZE, &(int64_t){MESSAGE_BYTES},
	        sizeof(int64_t)) != 0)
		die(EX_SOFTWARE, "libzmq refuses a frame limit");
	return s;
}

/* Where to reach what was bound: a wildcard is no address to connect to. */
static void
reachable(char out[ENDPOINT_BYTES], const char *bound)
{
	static const struct {
		const char *wildcard, *loopback;
	} table[] = {
	    {"tcp://0.0.0.0:", "tcp://127.0.0.1:"},
	    {"tcp://[::]:", "tcp://[::1]:"},
	};

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		size_t n = strlen(table[i].wildcard);

		if (strncmp(bound, table[i].wildcard, n) == 0) {
			(void)snprintf(out, ENDPOINT_BYTES, "%s%s",
			    table[i].loopback, bound + n);
			return;
		}
	}
	(void)snprintf(out, ENDPOINT_BYTES, "%s", bound);
}

static bool
bind_all(struct door *d, const struct conf_texts *endpoints)
{
	char bound[ENDPOINT_BYTES];

	if (endpoints->n == 0) {
		log_error("receive.bind names no endpoint");
		return false;
	}
	for (size_t i = 0; i < endpoints->n; i++) {
		size_t n = sizeof bound;

		/* otherwise IPv4 would be bound, and shown, as mapped IPv6 */
		set_int(d->router, ZMQ_IPV6,
		    strchr(endpoints->at[i], '[') != NULL);
		if (zmq_bind(d->router, endpoints->at[i]) != 0) {
			log_error("cannot bind %s: %s", endpoints->at[i],
			    zmq_strerror(errno));
			return false;
		}
		if (zmq_getsockopt(d->router, ZMQ_LAST_ENDPOINT, bound,
		        &n) != 0)
			die(EX_SOFTWARE, "libzmq does not know its endpoint");
		if (i == 0)
			reachable(d->endpoint, bound);
		log_notice("listening endpoint=%s", bound);
	}
	return true;
}

/* A connection is a descriptor; libzmq drops those it has none for. */
static void
raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* libzmq keeps four queues a connection (two for ZAP), each in a piece of 16
 * KiB of which it mostly touches a page.  Mapped one by one the rest costs
 * nothing, and what is freed goes back. */
static void
map_queues(void)
{
#ifdef __GLIBC__
	(void)mallopt(M_MMAP_THRESHOLD, 16000);
	(void)mallopt(M_TOP_PAD, 4096);
#endif
}

struct door *
door_open(const struct conf_texts *endpoints, const struct curve_key *key)
{
	struct door *d = calloc(1, sizeof *d);

	if (d == NULL)
		die(EX_OSERR, "out of memory");
	raise_descriptors();
	map_queues();
	d->context = zmq_ctx_new();
	if (d->context == NULL)
		die(EX_OSERR, "cannot start ZeroMQ: %s", zmq_strerror(errno));
	d->zap = socket_of(d->context, ZMQ_REP);
	if (zmq_bind(d->zap, zap_endpoint) != 0)
		die(EX_SOFTWARE, "cannot bind %s: %s", zap_endpoint,
		    zmq_strerror(errno));
	d->router = router_of(d->context, key);
	if (bind_all(d, endpoints))
		return d;
	door_close(d);
	return NULL;
}

void
door_close(struct door *d)
{
	if (d == NULL)
		return;
	if (d->router != NULL)
		(void)zmq_close(d->router);
	if (d->zap != NULL)
		(void)zmq_close(d->zap);
	(void)zmq_ctx_term(d->context);
	free(d);
}

void *
door_context(const struct door *d)
{
	return d->context;
}

void *
door_router(const struct door *d)
{
	return d->router;
}

void *
door_zap(const struct door *d)
{
	return d->zap;
}

const char *
door_endpoint(const struct door *d)
{
	return d->endpoint;
}

/* Reads what is left of a message of too many parts. */
static void
drop_parts(void *socket, zmq_msg_t *part)
{
	while (zmq_msg_more(part))
		if (zmq_msg_recv(part, socket, ZMQ_DONTWAIT) < 0)
			return;
}

enum door_result
door_next(struct door *d, struct door_frame *out)
{
	struct door_message *m = calloc(1, sizeof *m);
	enum door_result result = DOOR_EMPTY;

	if (m == NULL)
		die(EX_OSERR, "out of memory");
	(void)zmq_msg_init(&m->id);
	(void)zmq_msg_init(&m->body);
	*out = (struct door_frame){.message = m};
	if (zmq_msg_recv(&m->id, d->router, ZMQ_DONTWAIT) < 0)
		goto none;
	result = DOOR_GARBAGE;
	if (!zmq_msg_more(&m->id) ||
	    zmq_msg_recv(&m->body, d->router, ZMQ_DONTWAIT) < 0)
		goto none;
	if (zmq_msg_more(&m->body)) {
		drop_parts(d->router, &m->body);
		goto none;
	}
	out->bytes = zmq_msg_data(&m->body);
	out->n = zmq_msg_size(&m->body);
	out->user_id = zmq_msg_gets(&m->body, "User-Id");
	return DOOR_FRAME;
none:
	door_done(out);
	return result;
}

bool
door_answer(struct door *d, const struct door_frame *f,
    const struct buf *bytes)
{
	struct door_message *m = f->message;
	zmq_msg_t id;
	bool sent;

	(void)zmq_msg_init(&id);
	if (zmq_msg_copy(&id, &m->id) != 0)
		die(EX_OSERR, "out of memory");
	/* refused here when the connection is gone, and nothing is begun */
	sent = zmq_msg_send(&id, d->router, ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0;
	if (!sent)
		(void)zmq_msg_close(&id);
	else
		sent = zmq_send(d->router, bytes->data, bytes->n,
		           ZMQ_DONTWAIT) >= 0;
	return sent;
}

void
door_done(struct door_frame *f)
{
	if (f->message == NULL)
		return;
	(void)zmq_msg_close(&f->message->id);
	(void)zmq_msg_close(&f->message->body);
	free(f->message);
	*f = (struct door_frame){0};
}
