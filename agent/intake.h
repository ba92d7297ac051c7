/*
 * From log lines to the outbox: all sources of an agent with their detects,
 * and the turn that reads a little of each and commits events, places and
 * counters together.  What a failed transaction undoes is read again.  Knows
 * nothing of the hub.  Called by run.c.
 */
#ifndef PLAINTIFF_INTAKE_H
#define PLAINTIFF_INTAKE_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

struct agent_conf;
struct intake;
struct outbox;
struct rules;

enum {
	INTAKE_TURN_MS = 200,
	INTAKE_IDLE_MS = 5000, /* places without events are stored so often */
	INTAKE_LOOK_MS = 250,  /* files are looked at so often */
	INTAKE_MOST_FDS = 8,
};

enum intake_result {
	INTAKE_IDLE,    /* nothing more to read now */
	INTAKE_MORE,    /* there is more: call again at once */
	INTAKE_FULL,    /* the outbox takes no more; undone, to be retried */
	INTAKE_FAILED,  /* the disk failed; undone, to be retried */
	INTAKE_COUNTED, /* as full, but what rotation would have taken away
	                 * was counted: call again at once */
	INTAKE_CORRUPT, /* the outbox must be opened anew */
};

/* conf, outbox and rules must outlive the intake.  before: an intake whose
 * sources are taken over where their names are the same (it is closed), or
 * NULL.  NULL when the time zone is unknown (logged); before is kept then. */
struct intake *intake_open(const struct agent_conf *conf,
    const struct rules *rules, struct outbox *outbox, struct intake *before);
void intake_close(struct intake *t);

/* The outbox was lost, this is a new one: all logs of the last days are read
 * again.  What standard input gave and nobody committed is kept. */
void intake_begin_anew(struct intake *t, struct outbox *outbox);

/* Reads and commits.  Also commits what else is open in the outbox. */
enum intake_result intake_turn(struct intake *t);
/* Commits now whatever was read; to be called before the end. */
enum intake_result intake_finish(struct intake *t);
/* Have all sources ended for ever (standard input only)? */
bool intake_is_over(const struct intake *t);
/* Descriptors to wait on, at most INTAKE_MOST_FDS; how many. */
size_t intake_fds(const struct intake *t, struct pollfd *out);

#endif
