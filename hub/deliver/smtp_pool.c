/*
 * Several connections to the relay, each with at most one mail; see smtp.h.
 * Waits for all of them at once: for those that libcurl is making by libcurl,
 * for the others by epoll, since hundreds that have nothing to say shall cost
 * nothing.
 */
#include <assert.h>
#include <curl/curl.h>
#include <poll.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sysexits.h>
#include <unistd.h>

#include "hub/deliver/smtp.h"
#include "hub/deliver/smtp_connection.h"
#include "hub/deliver/smtp_talk.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"
#include "proto/base/die.h"

enum {
	TICK_MS = 1000,
	LIFE_MS = 60 * 1000, /* no connection begins a mail when it is older */
	PIECE_BYTES = 16384,
	EVENTS = 64,
	MAIL_EXTRA_MS = 300 * 1000,
};

enum slot_state {
	SLOT_IDLE,       /* connected or not */
	SLOT_CONNECTING, /* with a mail that waits for it */
	SLOT_TALKING,
};

struct slot {
	enum slot_state state;
	struct arena *a; /* of the mail under way */
	struct smtp_connection connection;
	bool reset; /* the session needs RSET */
	bool full;  /* epoll tells when more can be written */
	struct smtp_ask ask;
	struct smtp_talk talk;
	int64_t reply_ms, mail_ms; /* until when to wait */
};

struct smtp_pool {
	struct arena *a;
	struct smtp_relay relay;
	const char *url;
	bool tls;
	CURLM *multi;
	int epoll;
	struct slot *slots;
	size_t most, connecting, talking;
	/* over, and not yet told of; there is room for `most` */
	struct smtp_done *done;
	size_t done_count;
};

struct smtp_pool *
smtp_pool_open(const struct smtp_relay *relay, size_t most)
{
	struct arena *a = arena_open(0);
	struct smtp_pool *p = arena_alloc(a, sizeof *p);

	p->a = a;
	p->most = most;
	p->relay = *relay;
	p->relay.ca = arena_string(a, relay->ca);
	p->relay.user = arena_string(a, relay->user);
	p->relay.password = arena_string(a, relay->password);
	p->url = smtp_connection_url(relay, a);
	p->tls = relay->starttls || strncasecmp(relay->url, "smtps:", 6) == 0;
	p->multi = curl_multi_init();
	if (p->multi == NULL)
		die(EX_OSERR, "out of memory");
	p->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (p->epoll < 0)
		die(EX_OSERR, "cannot wait for connections");
	p->done = arena_array(a, most, sizeof *p->done);
	p->slots = arena_array(a, most, sizeof *p->slots);
	for (size_t i = 0; i < most; i++)
		p->slots[i].a = arena_open(0);
	return p;
}

void
smtp_pool_close(struct smtp_pool *pool)
{
	if (pool == NULL)
		return;
	assert(smtp_pool_busy(pool) == 0);
	for (size_t i = 0; i < pool->most; i++) {
		smtp_connection_end(&pool->slots[i].connection, true);
		arena_close(pool->slots[i].a);
	}
	(void)curl_multi_cleanup(pool->multi);
	(void)close(pool->epoll);
	arena_close(pool->a);
}

size_t
smtp_pool_busy(const struct smtp_pool *pool)
{
	return pool->connecting + pool->talking + pool->done_count;
}

size_t
smtp_pool_room(const struct smtp_pool *pool)
{
	return pool->most - smtp_pool_busy(pool);
}

/* epoll's word about a connection. */
static void
watch(struct smtp_pool *p, struct slot *s, int op, bool full)
{
	struct epoll_event e = {.data.ptr = s,
	    .events = EPOLLIN | EPOLLRDHUP | (full ? EPOLLOUT : 0U)};

	if (epoll_ctl(p->epoll, op, s->connection.fd, &e) < 0)
		die(EX_OSERR, "cannot wait for a connection");
	s->full = full;
}

/* libcurl may keep the socket a little. */
static void
end(struct smtp_pool *p, struct slot *s, bool polite)
{
	if (s->connection.fd != CURL_SOCKET_BAD)
		(void)epoll_ctl(p->epoll, EPOLL_CTL_DEL, s->connection.fd,
		    NULL);
	smtp_connection_end(&s->connection, polite);
}

/* The mail of a slot is over. */
static void
settle(struct smtp_pool *p, struct slot *s)
{
	if (s->state == SLOT_CONNECTING)
		p->connecting--;
	else
		p->talking--;
	s->state = SLOT_IDLE;
	s->reset = s->talk.reset;
	if (!s->talk.usable)
		end(p, s, false);
	else if (s->full)
		watch(p, s, EPOLL_CTL_MOD, false);
	p->done[p->done_count++] = s->talk.done;
}

/* Writes what can be written.  False: the connection is gone. */
static bool
write_some(struct slot *s, bool *any)
{
	struct text out;
	size_t n;

	while ((out = smtp_talk_out(&s->talk)).n != 0) {
		CURLcode r;

		smtp_talk_writing(&s->talk);
		r = curl_easy_send(s->connection.curl, out.at, out.n, &n);
		if (r == CURLE_AGAIN)
			smtp_talk_wrote(&s->talk, 0);
		if (r != CURLE_OK)
			return r == CURLE_AGAIN;
		smtp_talk_wrote(&s->talk, n);
		*any = true;
	}
	return true;
}

/* Reads a piece, or all that is there.  False: the connection is gone. */
static bool
read_some(struct slot *s, bool all, bool *any)
{
	char piece[PIECE_BYTES];
	size_t n;

	do {
		CURLcode r = curl_easy_recv(s->connection.curl, piece,
		    sizeof piece, &n);

		if (r == CURLE_AGAIN)
			return true;
		if (r != CURLE_OK || n == 0)
			return false;
		*any = true;
		smtp_talk_in(&s->talk, piece, n);
	} while (all && !s->talk.over);
	return true;
}

/* readable: there may be something to read; closing: and the end behind it.
 * What is left in the socket, epoll tells again, but not what TLS has taken
 * out of it already. */
static void
go_on(struct smtp_pool *p, struct slot *s, bool readable, bool closing)
{
	bool any, alive = true;

	do {
		any = false;
		if (readable)
			alive = read_some(s, p->tls || closing, &any);
		if (alive && !s->talk.over && !write_some(s, &any)) {
			/* who has said no may have closed behind it */
			(void)read_some(s, true, &any);
			alive = false;
		}
		if (any)
			s->reply_ms = clock_mono_ms() +
			    1000 * p->relay.timeout_s;
		readable = true;
	} while (p->tls && any && alive && !s->talk.over);
	if (!alive && !s->talk.over)
		smtp_talk_cut(&s->talk, "the connection broke");
	if (s->talk.over)
		settle(p, s);
	else if (s->full != (smtp_talk_out(&s->talk).n != 0))
		watch(p, s, EPOLL_CTL_MOD, !s->full);
}

static void
talk(struct smtp_pool *p, struct slot *s)
{
	int64_t timeout_ms = 1000 * p->relay.timeout_s;

	smtp_talk_begin(&s->talk, &s->ask, s->connection.pipelining, s->reset,
	    s->a);
	s->reply_ms = clock_mono_ms() + timeout_ms;
	/* a server that takes a byte now and then must not hold us for ever */
	s->mail_ms = clock_mono_ms() + 2 * timeout_ms + MAIL_EXTRA_MS;
	s->state = SLOT_TALKING;
	p->talking++;
	go_on(p, s, false, false);
}

/* An idle connection may have ended, or the server said good-bye. */
static bool
is_fresh(struct slot *s)
{
	return clock_mono_ms() - s->connection.opened_ms < LIFE_MS &&
	    smtp_connection_is_quiet(&s->connection);
}

static struct slot *
free_slot(struct smtp_pool *p)
{
	struct slot *found = NULL;

	for (size_t i = 0; i < p->most; i++) {
		struct slot *s = &p->slots[i];

		if (s->state != SLOT_IDLE)
			continue;
		if (s->connection.curl != NULL)
			return s;
		if (found == NULL)
			found = s;
	}
	return found;
}

void
smtp_pool_add(struct smtp_pool *pool, const struct smtp_ask *ask)
{
	struct slot *s = free_slot(pool);

	assert(s != NULL);
	arena_reset(s->a);
	s->ask = (struct smtp_ask){
	    .sender = arena_string(s->a, ask->sender),
	    .recipient = arena_string(s->a, ask->recipient),
	    .mail = {.at = arena_copy(s->a, ask->mail.at, ask->mail.n),
	        .n = ask->mail.n},
	    .tag = ask->tag,
	};
	s->talk = (struct smtp_talk){0};
	if (s->connection.curl != NULL && !is_fresh(s))
		end(pool, s, true);
	if (s->connection.curl != NULL) {
		talk(pool, s);
		return;
	}
	s->reset = false;
	s->state = SLOT_CONNECTING;
	pool->connecting++;
	smtp_connection_begin(&s->connection, pool->multi, pool->url,
	    &pool->relay);
}

static void
give_up(struct smtp_pool *p, struct slot *s, const char *why)
{
	/* nothing of it was said yet */
	if (s->state == SLOT_CONNECTING)
		smtp_talk_begin(&s->talk, &s->ask, false, false, s->a);
	smtp_talk_cut(&s->talk, why);
	settle(p, s);
}

/* A connection is made, or is not. */
static void
connected(struct smtp_pool *p, struct slot *s, CURLcode result)
{
	const char *why;

	if (!smtp_connection_made(&s->connection, result, &why)) {
		give_up(p, s, why);
	} else if (p->relay.user[0] != '\0' && !s->connection.auth) {
		give_up(p, s, "the relay offers no authentication");
	} else {
		watch(p, s, EPOLL_CTL_ADD, false);
		p->connecting--;
		talk(p, s);
	}
}

static struct slot *
slot_of(struct smtp_pool *p, const CURL *curl)
{
	for (size_t i = 0; i < p->most; i++)
		if (p->slots[i].connection.curl == curl)
			return &p->slots[i];
	return NULL;
}

static void
take_connections(struct smtp_pool *p)
{
	int running, left;
	CURLMsg *m;

	if (p->connecting == 0)
		return;
	if (curl_multi_perform(p->multi, &running) != CURLM_OK)
		die(EX_SOFTWARE, "libcurl stops");
	while ((m = curl_multi_info_read(p->multi, &left)) != NULL) {
		struct slot *s = slot_of(p, m->easy_handle);

		if (m->msg == CURLMSG_DONE && s != NULL &&
		    s->state == SLOT_CONNECTING)
			connected(p, s, m->data.result);
	}
}

int
smtp_pool_fd(const struct smtp_pool *pool)
{
	return pool->epoll;
}

void
smtp_pool_go(struct smtp_pool *pool)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(pool->epoll, events, EVENTS, 0);

	for (int i = 0; i < n; i++) {
		struct slot *s = events[i].data.ptr;

		if (s->state == SLOT_TALKING)
			go_on(pool, s, true,
			    (events[i].events & (EPOLLRDHUP | EPOLLHUP |
			        EPOLLERR)) != 0);
		else /* it speaks unasked, or is gone */
			end(pool, s, false);
	}
}

static void
look_at_clock(struct smtp_pool *p)
{
	int64_t now = clock_mono_ms();

	for (size_t i = 0; i < p->most; i++) {
		struct slot *s = &p->slots[i];

		if (s->state == SLOT_TALKING &&
		    (now >= s->reply_ms || now >= s->mail_ms))
			give_up(p, s, "no answer in time");
	}
}

static size_t
collect(struct smtp_pool *p, struct smtp_done *done, size_t most)
{
	size_t n = p->done_count < most ? p->done_count : most;

	memcpy(done, p->done, n * sizeof *done);
	p->done_count -= n;
	memmove(p->done, p->done + n, p->done_count * sizeof *done);
	return n;
}

/* True: a stop is asked for. */
static bool
wait_a_little(struct smtp_pool *p, int wait_ms, int stop_fd)
{
	struct curl_waitfd waits[2] = {
	    {.fd = p->epoll, .events = CURL_WAIT_POLLIN},
	    {.fd = stop_fd, .events = CURL_WAIT_POLLIN},
	};
	struct pollfd fds[2] = {
	    {.fd = p->epoll, .events = POLLIN},
	    {.fd = stop_fd, .events = POLLIN},
	};

	if (p->connecting == 0)
		return poll(fds, 2, wait_ms) > 0 && fds[1].revents != 0;
	(void)curl_multi_poll(p->multi, waits, stop_fd < 0 ? 1 : 2, wait_ms,
	    NULL);
	return stop_fd >= 0 && waits[1].revents != 0;
}

static void
stop(struct smtp_pool *p)
{
	for (size_t i = 0; i < p->most; i++) {
		struct slot *s = &p->slots[i];

		if (s->state == SLOT_CONNECTING ||
		    (s->state == SLOT_TALKING &&
		        !smtp_talk_has_begun(&s->talk)))
			give_up(p, s, "stopped before it was sent");
	}
}

size_t
smtp_pool_wait(struct smtp_pool *pool, int wait_ms, int stop_fd,
    struct smtp_done *done, size_t most)
{
	int64_t end_ms = clock_mono_ms() + wait_ms;
	bool stopping = false;

	for (;;) {
		int64_t left = end_ms - clock_mono_ms();

		take_connections(pool);
		smtp_pool_go(pool);
		look_at_clock(pool);
		if (pool->done_count != 0 || smtp_pool_busy(pool) == 0 ||
		    (left <= 0 && !stopping))
			return collect(pool, done, most);
		if (wait_a_little(pool,
		        left <= 0 || left > TICK_MS ? TICK_MS : (int)left,
		        stopping ? -1 : stop_fd)) {
			stopping = true;
			stop(pool);
		}
	}
}

void
smtp_visit(const struct smtp_relay *relay)
{
	struct smtp_pool *p = smtp_pool_open(relay, 1);
	struct smtp_connection *c = &p->slots[0].connection;
	int running = 1, left;
	CURLMsg *m;
	const char *why;

	smtp_connection_begin(c, p->multi, p->url, &p->relay);
	while (running != 0 &&
	    curl_multi_perform(p->multi, &running) == CURLM_OK)
		(void)curl_multi_poll(p->multi, NULL, 0,
		    running == 0 ? 0 : TICK_MS, NULL);
	m = curl_multi_info_read(p->multi, &left);
	if (m != NULL)
		(void)smtp_connection_made(c, m->data.result, &why);
	smtp_pool_close(p);
}
