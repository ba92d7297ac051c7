/* Sockets; see uplink_socket.h. */
#include "agent/uplink_socket.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <zmq.h>

#include "agent/uplink.h"
#include "proto/base/die.h"

enum {
	HEARTBEAT_MS = 10000,
	HEARTBEAT_TIMEOUT_MS = 30000,
	HANDSHAKE_MS = 5000,
	RECONNECT_MS = 100,
	RECONNECT_MOST_MS = 30000,
	/* the window, the greeting and a ping */
	QUEUE = UPLINK_WINDOW + 2,
};

static void
set_int(void *socket, int option, int value)
{
	if (zmq_setsockopt(socket, option, &value, sizeof value) != 0)
		die(EX_SOFTWARE, "libzmq refuses option %d: %s", option,
		    zmq_strerror(errno));
}

static void
set_key(void *socket, int option, const char *z85)
{
	if (zmq_setsockopt(socket, option, z85, CURVE_TEXT_BYTES) != 0)
		die(EX_SOFTWARE, "libzmq refuses a CURVE key: %s",
		    zmq_strerror(errno));
}

static void
set_options(void *socket, const char *hub_key, const struct curve_key *key)
{
	set_int(socket, ZMQ_LINGER, 0);
	set_int(socket, ZMQ_IMMEDIATE, 1);
	set_int(socket, ZMQ_SNDHWM, QUEUE);
	set_int(socket, ZMQ_RCVHWM, QUEUE);
	set_int(socket, ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS);
	set_int(socket, ZMQ_HEARTBEAT_TIMEOUT, HEARTBEAT_TIMEOUT_MS);
	set_int(socket, ZMQ_HEARTBEAT_TTL, HEARTBEAT_TIMEOUT_MS);
	set_int(socket, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS);
	set_int(socket, ZMQ_RECONNECT_IVL, RECONNECT_MS);
	set_int(socket, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MOST_MS);
	set_int(socket, ZMQ_TCP_KEEPALIVE, 1);
	set_int(socket, ZMQ_IPV6, 1);
	if (zmq_setsockopt(socket, ZMQ_MAXMSGSIZE,
	        &(int64_t){WIRE_FRAME_BYTES}, sizeof(int64_t)) != 0)
		die(EX_SOFTWARE, "libzmq refuses MAXMSGSIZE");
	set_key(socket, ZMQ_CURVE_SERVERKEY, hub_key);
	set_key(socket, ZMQ_CURVE_PUBLICKEY, key->public_text);
	set_key(socket, ZMQ_CURVE_SECRETKEY, key->secret_text);
}

bool
uplink_socket_open(struct link *l, void *context, const char *hub,
    const char *hub_key, const struct curve_key *key, const char **why)
{
	char monitor[64];

	*l = (struct link){0};
	l->socket = zmq_socket(context, ZMQ_DEALER);
	l->monitor = zmq_socket(context, ZMQ_PAIR);
	if (l->socket == NULL || l->monitor == NULL) {
		*why = zmq_strerror(errno);
		goto fail;
	}
	set_options(l->socket, hub_key, key);
	set_int(l->monitor, ZMQ_LINGER, 0);
	(void)snprintf(monitor, sizeof monitor, "inproc://monitor-%p",
	    l->socket);
	if (zmq_socket_monitor(l->socket, monitor, ZMQ_EVENT_CONNECTED |
	        ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
	        ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
	        ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
	        ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
	        ZMQ_EVENT_DISCONNECTED) != 0 ||
	    zmq_connect(l->monitor, monitor) != 0 ||
	    zmq_connect(l->socket, hub) != 0) {
		*why = zmq_strerror(errno);
		goto fail;
	}
	return true;
fail:
	uplink_socket_close(l);
	return false;
}

void
uplink_socket_close(struct link *l)
{
	if (l->socket != NULL) {
		(void)zmq_socket_monitor(l->socket, NULL, 0);
		(void)zmq_close(l->socket);
	}
	if (l->monitor != NULL)
		(void)zmq_close(l->monitor);
	*l = (struct link){0};
}

/* One part, into at most cap bytes; its length may be larger; -1 none. */
static long
receive_part(void *socket, void *bytes, size_t cap, bool *more)
{
	int n = zmq_recv(socket, bytes, cap, ZMQ_DONTWAIT);
	int flag = 0;
	size_t size = sizeof flag;

	if (n < 0)
		return -1;
	*more = zmq_getsockopt(socket, ZMQ_RCVMORE, &flag, &size) == 0 &&
	    flag != 0;
	return n;
}

enum uplink_news
uplink_socket_news(struct link *l)
{
	unsigned char bytes[256];
	bool more;

	for (;;) {
		uint16_t event;
		long n = receive_part(l->monitor, bytes, sizeof bytes, &more);

		if (n < 0)
			return LINK_NOTHING;
		memcpy(&event, bytes, sizeof event);
		while (more && receive_part(l->monitor, bytes, sizeof bytes,
		    &more) >= 0)
			;
		switch (event) {
		case ZMQ_EVENT_CONNECTED:
			l->tcp = true;
			continue;
		case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
			l->shaken = true;
			return LINK_CONNECTED;
		case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
			return LINK_REFUSED;
		case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
		case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
			return LINK_BROKEN;
		default:
			/* libzmq would reconnect, but the hub behind it
			 * would never have heard HELLO */
			if (l->shaken)
				return LINK_LOST;
			/* TCP came up and went down without a handshake */
			if (l->tcp)
				return LINK_BROKEN;
			continue;
		}
	}
}

bool
uplink_socket_send(struct link *l, const void *bytes, size_t n)
{
	return zmq_send(l->socket, bytes, n, ZMQ_DONTWAIT) >= 0;
}

long
uplink_socket_receive(struct link *l, void *bytes, size_t cap)
{
	bool more, parts;
	long n = receive_part(l->socket, bytes, cap, &more);

	if (n < 0)
		return -1;
	parts = more;
	while (more && receive_part(l->socket, bytes, cap, &more) >= 0)
		;
	return parts || (size_t)n > cap ? 0 : n;
}


void
uplink_socket_wait(struct link *l, struct pollfd *fds, size_t n,
    long timeout_ms)
{
	enum { MOST = 128 };
	zmq_pollitem_t items[MOST + 2];
	size_t at = 0, sockets;

	if (l != NULL && l->socket != NULL) {
		items[at++] = (zmq_pollitem_t){.socket = l->socket,
		    .events = ZMQ_POLLIN};
		items[at++] = (zmq_pollitem_t){.socket = l->monitor,
		    .events = ZMQ_POLLIN};
	}
	sockets = at;
	for (size_t i = 0; i < n && i < MOST; i++)
		items[at++] = (zmq_pollitem_t){.fd = fds[i].fd,
		    .events = ZMQ_POLLIN};
	if (zmq_poll(items, (int)at, timeout_ms) < 0)
		return;
	for (size_t i = 0; i < n && i < MOST; i++)
		fds[i].revents = items[sockets + i].revents != 0 ? POLLIN : 0;
}

void *
uplink_context_open(void)
{
	void *context = zmq_ctx_new();

	if (context == NULL)
		die(EX_OSERR, "cannot start libzmq: %s", zmq_strerror(errno));
	(void)zmq_ctx_set(context, ZMQ_MAX_SOCKETS, 8192);
	return context;
}

void
uplink_context_close(void *context)
{
	if (context != NULL)
		(void)zmq_ctx_term(context);
}
