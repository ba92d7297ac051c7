/* signalfd; see signals.h. */
#include "proto/base/signals.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>

#include "proto/base/die.h"

static void
signals_set(sigset_t *set)
{
	(void)sigemptyset(set);
	(void)sigaddset(set, SIGTERM);
	(void)sigaddset(set, SIGINT);
	(void)sigaddset(set, SIGHUP);
	(void)sigaddset(set, SIGCHLD);
}

int
signals_open(void)
{
	sigset_t set;
	int fd;

	signals_set(&set);
	(void)signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		die(EX_OSERR, "cannot block signals: %s", strerror(errno));
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0)
		die(EX_OSERR, "cannot open signalfd: %s", strerror(errno));
	return fd;
}

enum signals_event
signals_next(int fd)
{
	struct signalfd_siginfo si;

	if (read(fd, &si, sizeof si) != (ssize_t)sizeof si)
		return SIGNALS_NONE;
	switch (si.ssi_signo) {
	case SIGHUP:
		return SIGNALS_RELOAD;
	case SIGCHLD:
		return SIGNALS_CHILD;
	default:
		return SIGNALS_STOP;
	}
}

void
signals_restore(void)
{
	sigset_t set;

	signals_set(&set);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
}
