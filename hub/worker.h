/*
 * The frame that every stage runs in: options, settings, signals, the
 * database session with its reconnects, the wait for work.  A stage is a
 * const struct worker with a step: straight-line code that does one unit of
 * work and says whether there may be more.  receive has a loop of its own.
 */
#ifndef PLAINTIFF_WORKER_H
#define PLAINTIFF_WORKER_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct db;
struct hub_conf;

enum worker_step {
	WORKER_IDLE, /* nothing to do until a notification or the timer */
	WORKER_MORE, /* a unit was done; there may be another */
	WORKER_WAIT, /* trouble outside: try again after the timer */
	WORKER_LOST, /* the database is gone: reconnect, then try again */
};

struct worker_context {
	/* settings in force; a reload between two steps replaces and frees
	 * them: hold no piece of them from step to step */
	const struct hub_conf *conf;
	struct arena *settings; /* owns conf */
	const char *conf_path; /* as given; NULL for defaults */
	const char *program;   /* path to start ourselves again */
	struct db *db;         /* NULL for a stage without */
	struct arena *arena;   /* reset before each step */
	int signals;           /* signalfd (signals.h) */
	bool once;             /* --once: until idle, then exit */
};

struct worker {
	const char *name;
	const char *what;    /* one line for --help */
	bool without_db;
	const char *channel; /* to listen on; NULL: only the timer */
	/* Milliseconds between steps when nothing notifies. */
	int64_t (*every_ms)(const struct hub_conf *conf);
	/* Once at the start, after the settings; NULL: nothing to open.  *state
	 * is handed to step and close.  -1: logged, the process ends with
	 * 78. */
	int (*open)(struct worker_context *c, void **state);
	enum worker_step (*step)(struct worker_context *c, void *state);
	void (*close)(void *state);
	/* A descriptor that is readable when there may be work, after open;
	 * -1 or NULL: none.  The step reads it empty. */
	int (*wake_fd)(void *state);
	/* In place of open, step and close: the stage's own loop.  Returns the
	 * exit code. */
	int (*run)(struct worker_context *c);
};

/* Runs a stage to its end; returns the exit code. */
int worker_main(const struct worker *w, const char *program,
    const char *conf_path, bool once);

/* For a stage with a loop of its own: connects, waiting between tries until
 * it works or a stop comes.  False: stop, or hopeless (*code says which). */
bool worker_connect(struct worker_context *c, const char *stage, int *code);

/* For the same: SIGHUP.  Loads the file again; keeps the old settings, with
 * a log line, when it will not do.  True when c->conf has changed. */
bool worker_reload(struct worker_context *c);

/* ---- the stages ---- */

extern const struct worker worker_receive, worker_lookup, worker_finder,
    worker_report, worker_deliver, worker_bounce, worker_tidy;

/* plaintiff-hub all: each stage as a process, restarted with back-off. */
int all_main(const char *program, const char *conf_path);

#endif
