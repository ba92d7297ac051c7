/* The loop; see run.h. */
#include "agent/run.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "agent/conf.h"
#include "agent/intake.h"
#include "agent/outbox.h"
#include "agent/rules.h"
#include "agent/setup.h"
#include "agent/status.h"
#include "agent/uplink.h"
#include "agent/version.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/base/signals.h"

enum {
	ACK_MS = 200,          /* acknowledgements are committed so late */
	TIDY_MS = 5000,
	RETRY_MS = 1000,
	RETRY_MOST_MS = 60000,
	FAREWELL_MS = 5000,    /* to tell the hub the last counters */
};

struct run {
	const char *path;
	char host[256];
	struct setup *setup;
	int signals;
	void *context;
	struct outbox *outbox;
	struct intake *intake;
	struct uplink *uplink;
	int64_t dirty_ms;      /* the outbox holds uncommitted acks since */
	int64_t blocked_ms;    /* reading is tried again then; 0: it goes on */
	int64_t pause_ms;      /* the last wait between such tries */
	int64_t tidy_ms, watchdog_ms;
	int64_t done_ms;       /* standard input is acknowledged since */
	bool stop, corrupt;
	bool once;             /* read what is there, send it, end */
	int64_t once_ms;       /* sending may take so long; 0: none */
	int64_t until_ms;      /* once: it ends then; 0: still reading */
	bool failed;           /* once: not all was read and sent */
};

/* ---- what the uplink asks ---- */

static void
dirty(struct run *r)
{
	if (r->dirty_ms == 0)
		r->dirty_ms = clock_mono_ms();
}

static size_t
feed_fetch(void *ctx, int64_t after, size_t max, struct arena *a,
    struct event *events, int64_t *seqs)
{
	struct run *r = ctx;

	return outbox_fetch(r->outbox, after, max, a, events, seqs);
}

static uint64_t
feed_next_batch(void *ctx)
{
	struct run *r = ctx;

	dirty(r);
	return outbox_next_batch(r->outbox);
}

/* The acknowledgements of this transaction are lost: sent again, they come
 * again. */
static void
acks_undone(struct run *r, enum outbox_result result)
{
	outbox_rollback(r->outbox);
	uplink_again(r->uplink);
	r->dirty_ms = 0;
	r->corrupt |= result == OUTBOX_CORRUPT;
}

static void
feed_acked(void *ctx, uint64_t batch, int64_t first, int64_t last,
    bool stored)
{
	struct run *r = ctx;
	enum outbox_result result;

	(void)stored;
	dirty(r);
	result = outbox_ack(r->outbox, batch, first, last);
	if (result != OUTBOX_OK)
		acks_undone(r, result);
}

static uint64_t
feed_last_acked(void *ctx)
{
	struct run *r = ctx;

	return outbox_last_acked(r->outbox);
}

static size_t
feed_unack(void *ctx, uint64_t batch)
{
	struct run *r = ctx;

	dirty(r);
	return outbox_unack(r->outbox, batch);
}

static void
feed_gap(void *ctx, int64_t seq)
{
	struct run *r = ctx;
	const struct wire_counters one = {.gaps = 1};

	feed_acked(ctx, 0, seq, seq, false);
	outbox_count(r->outbox, &one);
}

static void
feed_counters(void *ctx, struct wire_counters *out)
{
	struct run *r = ctx;

	*out = *outbox_counters(r->outbox);
}

static int64_t
feed_lag_us(void *ctx)
{
	struct run *r = ctx;
	int64_t oldest_us = outbox_oldest_us(r->outbox);

	return oldest_us == 0 ? 0 : clock_wall_us() - oldest_us;
}

/* ---- start and stop ---- */

static struct uplink *
open_uplink(struct run *r, const struct setup *s)
{
	const struct agent_conf *c = s->conf;

	return uplink_open(&(struct uplink_options){
	    .context = r->context,
	    .hubs = c->hub_connect.at,
	    .hub_count = c->hub_connect.n,
	    .hub_key = c->hub_key,
	    .key = &s->key,
	    .host = r->host,
	    .site = c->agent_site,
	    .addresses = c->addresses,
	    .address_count = c->address_count,
	    .feed = {.ctx = r,
	        .fetch = feed_fetch,
	        .next_batch = feed_next_batch,
	        .acked = feed_acked,
	        .last_acked = feed_last_acked,
	        .unack = feed_unack,
	        .gap = feed_gap,
	        .counters = feed_counters,
	        .lag_us = feed_lag_us}});
}

static bool
open_outbox(struct run *r)
{
	const struct agent_conf *c = r->setup->conf;

	r->outbox = outbox_open(&(struct outbox_options){
	    .folder = c->agent_state,
	    .max_bytes = c->outbox_max_size,
	    .keep_us = c->outbox_keep * CLOCK_SECOND_US,
	    .keep_bytes = c->outbox_keep_size});
	return r->outbox != NULL;
}

/* The outbox turned out corrupt: it is set aside by opening it anew, and
 * all logs are read again. */
static bool
begin_anew(struct run *r)
{
	intake_close(r->intake);
	outbox_close(r->outbox);
	r->intake = NULL;
	r->corrupt = false;
	r->dirty_ms = 0;
	if (!open_outbox(r))
		return false;
	r->intake = intake_open(r->setup->conf, r->setup->rules, r->outbox,
	    NULL);
	uplink_again(r->uplink);
	return r->intake != NULL;
}

static void
reload(struct run *r)
{
	struct setup *s = setup_open(r->path);
	struct intake *intake;

	if (s != NULL && (strcmp(s->conf->agent_state,
	        r->setup->conf->agent_state) != 0 ||
	    s->conf->outbox_max_size != r->setup->conf->outbox_max_size))
		log_notice("run: new agent.state and outbox.max_size take "
		    "effect at the next start");
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
	r->uplink = open_uplink(r, s);
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
	if (r->blocked_ms == 0) {
		log_error("run: %s; reading stops, the logs keep what is new",
		    why == INTAKE_FULL ? "the outbox is full"
		                       : "the outbox cannot be written");
		r->pause_ms = RETRY_MS;
	} else if (r->pause_ms < RETRY_MOST_MS && why == INTAKE_FAILED) {
		r->pause_ms *= 2;
	}
	r->blocked_ms = clock_mono_ms() + r->pause_ms;
	/* what the hub has is kept no longer than there is room */
	while (outbox_tidy(r->outbox, INT64_MAX))
		;
	dirty(r);
}

static void
commit_acks(struct run *r)
{
	enum outbox_result result;

	if (r->dirty_ms == 0)
		return;
	result = outbox_commit(r->outbox);
	if (result != OUTBOX_OK)
		acks_undone(r, result);
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
		if (r->blocked_ms != 0)
			log_notice("run: reading goes on");
		r->blocked_ms = 0;
		return result == INTAKE_MORE;
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
	if (outbox_tidy(r->outbox, clock_wall_us()))
		r->tidy_ms = now;
	dirty(r);
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
	if (r->until_ms == 0) {
		r->until_ms = clock_mono_ms() + r->once_ms;
		uplink_tell(r->uplink);
	}
	if (r->blocked_ms == 0 && intake_finish(r->intake) != INTAKE_IDLE)
		block(r, INTAKE_FAILED);
	if (r->blocked_ms == 0 && r->once_ms == 0)
		return true;
	if (r->blocked_ms == 0 &&
	    outbox_counters(r->outbox)->unacked == 0 &&
	    uplink_settle(r->uplink))
		return true;
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
	r.uplink = open_uplink(&r, r.setup);
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
