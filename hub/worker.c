/* The frame of the stages; see worker.h. */
#include "hub/worker.h"

#include <assert.h>
#include <poll.h>
#include <sysexits.h>

#include "hub/conf.h"
#include "hub/db.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/base/signals.h"

enum { RECONNECT_FIRST_MS = 250, RECONNECT_MAX_MS = 5000 };

bool
worker_reload(struct worker_context *c)
{
	struct arena *a = arena_open(0);
	const struct hub_conf *conf = hub_conf_load(c->conf_path, a);

	if (conf == NULL) {
		log_error("settings not reloaded: the old ones stay");
		arena_close(a);
		return false;
	}
	arena_close(c->settings);
	c->settings = a;
	c->conf = conf;
	/* a connection that is lost is told when it is made again */
	if (c->db != NULL && db_tell_settings(c->db, conf) != DB_OK)
		log_warning("the database was not told the new settings");
	log_notice("settings reloaded");
	return true;
}

/* Waits; false when a stop came. */
static bool
pause_ms(struct worker_context *c, int64_t ms)
{
	struct pollfd fd = {.fd = c->signals, .events = POLLIN};
	int64_t end = clock_mono_ms() + ms;

	for (int64_t left = ms; left > 0; left = end - clock_mono_ms()) {
		enum signals_event e = SIGNALS_NONE;

		if (poll(&fd, 1, (int)left) > 0)
			e = signals_next(c->signals);
		if (e == SIGNALS_STOP)
			return false;
		if (e == SIGNALS_RELOAD)
			(void)worker_reload(c);
	}
	return true;
}

bool
worker_connect(struct worker_context *c, const char *stage, int *code)
{
	int64_t wait_ms = RECONNECT_FIRST_MS;
	bool hopeless;

	for (;;) {
		c->db = db_open(c->conf, stage, &hopeless);
		if (c->db != NULL)
			return true;
		if (hopeless) {
			*code = EX_CONFIG;
			return false;
		}
		if (c->once) {
			*code = EX_TEMPFAIL;
			return false;
		}
		if (!pause_ms(c, wait_ms)) {
			*code = EX_OK;
			return false;
		}
		wait_ms = wait_ms * 2 > RECONNECT_MAX_MS ? RECONNECT_MAX_MS
		                                         : wait_ms * 2;
	}
}

/* Waits for a notification, the timer or a signal.  False: stop. */
static bool
wait_for_work(struct worker_context *c, const struct worker *w, void *state,
    bool *lost)
{
	int64_t end = clock_mono_ms() + w->every_ms(c->conf);
	struct pollfd fds[3] = {
	    {.fd = c->signals, .events = POLLIN},
	    {.fd = c->db == NULL ? -1 : db_fd(c->db), .events = POLLIN},
	    {.fd = w->wake_fd == NULL ? -1 : w->wake_fd(state),
	        .events = POLLIN},
	};

	*lost = false;
	for (;;) {
		int64_t left = end - clock_mono_ms();
		bool any = false;

		if (left <= 0)
			return true;
		if (poll(fds, 3, (int)left) <= 0)
			continue;
		if (fds[0].revents != 0) {
			enum signals_event e = signals_next(c->signals);

			if (e == SIGNALS_STOP)
				return false;
			if (e == SIGNALS_RELOAD)
				return worker_reload(c) || true;
		}
		if (fds[1].revents != 0) {
			*lost = db_notifications(c->db, &any) != DB_OK;
			if (*lost || any)
				return true;
		}
		if (fds[2].revents != 0)
			return true;
	}
}

static bool
stop_pending(struct worker_context *c)
{
	switch (signals_next(c->signals)) {
	case SIGNALS_STOP:
		return true;
	case SIGNALS_RELOAD:
		(void)worker_reload(c);
		return false;
	case SIGNALS_NONE:
	case SIGNALS_CHILD:
		return false;
	}
	return false;
}

static bool
session_open(struct worker_context *c, const struct worker *w, int *code)
{
	if (w->without_db)
		return true;
	if (!worker_connect(c, w->name, code))
		return false;
	if (w->channel != NULL && db_listen(c->db, w->channel) != DB_OK) {
		/* the step that follows finds the connection lost */
		log_warning("cannot listen for notifications");
	}
	log_notice("database connected");
	return true;
}

/* The loop of all stages but receive.  Returns the exit code. */
static int
loop(struct worker_context *c, const struct worker *w, void *state)
{
	int code = EX_OK;
	bool lost = false;

	if (!session_open(c, w, &code))
		return code;
	while (!stop_pending(c)) {
		enum worker_step step = WORKER_LOST;

		arena_reset(c->arena);
		if (!lost)
			step = w->step(c, state);
		if (step == WORKER_MORE)
			continue;
		if (step == WORKER_LOST) {
			db_close(c->db);
			c->db = NULL;
			/* connecting works, working fails: pace the tries */
			if (!pause_ms(c, RECONNECT_FIRST_MS) ||
			    !session_open(c, w, &code))
				return code;
			lost = false;
			continue;
		}
		if (c->once)
			return step == WORKER_IDLE ? EX_OK : EX_TEMPFAIL;
		if (!wait_for_work(c, w, state, &lost))
			break;
	}
	return EX_OK;
}

int
worker_main(const struct worker *w, const char *program,
    const char *conf_path, bool once)
{
	struct worker_context c = {
	    .conf_path = conf_path, .program = program, .once = once};
	void *state = NULL;
	int code = EX_CONFIG;

	log_open(w->name);
	c.signals = signals_open();
	c.arena = arena_open(0);
	c.settings = arena_open(0);
	c.conf = hub_conf_load(conf_path, c.settings);
	if (c.conf == NULL)
		goto done;
	log_notice("started version=%s hub=%s", PLAINTIFF_VERSION,
	    c.conf->hub_name);
	if (w->run != NULL) {
		code = w->run(&c);
	} else if (w->open == NULL || w->open(&c, &state) == 0) {
		code = loop(&c, w, state);
		if (w->close != NULL)
			w->close(state);
	}
	db_close(c.db);
	log_notice("stopped");
done:
	arena_close(c.arena);
	arena_close(c.settings);
	return code;
}
