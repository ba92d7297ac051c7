/* DNS questions by c-ares; see dns.h. */
#include "hub/lookup/dns.h"

#include <assert.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sysexits.h>

#include <ares.h>

#include "hub/lookup/ask.h"
#include "proto/base/clock.h"
#include "proto/base/die.h"

enum {
	CLASS_IN = 1,
	EDNS_BYTES = 1232, /* fits any path without fragments */
	BUFFER_BYTES = 1 << 20, /* of a socket; the default has no room for the
	                           answers of as many questions as are under
	                           way, and one lost costs a whole timeout */
	OWN_SOCKETS_MOST = 256, /* questions with a socket of their own */
	SOCKETS_MOST = 4 * ASK_SERVERS_MOST + 2 * OWN_SOCKETS_MOST,
};

struct dns {
	const struct dns_run *run;
	ares_channel channel;
	struct pollfd fds[SOCKETS_MOST]; /* c-ares' own sockets; fd -1: free */
	size_t under_way;
};

/* One question under way; the argument of its callback. */
struct question {
	struct dns *dns;
	size_t name;
};

/* c-ares tells which of its sockets it waits for. */
static void
on_socket(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct dns *d = arg;
	struct pollfd *place = NULL;

	for (size_t i = 0; i < SOCKETS_MOST && place == NULL; i++)
		if (d->fds[i].fd == fd)
			place = &d->fds[i];
	for (size_t i = 0; i < SOCKETS_MOST && place == NULL; i++)
		if (d->fds[i].fd == -1)
			place = &d->fds[i];
	/* one UDP socket a server or a question, and one TCP socket a server;
	 * were there more, the question would run into its timeout */
	if (place == NULL)
		return;
	place->fd = readable || writable ? fd : -1;
	place->events = (short)((readable ? POLLIN : 0) |
	    (writable ? POLLOUT : 0));
}

/* Hands the answer on: no call back into c-ares from here (CVE-2026-33630).
 * Only statuses that come with a whole message are looked at; the message
 * alone decides what they mean. */
static void
on_answer(void *arg, int status, int timeouts, unsigned char *message, int n)
{
	struct question *q = arg;
	const struct dns_run *run = q->dns->run;

	(void)timeouts;
	q->dns->under_way--;
	if (status != ARES_SUCCESS && status != ARES_ENODATA &&
	    status != ARES_ENOTFOUND)
		run->got(run->ctx, q->name, NULL, 0, ares_strerror(status));
	else if (message == NULL || n <= 0)
		run->got(run->ctx, q->name, NULL, 0, "no answer");
	else
		run->got(run->ctx, q->name, message, (size_t)n, NULL);
}

/* Servers of the settings; none: c-ares takes those of resolv.conf. */
static int
set_servers(struct dns *d, const struct ask_setup *setup)
{
	struct ares_addr_port_node nodes[ASK_SERVERS_MOST] = {0};

	if (setup->servers_n == 0)
		return ARES_SUCCESS;
	for (size_t i = 0; i < setup->servers_n; i++) {
		const struct ask_server *s = &setup->servers[i];

		nodes[i].family = s->addr.family == 4 ? AF_INET : AF_INET6;
		memcpy(&nodes[i].addr, s->addr.bytes, addr_length(&s->addr));
		nodes[i].udp_port = s->port;
		nodes[i].tcp_port = s->port;
		nodes[i].next = i + 1 < setup->servers_n ? &nodes[i + 1]
		                                         : NULL;
	}
	return ares_set_servers_ports(d->channel, nodes);
}

static int
open_channel(struct dns *d, const struct ask_setup *setup)
{
	struct ares_options o = {
	    .flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES |
	        ARES_FLAG_EDNS,
	    .timeout = (int)setup->timeout_ms,
	    .tries = (int)setup->tries,
	    .ednspsz = EDNS_BYTES,
	    .socket_receive_buffer_size = BUFFER_BYTES,
	    .sock_state_cb = on_socket,
	    .sock_state_cb_data = d,
	};
	int status, options = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS |
	    ARES_OPT_TRIES | ARES_OPT_EDNSPSZ | ARES_OPT_SOCK_RCVBUF |
	    ARES_OPT_SOCK_STATE_CB;

#ifdef ARES_OPT_UDP_MAX_QUERIES
	/* newer c-ares fails whatever is under way on a socket when one answer
	 * on it is garbage: let each question have its own, and its own port
	 * to be guessed, unless those are too many to open */
	if (setup->parallel <= OWN_SOCKETS_MOST) {
		o.udp_max_queries = 1;
		options |= ARES_OPT_UDP_MAX_QUERIES;
	}
#endif
	status = ares_init_options(&d->channel, &o, options);
	if (status != ARES_SUCCESS)
		return status;
	status = set_servers(d, setup);
	if (status != ARES_SUCCESS)
		ares_destroy(d->channel);
	return status;
}

/* One wait, no longer than c-ares or the deadline allows. */
static void
turn(struct dns *d, int64_t deadline_ms)
{
	int64_t left = deadline_ms - clock_mono_ms();
	struct timeval most = {.tv_sec = left / 1000,
	    .tv_usec = left % 1000 * 1000};
	struct timeval tv, *wait = ares_timeout(d->channel, &most, &tv);
	int64_t wait_ms = (int64_t)wait->tv_sec * 1000 +
	    (wait->tv_usec + 999) / 1000;
	struct pollfd ready[SOCKETS_MOST];
	int any = poll(d->fds, SOCKETS_MOST, (int)wait_ms);

	/* processing changes the array under our hands */
	memcpy(ready, d->fds, sizeof ready);
	for (size_t i = 0; any > 0 && i < SOCKETS_MOST; i++) {
		short r = ready[i].revents;

		if (ready[i].fd == -1 || r == 0)
			continue;
		ares_process_fd(d->channel,
		    r & (POLLIN | POLLERR | POLLHUP) ? ready[i].fd
		                                     : ARES_SOCKET_BAD,
		    r & POLLOUT ? ready[i].fd : ARES_SOCKET_BAD);
	}
	/* time-outs */
	ares_process_fd(d->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

/* How many were asked. */
static size_t
drive(struct dns *d, const struct ask_setup *setup, struct question *q,
    int64_t deadline_ms)
{
	const struct dns_run *run = d->run;
	size_t next = 0;

	while ((next < run->n || d->under_way > 0) &&
	    clock_mono_ms() < deadline_ms) {
		for (; next < run->n && d->under_way < setup->parallel;
		     next++) {
			q[next] = (struct question){.dns = d, .name = next};
			d->under_way++;
			ares_query(d->channel, run->names[next], CLASS_IN,
			    run->type, on_answer, &q[next]);
		}
		if (d->under_way > 0)
			turn(d, deadline_ms);
	}
	ares_cancel(d->channel);
	assert(d->under_way == 0);
	return next;
}

void
dns_run(const struct ask_setup *setup, const struct dns_run *run,
    int64_t deadline_ms)
{
	struct question *q = calloc(run->n + 1, sizeof *q);
	struct dns d = {.run = run};
	const char *why = "not asked before the deadline";
	size_t asked = 0;
	int status;

	if (q == NULL)
		die(EX_OSERR, "out of memory");
	for (size_t i = 0; i < SOCKETS_MOST; i++)
		d.fds[i].fd = -1;
	status = open_channel(&d, setup);
	if (status == ARES_SUCCESS) {
		asked = drive(&d, setup, q, deadline_ms);
		ares_destroy(d.channel);
	} else {
		why = ares_strerror(status);
	}
	for (size_t i = asked; i < run->n; i++)
		run->got(run->ctx, i, NULL, 0, why);
	free(q);
}
