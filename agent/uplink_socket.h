/*
 * One connection to one hub: the socket with its CURVE keys and safe
 * settings, and what its monitor says.  A used-up socket is never repaired,
 * but closed and replaced.  Used by uplink.c; the only zmq.h beside it.
 */
#ifndef PLAINTIFF_UPLINK_SOCKET_H
#define PLAINTIFF_UPLINK_SOCKET_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

struct curve_key;

enum uplink_news {
	LINK_NOTHING,
	LINK_CONNECTED, /* handshake done: the hub has our key, we have its */
	LINK_REFUSED,   /* the hub does not know our key */
	LINK_BROKEN,    /* no CURVE there, or another hub key */
	LINK_LOST,      /* a connection that worked is gone */
};

/* A peer that nobody listens for is no news; see uplink.c's timers. */
struct link {
	void *socket, *monitor;
	bool shaken; /* a handshake was done on it */
	bool tcp;    /* a TCP connection was made at least */
};

/* False with *why: what is wrong with the address. */
bool uplink_socket_open(struct link *l, void *context, const char *hub,
    const char *hub_key, const struct curve_key *key, const char **why);
void uplink_socket_close(struct link *l);
/* The next news, without waiting. */
enum uplink_news uplink_socket_news(struct link *l);
/* False when it cannot be taken now. */
bool uplink_socket_send(struct link *l, const void *bytes, size_t n);
/* Bytes of the next message, copied to buf's memory; -1: none. A message
 * of several parts or over cap is dropped as garbage: returns 0. */
long uplink_socket_receive(struct link *l, void *bytes, size_t cap);
/* zmq_poll over the link's sockets (NULL: none) and n descriptors, whose
 * revents are filled. */
void uplink_socket_wait(struct link *l, struct pollfd *fds, size_t n,
    long timeout_ms);

#endif
