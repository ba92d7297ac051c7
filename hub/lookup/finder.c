/*
 * Stage finder: the child of lookup that faces the network.  Reads its
 * settings and its questions from a socketpair and answers there; see
 * ask.h for what is said.  It is started by lookup only.
 */
#include "hub/lookup/finder.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>

#include "hub/lookup/ask.h"
#include "hub/lookup/finder_exit.h"
#include "hub/lookup/finder_list.h"
#include "hub/lookup/finder_mx.h"
#include "hub/lookup/finder_web.h"
#include "hub/lookup/finder_zone.h"
#include "hub/lookup/web.h"
#include "hub/worker.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/base/signals.h"

/* What lives as long as the process. */
struct finder {
	struct arena *settings; /* of setup */
	struct ask_setup setup; /* zone NULL: not told yet */
	struct web *web;        /* keeps the pace of each server */
};

/* Asks for all addresses of the ask at once and fills answers[0..n-1], each
 * FAILED that is not settled when deadline_ms have passed. */
static void
find(struct finder *f, struct arena *a, const struct ask *ask,
    struct ask_answer *answers)
{
	int64_t deadline_ms = clock_mono_ms() + ask->deadline_ms;

	for (size_t i = 0; i < ask->n; i++)
		answers[i] = (struct ask_answer){.batch = ask->batch,
		    .index = (uint16_t)i, .address = ask->addresses[i],
		    .method = ask->method, .state = ASK_FAILED,
		    .why = TEXT("not asked")};
	switch (ask->method) {
	case ASK_ABUSIX:
		finder_zone(a, &f->setup, ask, deadline_ms, answers);
		break;
	case ASK_RDAP:
		finder_web(a, f->web, ask, deadline_ms, answers);
		break;
	case ASK_DNSEL:
		finder_exit(a, &f->setup, ask, deadline_ms, answers);
		break;
	case ASK_METHODS:
		break;
	}
}

/* Started by lookup, and not by hand? */
static bool
has_parent(void)
{
	int domain = 0, type = 0;
	socklen_t n = sizeof domain;

	if (getsockopt(FINDER_FD, SOL_SOCKET, SO_DOMAIN, &domain, &n) < 0)
		return false;
	n = sizeof type;
	return getsockopt(FINDER_FD, SOL_SOCKET, SO_TYPE, &type, &n) == 0 &&
	    domain == AF_UNIX && type == SOCK_SEQPACKET;
}

static bool
tell(const struct buf *message)
{
	return send(FINDER_FD, message->data, message->n, MSG_NOSIGNAL) ==
	    (ssize_t)message->n;
}

static bool
answer(struct finder *f, struct arena *a, const struct ask *ask)
{
	struct ask_answer *answers = arena_array(a, ask->n, sizeof *answers);
	struct buf out = {0};
	bool heard = true;

	find(f, a, ask, answers);
	for (size_t i = 0; i < ask->n && heard; i++) {
		ask_pack_answer(&out, &answers[i]);
		heard = tell(&out);
	}
	buf_free(&out);
	return heard;
}

static bool
answer_hosts(struct finder *f, struct arena *a, const struct ask_domains *ask)
{
	struct ask_host *hosts = arena_array(a, ask->n, sizeof *hosts);
	struct buf out = {0};
	bool heard = true;

	finder_mx(a, &f->setup, ask, clock_mono_ms() + ask->deadline_ms,
	    hosts);
	for (size_t i = 0; i < ask->n && heard; i++) {
		ask_pack_host(&out, &hosts[i]);
		heard = tell(&out);
	}
	buf_free(&out);
	return heard;
}

static bool
tell_items(const struct ask_items *items)
{
	struct buf out = {0};
	bool heard;

	ask_pack_items(&out, items);
	heard = tell(&out);
	buf_free(&out);
	return heard;
}

static bool
fetch(struct finder *f, struct arena *a, const struct ask_fetch *wanted)
{
	struct ask_fetched end;
	struct buf out = {0};
	bool heard;

	finder_list(a, f->web, wanted, clock_mono_ms() + wanted->deadline_ms,
	    tell_items, &end);
	ask_pack_fetched(&out, &end);
	heard = tell(&out);
	buf_free(&out);
	return heard;
}

/* Once: it lives as long as we do. */
static bool
set_up(struct finder *f, const void *message, size_t n)
{
	if (f->setup.zone != NULL ||
	    !ask_unpack_setup(f->settings, message, n, &f->setup))
		return false;
	f->web = finder_web_open(&f->setup);
	return true;
}

/* One message; false when there is nothing more to do here. */
static bool
serve(struct worker_context *c, struct finder *f, int *code)
{
	static unsigned char message[ASK_MESSAGE_BYTES + 1];
	static struct ask ask;
	static struct ask_domains domains;
	ssize_t n = recv(FINDER_FD, message, sizeof message, 0);
	struct ask_fetch wanted;

	if (n <= 0)
		return n < 0 && errno == EINTR;
	arena_reset(c->arena);
	switch (ask_kind(message, (size_t)n)) {
	case ASK_SETUP:
		if (set_up(f, message, (size_t)n))
			return true;
		break;
	case ASK_ASK:
		if (f->web != NULL &&
		    ask_unpack_ask(c->arena, message, (size_t)n, &ask))
			return answer(f, c->arena, &ask);
		break;
	case ASK_FETCH:
		if (f->web != NULL &&
		    ask_unpack_fetch(c->arena, message, (size_t)n, &wanted))
			return fetch(f, c->arena, &wanted);
		break;
	case ASK_DOMAINS:
		if (f->web != NULL && ask_unpack_domains(c->arena, message,
		                          (size_t)n, &domains))
			return answer_hosts(f, c->arena, &domains);
		break;
	case ASK_ANSWER:
	case ASK_HOST:
	case ASK_ITEMS:
	case ASK_FETCHED:
	case ASK_NOTHING:
		break;
	}
	log_error("message not understood bytes=%zd", n);
	*code = EX_PROTOCOL;
	return false;
}

/* Until there is nobody to serve; the exit code. */
static int
listen_on(struct worker_context *c, struct finder *f)
{
	struct pollfd fds[2] = {{.fd = c->signals, .events = POLLIN},
	    {.fd = FINDER_FD, .events = POLLIN}};
	int code = EX_OK;

	for (;;) {
		if (poll(fds, 2, -1) < 0)
			continue;
		/* SIGHUP is lookup's: it starts us anew */
		if (fds[0].revents != 0 &&
		    signals_next(c->signals) == SIGNALS_STOP)
			return EX_OK;
		if (fds[1].revents != 0 && !serve(c, f, &code))
			return code;
	}
}

static int
run(struct worker_context *c)
{
	struct finder f = {.settings = c->settings};
	int code;

	if (!has_parent()) {
		log_error("finder is started by lookup, which hands it a "
		          "socket as descriptor 3; run plaintiff-hub lookup");
		return EX_USAGE;
	}
	code = listen_on(c, &f);
	web_close(f.web);
	return code;
}

const struct worker worker_finder = {
    .name = "finder",
    .what = "asks the network for contacts; started by lookup, not by hand",
    .without_db = true,
    .run = run,
};
