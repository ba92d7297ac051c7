/* The loop; see run.h. */
#include "agent/run.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "agent/conf.h"
#include "agent/intake.h"
#include "agent/rules.h"
#include "agent/run_inside.h"
#include "agent/setup.h"
#include "agent/status.h"
#include "agent/uplink.h"
#include "agent/version.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/base/signals.h"

enum {
	ACK_MS = 200,          /* acknowledgements are committed so late */
	TIDY_MS = 5000,
	TIDY_STEPS = 8,
	RETRY_MS = 1000,
	RETRY_MOST_MS = 60000,
	FAREWELL_MS = 5000,    /* to tell the hub the last counters */
};

/* ---- start and stop ---- */

static struct outbox_options
limits(const struct agent_conf *c)
{
	return (struct outbox_options){.folder = c->agent_state,
	    .max_bytes = c->outbox_max_size,
	    .keep_us = c->outbox_keep * CLOCK_SECOND_US,
	    .keep_bytes = c->outbox_keep_size};
}

static bool
open_outbox(struct run *r)
{
	const struct outbox_options o = limits(r->setup->conf);

	r->outbox = outbox_open(&o);
	return r->outbox != NULL;
}

/* The outbox turned out corrupt: it is set aside by opening it anew, and
 * the logs are read again. */
static bool
begin_anew(struct run *r)
{
	outbox_close(r->outbox);
	r->corrupt = false;
	r->dirty_ms = 0;
	if (!open_outbox(r))
		return false;
	intake_begin_anew(r->intake, r->outbox);
	uplink_again(r->uplink);
	return true;
}

static void
reload(struct run *r)
{
	struct setup *s = setup_open(r->path);
	struct intake *intake;
	struct outbox_options o;

	if (s != NULL && strcmp(s->conf->agent_state,
	        r->setup->conf->agent_state) != 0)
		log_notice("run: agent.state needs a restart; until then "
		    "folder=%s", r->setup->conf->agent_state);
	intake = s == NULL || intake_finish(r->intake) != INTAKE_IDLE ? NULL
	    : intake_open(s->conf, s->rules, r->outbox, r->intake);
	if (intake == NULL) {
		log_error("run: reload refused; the old settings stay in "
		    "force");
		setup_close(s);
		return;
	}
	uplink_close(r->uplink);
	r->intake = intake;
	o = limits(s->conf);
	outbox_limit(r->outbox, &o);
	r->uplink = run_feed_open(r, s);
	setup_close(r->setup);
	r->setup = s;
	log_notice("run: settings reloaded file=%s", r->path);
}

/* ---- the loop ---- */

static void
hear_signals(struct run *r)
{
	for (;;) {
		switch (signals_next(r->signals)) {
		case SIGNALS_NONE:
			return;
		case SIGNALS_STOP:
			r->stop = true;
			break;
		case SIGNALS_RELOAD:
			status_notify("RELOADING=1");
			reload(r);
			status_notify("READY=1");
			break;
		case SIGNALS_CHILD:
			break;
		}
	}
}

/* Reading could not be committed: said once, tried again later and later,
 * while sending goes on. */
static void
block(struct run *r, enum intake_result why)
{
	if (!r->alarmed)
		log_error("run: %s; reading stops, the logs keep what is new",
		    why == INTAKE_FULL ? "the outbox is full"
		                       : "the outbox cannot be written");
	r->alarmed = true;
	r->full = why == INTAKE_FULL;
	if (r->blocked_ms == 0)
		r->pause_ms = RETRY_MS;
	else if (r->pause_ms < RETRY_MOST_MS && why == INTAKE_FAILED)
		r->pause_ms *= 2;
	r->blocked_ms = clock_mono_ms() + r->pause_ms;
	/* What the hub has is kept no longer than there is room.  A commit
	 * each: on a full disk one for all would find no room for itself. */
	while (outbox_tidy(r->outbox, INT64_MAX) &&
	    outbox_commit(r->outbox) == OUTBOX_OK)
		;
	if (outbox_is_open(r->outbox))
		run_feed_dirty(r);
}

static void
commit_acks(struct run *r)
{
	enum outbox_result result;

	if (r->dirty_ms == 0)
		return;
	result = outbox_commit(r->outbox);
	if (result != OUTBOX_OK)
		run_feed_undone(r, result);
	else if (r->blocked_ms != 0 && r->full)
		r->blocked_ms = clock_mono_ms();
	r->dirty_ms = 0;
}

/* One turn of reading; true when there is more. */
static bool
read_some(struct run *r)
{
	enum intake_result result;

	if (r->blocked_ms > clock_mono_ms())
		return false;
	/* once means up to here */
	if (r->until_ms != 0 && r->blocked_ms == 0)
		return false;
	/* what a failed turn undoes must not be acknowledgements */
	if (r->blocked_ms != 0)
		commit_acks(r);
	result = intake_turn(r->intake);
	switch (result) {
	case INTAKE_IDLE:
	case INTAKE_MORE:
		r->blocked_ms = 0;
		if (r->alarmed && result == INTAKE_IDLE) {
			log_notice("run: reading goes on");
			r->alarmed = false;
		}
		return result == INTAKE_MORE;
	case INTAKE_COUNTED:
		if (r->blocked_ms == 0)
			block(r, INTAKE_FULL);
		r->blocked_ms = clock_mono_ms();
		return true;
	case INTAKE_FULL:
	case INTAKE_FAILED:
		uplink_again(r->uplink);
		block(r, result);
		return false;
	case INTAKE_CORRUPT:
		r->corrupt = true;
		return false;
	}
	return false;
}

static void
tidy(struct run *r)
{
	int64_t now = clock_mono_ms();

	if (r->watchdog_ms != 0)
		status_notify("WATCHDOG=1");
	if (now < r->tidy_ms)
		return;
	r->tidy_ms = now + TIDY_MS;
	for (int i = 0; i < TIDY_STEPS; i++)
		if (!outbox_tidy(r->outbox, clock_wall_us()))
			goto tidied;
	r->tidy_ms = now;
tidied:
	if (outbox_is_open(r->outbox))
		run_feed_dirty(r);
}

/* Standard input has ended and the hub has all of it. */
static bool
is_done(struct run *r)
{
	if (!intake_is_over(r->intake) || r->blocked_ms != 0)
		return false;
	commit_acks(r);
	if (outbox_counters(r->outbox)->unacked != 0)
		return false;
	/* the hub's sums want the last counters; not at any price */
	if (r->done_ms == 0)
		r->done_ms = clock_mono_ms();
	return uplink_settle(r->uplink) ||
	    clock_mono_ms() - r->done_ms >= FAREWELL_MS;
}

/* `--once`: is what was there read and sent, or its time over? */
static bool
is_once_done(struct run *r, bool more)
{
	if (!r->once || more || r->corrupt)
		return false;
	/* reading that is blocked may have as long as sending */
	if (r->until_ms == 0)
		r->until_ms = clock_mono_ms() + r->once_ms;
	if (r->blocked_ms == 0 && intake_finish(r->intake) != INTAKE_IDLE)
		block(r, INTAKE_FAILED);
	if (r->blocked_ms == 0 && r->once_ms == 0)
		return true;
	if (r->blocked_ms == 0 && outbox_counters(r->outbox)->unacked == 0) {
		if (!r->told)
			uplink_tell(r->uplink);
		r->told = true;
		if (uplink_settle(r->uplink))
			return true;
	}
	if (clock_mono_ms() < r->until_ms)
		return false;
	log_warning("run: not everything was %s in time",
	    r->blocked_ms != 0 ? "read" : "acknowledged");
	r->failed = true;
	return true;
}

static void
wait_for_more(struct run *r, bool more)
{
	struct pollfd fds[INTAKE_MOST_FDS + 1] = {{.fd = r->signals}};
	size_t n = 1;
	int64_t ms = INTAKE_LOOK_MS;

	if (r->blocked_ms == 0 && r->until_ms == 0)
		n += intake_fds(r->intake, fds + 1);
	if (r->watchdog_ms != 0 && r->watchdog_ms < ms)
		ms = r->watchdog_ms;
	uplink_wait(r->uplink, fds, n, more || r->corrupt ? 0 : ms);
}

static void
talk(struct run *r)
{
	if (!r->once || r->once_ms != 0)
		uplink_step(r->uplink);
}

static int
loop(struct run *r)
{
	while (!r->stop) {
		bool more;

		talk(r);
		more = read_some(r);
		if (r->dirty_ms != 0 &&
		    clock_mono_ms() - r->dirty_ms >= ACK_MS)
			commit_acks(r);
		tidy(r);
		if (r->corrupt && !begin_anew(r))
			return EX_IOERR;
		if (is_once_done(r, more))
			break;
		if (!r->once && is_done(r)) {
			log_notice("run: standard input is done and "
			    "acknowledged");
			break;
		}
		/* the last turn's events go out before waiting */
		talk(r);
		wait_for_more(r, more);
		hear_signals(r);
	}
	status_notify("STOPPING=1");
	if (intake_finish(r->intake) != INTAKE_IDLE)
		return EX_IOERR;
	return r->failed ? EX_TEMPFAIL : EX_OK;
}

int
run_agent(const char *conf_path, const int64_t *once_ms)
{
	struct run r = {.path = conf_path,
	    .once = once_ms != NULL,
	    .once_ms = once_ms == NULL ? 0 : *once_ms};
	int result = EX_CONFIG;

	if (!agent_version_is_safe())
		return EX_CONFIG;
	(void)umask(077);
	r.signals = signals_open();
	r.watchdog_ms = status_watchdog_ms();
	if (gethostname(r.host, sizeof r.host - 1) < 0)
		r.host[0] = '\0';
	r.setup = setup_open(conf_path);
	if (r.setup == NULL)
		goto done;
	if (!open_outbox(&r)) {
		result = EX_CANTCREAT;
		goto done;
	}
	r.intake = intake_open(r.setup->conf, r.setup->rules, r.outbox, NULL);
	if (r.intake == NULL)
		goto done;
	r.context = uplink_context_open();
	r.uplink = run_feed_open(&r, r.setup);
	log_notice("run: started version=%s rules=%zu sources=%zu",
	    PLAINTIFF_VERSION, rules_count(r.setup->rules).rules,
	    r.setup->conf->source_file.n);
	status_notify("READY=1");
	result = loop(&r);
	log_notice("run: stopped");
done:
	uplink_close(r.uplink);
	uplink_context_close(r.context);
	intake_close(r.intake);
	outbox_close(r.outbox);
	setup_close(r.setup);
	(void)close(r.signals);
	return result;
}
