/*
 * plaintiff-hub all: every stage as a process of its own, started again with
 * back-off when it ends.  Only forks, execs and waits: no database, no
 * network, no thread.  systemd users run the stages as units instead.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "hub/worker.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/base/signals.h"

enum {
	FIRST_WAIT_MS = 200,
	LONGEST_WAIT_MS = 30000,
	STEADY_MS = 60000, /* ran that long: the next wait is the first again */
	STOP_MS = 20000,
};

struct child {
	const char *name;
	pid_t pid; /* 0: not running */
	int64_t started_ms, start_at_ms, wait_ms;
};

static struct child children[] = {
    {.name = "tidy"},
    {.name = "receive"},
    {.name = "lookup"},
    {.name = "report"},
    {.name = "deliver"},
    {.name = "bounce"},
};
enum { CHILDREN = sizeof children / sizeof children[0] };

static void
start(struct child *c, const char *program, const char *conf_path)
{
	const char *argv[] = {program, c->name, conf_path == NULL ? NULL : "-c",
	    conf_path, NULL};
	pid_t parent = getpid();
	pid_t pid = fork();

	c->started_ms = clock_mono_ms();
	if (pid < 0) {
		log_error("cannot fork for %s: %s", c->name, strerror(errno));
		c->start_at_ms = c->started_ms + FIRST_WAIT_MS;
		return;
	}
	if (pid == 0) {
		/* a stage must not outlive us, even when we are killed */
		(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent)
			_exit(EX_OK);
		signals_restore();
		execv(program, (char *const *)argv);
		_exit(EX_OSERR);
	}
	c->pid = pid;
}

static void
on_end(struct child *c, int status, bool stopping)
{
	int64_t now = clock_mono_ms();
	bool settings = WIFEXITED(status) && WEXITSTATUS(status) == EX_CONFIG;

	c->pid = 0;
	if (stopping)
		return;
	if (now - c->started_ms >= STEADY_MS || c->wait_ms == 0)
		c->wait_ms = FIRST_WAIT_MS;
	else
		c->wait_ms = c->wait_ms * 2 > LONGEST_WAIT_MS ? LONGEST_WAIT_MS
		                                              : c->wait_ms * 2;
	/* wrong settings do not mend themselves soon */
	if (settings)
		c->wait_ms = LONGEST_WAIT_MS;
	c->start_at_ms = now + c->wait_ms;
	log_warning("stage ended stage=%s %s=%d again_ms=%lld", c->name,
	    WIFSIGNALED(status) ? "signal" : "status",
	    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
	    (long long)c->wait_ms);
}

static void
reap(bool stopping)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (size_t i = 0; i < CHILDREN; i++)
			if (children[i].pid == pid)
				on_end(&children[i], status, stopping);
}

static void
signal_all(int sig)
{
	for (size_t i = 0; i < CHILDREN; i++)
		if (children[i].pid != 0)
			(void)kill(children[i].pid, sig);
}

static bool
any_running(void)
{
	for (size_t i = 0; i < CHILDREN; i++)
		if (children[i].pid != 0)
			return true;
	return false;
}

static void
stop_all(int fd)
{
	int64_t end = clock_mono_ms() + STOP_MS;
	struct pollfd p = {.fd = fd, .events = POLLIN};

	signal_all(SIGTERM);
	for (reap(true); any_running(); reap(true)) {
		if (clock_mono_ms() > end)
			signal_all(SIGKILL);
		if (poll(&p, 1, 100) > 0)
			(void)signals_next(fd);
	}
}

int
all_main(const char *program, const char *conf_path)
{
	int fd;

	log_open("all");
	fd = signals_open();
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t now = clock_mono_ms(), next = now + 60000;

		for (size_t i = 0; i < CHILDREN; i++) {
			struct child *c = &children[i];

			if (c->pid == 0 && c->start_at_ms <= now)
				start(c, program, conf_path);
			if (c->pid == 0 && c->start_at_ms < next)
				next = c->start_at_ms;
		}
		if (poll(&p, 1, next > now ? (int)(next - now) : 0) <= 0)
			continue;
		switch (signals_next(fd)) {
		case SIGNALS_STOP:
			stop_all(fd);
			return EX_OK;
		case SIGNALS_RELOAD:
			signal_all(SIGHUP);
			break;
		case SIGNALS_CHILD:
			reap(false);
			break;
		case SIGNALS_NONE:
			break;
		}
	}
}
