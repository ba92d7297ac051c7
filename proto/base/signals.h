/*
 * Signals as a descriptor in a poll array; nothing is ever interrupted.
 */
#ifndef PLAINTIFF_SIGNALS_H
#define PLAINTIFF_SIGNALS_H

enum signals_event {
	SIGNALS_NONE,
	SIGNALS_STOP,   /* SIGTERM, SIGINT */
	SIGNALS_RELOAD, /* SIGHUP */
	SIGNALS_CHILD,  /* SIGCHLD */
};

/* Blocks TERM, INT, HUP and CHLD, ignores PIPE and returns a signalfd; dies
 * when it cannot.  Call before zmq_ctx_new and before any curl call. */
int signals_open(void);
/* The next pending signal, without waiting. */
enum signals_event signals_next(int fd);
/* In a child before exec: the mask as the world expects it. */
void signals_restore(void);

#endif
