/* lookup's side of its child; see child.h. */
#include "hub/lookup/child.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "hub/lookup/ask.h"
#include "hub/lookup/finder.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"
#include "proto/base/clock.h"
#include "proto/base/die.h"
#include "proto/base/log.h"
#include "proto/base/signals.h"

enum { GRACE_MS = 1000, PATIENCE_MS = 500 };

struct child {
	pid_t pid; /* 0: none */
	int fd;
	uint32_t batch;
	struct buf setup; /* as the process was told */
};

struct child *
child_open(void)
{
	struct child *c = calloc(1, sizeof *c);

	if (c == NULL)
		die(EX_OSERR, "out of memory");
	c->fd = -1;
	return c;
}

/* Ends the process: it goes by itself when its socket closes, or is killed
 * after patience_ms. */
static void
end(struct child *c, int64_t patience_ms)
{
	int64_t until_ms = clock_mono_ms() + patience_ms;
	int status = 0;

	if (c->pid == 0)
		return;
	close(c->fd);
	while (waitpid(c->pid, &status, WNOHANG) == 0) {
		if (clock_mono_ms() >= until_ms)
			(void)kill(c->pid, SIGKILL);
		(void)poll(NULL, 0, 5);
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) != EX_OK)
		log_warning("finder ended status=%d", WEXITSTATUS(status));
	c->pid = 0;
	c->fd = -1;
}

void
child_close(struct child *c)
{
	if (c == NULL)
		return;
	end(c, PATIENCE_MS);
	buf_free(&c->setup);
	free(c);
}

/* Becomes the finder: nothing of ours goes with it but the socket and the
 * log.  Only calls that are safe after fork. */
_Noreturn static void
become(const char *program, int fd, pid_t parent)
{
	char *argv[] = {(char *)(uintptr_t)program, (char[]){"finder"}, NULL};
	char *envp[] = {NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EX_OK);
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
		_exit(EX_OSERR);
	/* dup2 onto itself would keep close-on-exec */
	if (fd == FINDER_FD ? fcntl(fd, F_SETFD, 0) < 0
	                    : dup2(fd, FINDER_FD) < 0)
		_exit(EX_OSERR);
	if (close_range(FINDER_FD + 1, ~0U, 0) < 0)
		_exit(EX_OSERR);
	signals_restore();
	execve(program, argv, envp);
	_exit(EX_OSERR);
}

static int
start(struct child *c, const char *program)
{
	pid_t parent = getpid(), pid;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		log_error("cannot make a socketpair: %s", strerror(errno));
		return -1;
	}
	pid = fork();
	if (pid == 0)
		become(program, pair[1], parent);
	close(pair[1]);
	if (pid < 0) {
		log_error("cannot fork for finder: %s", strerror(errno));
		close(pair[0]);
		return -1;
	}
	c->pid = pid;
	c->fd = pair[0];
	return 0;
}

static int
tell(struct child *c, const struct buf *message)
{
	return send(c->fd, message->data, message->n,
	           MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)message->n
	    ? 0
	    : -1;
}

/* A running child that was told this setup. */
static int
ready(struct child *c, const struct child_terms *terms)
{
	struct buf message = {0};
	int result = 0;

	ask_pack_setup(&message, terms->setup);
	if (message.n != c->setup.n ||
	    memcmp(message.data, c->setup.data, message.n) != 0)
		end(c, PATIENCE_MS);
	if (c->pid == 0) {
		buf_reset(&c->setup);
		buf_add(&c->setup, message.data, message.n);
		result = start(c, terms->program) == 0 ? tell(c, &message)
		                                       : -1;
	}
	buf_free(&message);
	return result;
}

/* ---- waiting ---- */

/* Signals that came while we waited. */
struct interrupt {
	int signals;
	bool stop, reload;
};

static bool
interrupt_stops(struct interrupt *i)
{
	switch (signals_next(i->signals)) {
	case SIGNALS_STOP:
		i->stop = true;
		break;
	case SIGNALS_RELOAD:
		i->reload = true;
		break;
	case SIGNALS_CHILD: /* the socket tells */
	case SIGNALS_NONE:
		break;
	}
	return i->stop;
}

/* Makes them pending again, for the loop that acts on them between two steps
 * (they are blocked, so that nothing happens here). */
static void
interrupt_return(const struct interrupt *i)
{
	if (i->stop)
		(void)raise(SIGTERM);
	if (i->reload)
		(void)raise(SIGHUP);
}

enum received {
	RECEIVED,         /* one message, as it should be */
	RECEIVED_NOTHING, /* none there now */
	RECEIVED_WRONG,
	RECEIVED_END,
};

/* What is waited for: takes one message of the child and says whether that
 * was as it should be; *done when it was the last. */
struct waited {
	bool (*take)(void *ctx, const void *message, size_t n, bool *done);
	void *ctx;
};

static enum received
receive(struct child *c, const struct waited *w, bool *done)
{
	static unsigned char message[ASK_MESSAGE_BYTES + 1];
	ssize_t got = recv(c->fd, message, sizeof message, MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return RECEIVED_NOTHING;
	if (got <= 0)
		return RECEIVED_END;
	return w->take(w->ctx, message, (size_t)got, done) ? RECEIVED
	                                                   : RECEIVED_WRONG;
}

/* Until it is done; otherwise *why says what came between, NULL for a stop. */
static bool
collect(struct child *c, const struct waited *w, int64_t end_ms,
    struct interrupt *interrupt, const char **why)
{
	struct pollfd fds[2] = {{.fd = c->fd, .events = POLLIN},
	    {.fd = interrupt->signals, .events = POLLIN}};

	for (bool done = false; !done;) {
		enum received r = receive(c, w, &done);
		int64_t wait_ms = end_ms - clock_mono_ms();

		if (r == RECEIVED_WRONG)
			log_error("finder broke its protocol: it is ended");
		*why = "finder ended";
		if (r == RECEIVED_WRONG || r == RECEIVED_END)
			return false;
		if (r == RECEIVED)
			continue;
		*why = "finder did not answer in time";
		if (wait_ms <= 0)
			return false;
		(void)poll(fds, 2, (int)wait_ms);
		*why = NULL;
		if (fds[1].revents != 0 && interrupt_stops(interrupt))
			return false;
	}
	return true;
}

/* Sends a question and waits; a child that did not do as it should is ended,
 * and *why says what happened. */
static enum child_result
converse(struct child *c, const struct child_terms *terms,
    const struct buf *message, const struct waited *w, uint32_t deadline_ms,
    const char **why)
{
	struct interrupt interrupt = {.signals = terms->signals};
	bool done;

	*why = "finder ended";
	if (ready(c, terms) < 0) {
		end(c, 0);
		return CHILD_NOT_THERE;
	}
	done = tell(c, message) == 0 &&
	    collect(c, w, clock_mono_ms() + deadline_ms + GRACE_MS,
	        &interrupt, why);
	interrupt_return(&interrupt);
	if (done) {
		*why = NULL;
		return CHILD_ANSWERED;
	}
	/* late answers must not meet the next questions */
	end(c, 0);
	if (*why == NULL)
		return CHILD_STOPPED;
	log_warning("finder failed why=\"%s\"", *why);
	return CHILD_ANSWERED;
}

/* ---- addresses ---- */

struct answers {
	struct arena *arena;
	const struct ask *ask;
	struct ask_answer *at;
	size_t left;
};

/* A well-formed answer to a question of this batch that has none yet, for
 * the very address asked. */
static bool
take_answer(void *ctx, const void *message, size_t n, bool *done)
{
	struct answers *s = ctx;
	struct ask_answer got;

	if (!ask_unpack_answer(s->arena, message, n, &got) ||
	    got.batch != s->ask->batch || got.index >= s->ask->n ||
	    got.method != s->ask->method ||
	    !addr_equal(&got.address, &s->ask->addresses[got.index]) ||
	    s->at[got.index].state != 0)
		return false;
	s->at[got.index] = got;
	*done = --s->left == 0;
	return true;
}

enum child_result
child_ask(struct child *c, struct arena *a, const struct child_terms *terms,
    struct ask *ask, struct ask_answer *answers)
{
	struct answers s = {.arena = a, .ask = ask, .at = answers,
	    .left = ask->n};
	struct waited w = {.take = take_answer, .ctx = &s};
	struct buf message = {0};
	enum child_result r;
	const char *why;

	assert(ask->n > 0 && ask->n <= ASK_MOST);
	memset(answers, 0, ask->n * sizeof *answers);
	ask->batch = ++c->batch;
	ask_pack_ask(&message, ask);
	r = converse(c, terms, &message, &w, ask->deadline_ms, &why);
	buf_free(&message);
	for (size_t i = 0; r == CHILD_ANSWERED && i < ask->n; i++)
		if (answers[i].state == 0)
			answers[i] = (struct ask_answer){.batch = ask->batch,
			    .index = (uint16_t)i,
			    .address = ask->addresses[i],
			    .method = ask->method, .state = ASK_FAILED,
			    .why = text_of(why)};
	return r;
}

/* ---- hosts ---- */

struct hosts {
	struct arena *arena;
	const struct ask_domains *ask;
	struct ask_host *at;
	size_t left;
};

/* As take_answer, for the very domain asked. */
static bool
take_host(void *ctx, const void *message, size_t n, bool *done)
{
	struct hosts *s = ctx;
	struct ask_host got;

	if (!ask_unpack_host(s->arena, message, n, &got) ||
	    got.batch != s->ask->batch || got.index >= s->ask->n ||
	    strcmp(got.domain, s->ask->at[got.index]) != 0 ||
	    s->at[got.index].state != 0)
		return false;
	s->at[got.index] = got;
	*done = --s->left == 0;
	return true;
}

enum child_result
child_hosts(struct child *c, struct arena *a, const struct child_terms *terms,
    struct ask_domains *ask, struct ask_host *hosts)
{
	struct hosts s = {.arena = a, .ask = ask, .at = hosts,
	    .left = ask->n};
	struct waited w = {.take = take_host, .ctx = &s};
	struct buf message = {0};
	enum child_result r;
	const char *why;

	assert(ask->n > 0 && ask->n <= ASK_DOMAINS_MOST);
	memset(hosts, 0, ask->n * sizeof *hosts);
	ask->batch = ++c->batch;
	ask_pack_domains(&message, ask);
	r = converse(c, terms, &message, &w, ask->deadline_ms, &why);
	buf_free(&message);
	for (size_t i = 0; r == CHILD_ANSWERED && i < ask->n; i++)
		if (hosts[i].state == 0)
			hosts[i] = (struct ask_host){.batch = ask->batch,
			    .index = (uint16_t)i, .domain = ask->at[i],
			    .state = ASK_FAILED, .host = "",
			    .why = text_of(why)};
	return r;
}

/* ---- lists ---- */

struct list {
	struct arena *arena;
	uint32_t batch;
	size_t most;
	struct ask_whole *out;
};

/* Appends; more than there is room for is no answer. */
static bool
take_items(struct list *s, const void *message, size_t n)
{
	struct ask_items *items = arena_alloc(s->arena, sizeof *items);

	if (!ask_unpack_items(s->arena, message, n, items) ||
	    items->batch != s->batch || items->n > s->most - s->out->n)
		return false;
	memcpy(s->out->at + s->out->n, items->at,
	    items->n * sizeof items->at[0]);
	s->out->n += items->n;
	return true;
}

static bool
take_list(void *ctx, const void *message, size_t n, bool *done)
{
	struct list *s = ctx;
	struct ask_fetched end;

	if (ask_kind(message, n) == ASK_ITEMS)
		return take_items(s, message, n);
	if (!ask_unpack_fetched(s->arena, message, n, &end) ||
	    end.batch != s->batch)
		return false;
	s->out->good = end.good;
	s->out->newest_us = end.newest_us;
	s->out->timed = end.timed;
	s->out->later_s = end.later_s;
	s->out->why = end.why;
	*done = true;
	return true;
}

enum child_result
child_fetch(struct child *c, struct arena *a, const struct child_terms *terms,
    struct ask_fetch *fetch, size_t most, struct ask_whole *out)
{
	struct list s = {.arena = a, .most = most, .out = out};
	struct waited w = {.take = take_list, .ctx = &s};
	struct buf message = {0};
	enum child_result r;
	const char *why;

	*out = (struct ask_whole){.at = arena_array(a, most + 1,
	        sizeof *out->at)};
	s.batch = fetch->batch = ++c->batch;
	ask_pack_fetch(&message, fetch);
	r = converse(c, terms, &message, &w, fetch->deadline_ms, &why);
	buf_free(&message);
	if (r == CHILD_ANSWERED && why != NULL) {
		out->good = false;
		out->why = text_of(why);
	}
	return r;
}
