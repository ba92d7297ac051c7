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
#include "hub/lookup/finder_zone.h"
#include "hub/worker.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/base/signals.h"

void
finder_run(struct arena *a, const struct ask_setup *setup,
    const struct ask *ask, struct ask_answer *answers)
{
	int64_t deadline_ms = clock_mono_ms() + ask->deadline_ms;

	for (size_t i = 0; i < ask->n; i++)
		answers[i] = (struct ask_answer){.batch = ask->batch,
		    .index = (uint16_t)i, .address = ask->addresses[i],
		    .method = ask->method, .state = ASK_FAILED,
		    .why = TEXT("not asked")};
	switch (ask->method) {
	case ASK_ABUSIX:
		finder_zone(a, setup, ask, deadline_ms, answers);
		break;
	case ASK_RDAP:
	case ASK_DNSEL:
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

static int
answer(struct arena *a, const struct ask_setup *setup, const struct ask *ask)
{
	struct ask_answer *answers = arena_array(a, ask->n, sizeof *answers);
	struct buf out = {0};
	int result = 0;

	finder_run(a, setup, ask, answers);
	for (size_t i = 0; i < ask->n && result == 0; i++) {
		ask_pack_answer(&out, &answers[i]);
		if (send(FINDER_FD, out.data, out.n, MSG_NOSIGNAL) !=
		    (ssize_t)out.n)
			result = -1;
	}
	buf_free(&out);
	return result;
}

/* One message; false when there is nothing more to do here. */
static bool
serve(struct worker_context *c, struct ask_setup *setup, int *code)
{
	unsigned char message[ASK_MESSAGE_BYTES + 1];
	ssize_t n = recv(FINDER_FD, message, sizeof message, 0);
	struct ask ask;

	if (n <= 0)
		return n < 0 && errno == EINTR;
	switch (ask_kind(message, (size_t)n)) {
	case ASK_SETUP:
		/* once: it lives as long as we do */
		if (setup->zone == NULL &&
		    ask_unpack_setup(c->settings, message, (size_t)n, setup))
			return true;
		break;
	case ASK_ASK:
		arena_reset(c->arena);
		if (setup->zone != NULL &&
		    ask_unpack_ask(c->arena, message, (size_t)n, &ask))
			return answer(c->arena, setup, &ask) == 0;
		break;
	case ASK_FETCH:
	case ASK_ANSWER:
	case ASK_ITEMS:
	case ASK_FETCHED:
	case ASK_NOTHING:
		break;
	}
	log_error("message not understood bytes=%zd", n);
	*code = EX_PROTOCOL;
	return false;
}

static int
run(struct worker_context *c)
{
	struct ask_setup setup = {0};
	struct pollfd fds[2] = {{.fd = c->signals, .events = POLLIN},
	    {.fd = FINDER_FD, .events = POLLIN}};
	int code = EX_OK;

	if (!has_parent()) {
		log_error("finder is started by lookup, which hands it a "
		          "socket as descriptor 3; run plaintiff-hub lookup");
		return EX_USAGE;
	}
	for (;;) {
		if (poll(fds, 2, -1) < 0)
			continue;
		/* SIGHUP is lookup's: it starts us anew */
		if (fds[0].revents != 0 &&
		    signals_next(c->signals) == SIGNALS_STOP)
			return EX_OK;
		if (fds[1].revents != 0 && !serve(c, &setup, &code))
			return code;
	}
}

const struct worker worker_finder = {
    .name = "finder",
    .what = "asks the network for contacts; started by lookup, not by hand",
    .without_db = true,
    .run = run,
};
