/* DNS questions by c-ares; see dns.h. */
#include "hub/lookup/dns.h"

#include <assert.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/time.h>

#include <ares.h>

#include "hub/lookup/ask.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"

enum {
	TYPE_TXT = 16,
	CLASS_IN = 1,
	EDNS_BYTES = 1232, /* fits any path without fragments */
	BUFFER_BYTES = 1 << 20, /* of a socket; the default has no room for the
	                           answers of as many questions as are under
	                           way, and one lost costs a whole timeout */
	OWN_SOCKETS_MOST = 256, /* questions with a socket of their own */
	SOCKETS_MOST = 4 * ASK_SERVERS_MOST + 2 * OWN_SOCKETS_MOST,
};

struct dns;

/* One question under way; the argument of its callback. */
struct question {
	struct dns *dns;
	const char *name;
	struct dns_answer *answer;
};

struct dns {
	struct arena *arena;   /* of the answers */
	struct arena *scratch; /* of one message's parsing */
	ares_channel channel;
	struct pollfd fds[SOCKETS_MOST]; /* c-ares' own sockets; fd -1: free */
	size_t under_way;
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

static struct txt
txt_copy(struct arena *a, const struct txt *from)
{
	struct txt to = *from;

	to.at = arena_array(a, from->n + 1, sizeof *to.at);
	for (size_t i = 0; i < from->n; i++)
		to.at[i] = (struct text){
		    .at = arena_copy(a, from->at[i].at, from->at[i].n),
		    .n = from->at[i].n};
	return to;
}

/* Nothing but notes the answer: no call back into c-ares from here
 * (CVE-2026-33630).  Only statuses that come with a whole message are read;
 * the message alone decides what they mean. */
static void
on_answer(void *arg, int status, int timeouts, unsigned char *message, int n)
{
	struct question *q = arg;
	struct dns_answer *out = q->answer;
	struct dns *d = q->dns;

	(void)timeouts;
	d->under_way--;
	out->result = TXT_FAILED;
	out->why = ares_strerror(status);
	if (status != ARES_SUCCESS && status != ARES_ENODATA &&
	    status != ARES_ENOTFOUND)
		return;
	if (message == NULL || n <= 0) {
		out->why = "no answer";
		return;
	}
	out->result = txt_parse(d->scratch, message, (size_t)n, q->name,
	    &out->txt, &out->why);
	out->txt = txt_copy(d->arena, &out->txt);
	arena_reset(d->scratch);
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

static void
drive(struct dns *d, const struct ask_setup *setup, struct question *q,
    size_t n, int64_t deadline_ms)
{
	size_t next = 0;

	while ((next < n || d->under_way > 0) &&
	    clock_mono_ms() < deadline_ms) {
		for (; next < n && d->under_way < setup->parallel; next++) {
			d->under_way++;
			ares_query(d->channel, q[next].name, CLASS_IN,
			    TYPE_TXT, on_answer, &q[next]);
		}
		if (d->under_way > 0)
			turn(d, deadline_ms);
	}
	ares_cancel(d->channel);
	assert(d->under_way == 0);
}

void
dns_run(struct arena *a, const struct ask_setup *setup,
    const char *const *names, size_t n, int64_t deadline_ms,
    struct dns_answer *out)
{
	struct question *q = arena_array(a, n, sizeof *q);
	struct dns d = {.arena = a, .scratch = arena_open(0)};
	int status;

	for (size_t i = 0; i < SOCKETS_MOST; i++)
		d.fds[i].fd = -1;
	for (size_t i = 0; i < n; i++) {
		q[i] = (struct question){&d, names[i], &out[i]};
		out[i] = (struct dns_answer){.result = TXT_FAILED,
		    .why = "not asked before the deadline"};
	}
	status = open_channel(&d, setup);
	if (status == ARES_SUCCESS) {
		drive(&d, setup, q, n, deadline_ms);
		ares_destroy(d.channel);
	}
	for (size_t i = 0; status != ARES_SUCCESS && i < n; i++)
		out[i].why = ares_strerror(status);
	arena_close(d.scratch);
}
