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
ready(struct child *c, const char *program, const struct ask_setup *setup)
{
	struct buf message = {0};
	int result = 0;

	ask_pack_setup(&message, setup);
	if (message.n != c->setup.n ||
	    memcmp(message.data, c->setup.data, message.n) != 0)
		end(c, PATIENCE_MS);
	if (c->pid == 0) {
		buf_reset(&c->setup);
		buf_add(&c->setup, message.data, message.n);
		result = start(c, program) == 0 ? tell(c, &message) : -1;
	}
	buf_free(&message);
	return result;
}

/* A well-formed answer to a question of this batch that has none yet, for
 * the very address asked. */
static bool
is_expected(const struct child *c, const struct ask_answer *got,
    const struct addr *addresses, size_t n, const struct ask_answer *answers)
{
	return got->batch == c->batch && got->index < n &&
	    addr_equal(&got->address, &addresses[got->index]) &&
	    answers[got->index].state == 0;
}

enum received { RECEIVED, RECEIVED_NOTHING, RECEIVED_END };

static enum received
receive(struct child *c, struct arena *a, const struct addr *addresses,
    size_t n, struct ask_answer *answers)
{
	unsigned char message[ASK_MESSAGE_BYTES + 1];
	ssize_t got = recv(c->fd, message, sizeof message, MSG_DONTWAIT);
	struct ask_answer one;

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return RECEIVED_NOTHING;
	if (got <= 0)
		return RECEIVED_END;
	if (!ask_unpack_answer(a, message, (size_t)got, &one) ||
	    !is_expected(c, &one, addresses, n, answers)) {
		log_error("finder broke its protocol: it is ended");
		return RECEIVED_END;
	}
	answers[one.index] = one;
	return RECEIVED;
}

/* Fills what has no answer. */
static void
fail_rest(const struct child *c, const struct addr *addresses, size_t n,
    const char *why, struct ask_answer *answers)
{
	for (size_t i = 0; i < n; i++)
		if (answers[i].state == 0)
			answers[i] = (struct ask_answer){.batch = c->batch,
			    .index = (uint16_t)i, .address = addresses[i],
			    .method = ASK_ABUSIX, .state = ASK_FAILED,
			    .why = text_of(why)};
}

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

/* Until all n are answered; otherwise *why says what came between. */
static bool
collect(struct child *c, struct arena *a, const struct addr *addresses,
    size_t n, int64_t end_ms, struct interrupt *interrupt,
    struct ask_answer *answers, const char **why)
{
	struct pollfd fds[2] = {{.fd = c->fd, .events = POLLIN},
	    {.fd = interrupt->signals, .events = POLLIN}};

	for (size_t left = n; left > 0;) {
		enum received r = receive(c, a, addresses, n, answers);
		int64_t wait_ms = end_ms - clock_mono_ms();

		*why = "finder ended";
		if (r == RECEIVED_END)
			return false;
		left -= r == RECEIVED;
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

enum child_result
child_ask(struct child *c, struct arena *a, const char *program,
    const struct ask_setup *setup, const struct addr *addresses, size_t n,
    uint32_t deadline_ms, int signals, struct ask_answer *answers)
{
	struct interrupt interrupt = {.signals = signals};
	struct ask ask = {.deadline_ms = deadline_ms, .n = n};
	struct buf message = {0};
	const char *why = "finder ended";
	bool done;

	assert(n > 0 && n <= ASK_MOST);
	memset(answers, 0, n * sizeof *answers);
	memcpy(ask.addresses, addresses, n * sizeof *addresses);
	ask.batch = ++c->batch;
	ask_pack_ask(&message, &ask);
	if (ready(c, program, setup) < 0) {
		end(c, 0);
		buf_free(&message);
		return CHILD_NOT_THERE;
	}
	done = tell(c, &message) == 0 &&
	    collect(c, a, addresses, n,
	        clock_mono_ms() + deadline_ms + GRACE_MS, &interrupt, answers,
	        &why);
	buf_free(&message);
	interrupt_return(&interrupt);
	if (done)
		return CHILD_ANSWERED;
	/* late answers must not meet the next questions */
	end(c, 0);
	if (why == NULL)
		return CHILD_STOPPED;
	log_warning("finder failed why=\"%s\"", why);
	fail_rest(c, addresses, n, why, answers);
	return CHILD_ANSWERED;
}
