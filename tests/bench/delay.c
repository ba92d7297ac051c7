/*
 * Holds back the answers of a DNS server: a relay of UDP datagrams on a
 * loopback port, with a fixed delay on the way back, for as many questions at
 * once as there are ids.  What a distant server is to a resolver, where no
 * kernel can be asked to delay packets.
 *
 *   delay SERVER_PORT DELAY_MS
 *
 * prints its port and runs until it is ended.
 */
#include <arpa/inet.h>
#include <err.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

enum {
	IDS = 65536,
	HELD_MOST = IDS,
	MESSAGE_BYTES = 1500,
	BUFFER_BYTES = 8 << 20,
};

/* Whose question has this id at the server. */
struct asked {
	struct sockaddr_in from;
	uint8_t id[2];
};

struct held {
	int64_t due_us;
	struct sockaddr_in to;
	size_t n;
	uint8_t at[MESSAGE_BYTES];
};

struct delay {
	int front, back;
	int64_t delay_us;
	struct asked *asked; /* by id */
	unsigned next;       /* id */
	struct held *held;   /* a ring; all wait equally long */
	unsigned first, count;
};

static int64_t
now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static struct sockaddr_in
loopback(unsigned port)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	return in;
}

static int
open_socket(void)
{
	int size = BUFFER_BYTES, fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0)
		err(EX_OSERR, "socket");
	/* less is granted; the default loses bursts */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	return fd;
}

static void
start(struct delay *d, unsigned server_port)
{
	struct sockaddr_in server = loopback(server_port), own = loopback(0);
	socklen_t n = sizeof own;

	d->front = open_socket();
	d->back = open_socket();
	if (bind(d->front, (struct sockaddr *)&own, sizeof own) < 0 ||
	    getsockname(d->front, (struct sockaddr *)&own, &n) < 0 ||
	    connect(d->back, (struct sockaddr *)&server, sizeof server) < 0)
		err(EX_OSERR, "loopback");
	d->asked = calloc(IDS, sizeof *d->asked);
	d->held = calloc(HELD_MOST, sizeof *d->held);
	if (d->asked == NULL || d->held == NULL)
		err(EX_OSERR, "memory");
	printf("%u\n", (unsigned)ntohs(own.sin_port));
	(void)fflush(stdout);
}

/* Questions that have come, on to the server. */
static void
forward(struct delay *d)
{
	uint8_t message[MESSAGE_BYTES];
	struct asked from;
	socklen_t length = sizeof from.from;
	ssize_t n;

	while ((n = recvfrom(d->front, message, sizeof message, MSG_DONTWAIT,
	            (struct sockaddr *)&from.from, &length)) >= 2) {
		unsigned id = d->next++ % IDS;

		memcpy(from.id, message, 2);
		d->asked[id] = from;
		message[0] = (uint8_t)(id >> 8);
		message[1] = (uint8_t)id;
		(void)send(d->back, message, (size_t)n, 0);
	}
}

/* Answers that have come, to be held. */
static void
hold(struct delay *d)
{
	while (d->count < HELD_MOST) {
		struct held *h = &d->held[(d->first + d->count) % HELD_MOST];
		ssize_t n = recv(d->back, h->at, sizeof h->at, MSG_DONTWAIT);
		const struct asked *asked;

		if (n < 2)
			return;
		asked = &d->asked[h->at[0] << 8 | h->at[1]];
		memcpy(h->at, asked->id, 2);
		h->to = asked->from;
		h->n = (size_t)n;
		h->due_us = now_us() + d->delay_us;
		d->count++;
	}
}

/* Answers that are due; returns when the next one is, -1 for none. */
static int64_t
release(struct delay *d)
{
	int64_t now = now_us();

	for (; d->count > 0; d->count--, d->first++) {
		struct held *h = &d->held[d->first % HELD_MOST];

		if (h->due_us > now)
			return h->due_us - now;
		(void)sendto(d->front, h->at, h->n, 0,
		    (struct sockaddr *)&h->to, sizeof h->to);
	}
	return -1;
}

int
main(int argc, char **argv)
{
	struct delay d = {0};
	int64_t wait_us;

	if (argc != 3)
		errx(EX_USAGE, "usage: delay SERVER_PORT DELAY_MS");
	d.delay_us = strtoll(argv[2], NULL, 10) * 1000;
	start(&d, (unsigned)strtoul(argv[1], NULL, 10));
	for (;;) {
		struct pollfd fds[2] = {{.fd = d.front, .events = POLLIN},
		    {.fd = d.back, .events = POLLIN}};
		struct timespec t;

		wait_us = release(&d);
		t = (struct timespec){.tv_sec = wait_us / 1000000,
		    .tv_nsec = wait_us % 1000000 * 1000};
		if (ppoll(fds, 2, wait_us < 0 ? NULL : &t, NULL) < 0)
			err(EX_OSERR, "poll");
		forward(&d);
		hold(&d);
	}
}
