/*
 * Stage deliver: a ready report is marked as sending, committed, handed over
 * once, and marked with what came of it.  Never sends again what may have
 * gone: that is `unknown`, until the administrator says otherwise.  Composes
 * nothing and cannot change a mail.
 *
 * Rows in state sending belong to this hub's name.  The name is a lock of
 * the session, so that only one process of that name works, and only it
 * resolves what its forerunner left.
 */
#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "hub/conf.h"
#include "hub/deliver/deliver_rows.h"
#include "hub/deliver/doubt.h"
#include "hub/deliver/smtp.h"
#include "hub/deliver/transport.h"
#include "hub/deliver/watch.h"
#include "hub/worker.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"
#include "proto/base/die.h"
#include "proto/base/log.h"

enum {
	EVERY_MS = 5000,
	ASK_MS = 1000,
	GATHER_MS = 50, /* ends wait that long for others */
	ADOPT_MS = 10 * 60 * 1000,
	RUN_MS = 60 * 1000, /* then connections are made anew */
	MOST_AT_ONCE = 256, /* at least deliver.parallel */
	UUID_BYTES = 40,
	MAILBOX_BYTES = 256,
};

struct deliver {
	/* claims whose end the database does not know yet */
	struct deliver_end ends[2 * MOST_AT_ONCE];
	size_t end_count;
	struct watch watch;
	int64_t adopt_ms; /* when to look for what another hub has left */
	bool busy_logged;
	/* of reports being sent, some mails may wait; else that is looked for
	 * now and then, not to go through all that is in hand each time */
	bool rest;
	int64_t rest_ms; /* when that was looked for */
	bool stopped; /* by the switch or the clock, and said so */
};

static enum worker_step
trouble(enum db_result r)
{
	return r == DB_LOST ? WORKER_LOST : WORKER_WAIT;
}

static struct deliver_end *
remember(struct deliver *s, const struct deliver_claim *claim,
    enum deliver_move move, const char *said)
{
	assert(s->end_count < sizeof s->ends / sizeof s->ends[0]);
	s->ends[s->end_count] = deliver_end_of(claim, move, said);
	return &s->ends[s->end_count++];
}

static enum deliver_move
move_of(enum smtp_result result)
{
	switch (result) {
	case SMTP_SENT:
		return DELIVER_MOVE_SENT;
	case SMTP_LATER:
		return DELIVER_MOVE_LATER;
	case SMTP_REFUSED:
		return DELIVER_MOVE_FAILED;
	case SMTP_UNSURE:
		return DELIVER_MOVE_UNKNOWN;
	}
	/* no such result; this is never wrong */
	return DELIVER_MOVE_UNKNOWN;
}

static void
log_result(long long report, const char *uuid, const char *contact,
    enum smtp_result result, const char *said)
{
	switch (result) {
	case SMTP_SENT:
		log_notice("report sent report=%lld contact=%s %s", report,
		    contact, said);
		break;
	case SMTP_LATER:
		log_warning("report put back report=%lld contact=%s %s", report,
		    contact, said);
		break;
	case SMTP_REFUSED:
		log_warning("report failed report=%lld contact=%s %s", report,
		    contact, said);
		break;
	case SMTP_UNSURE:
		log_warning("report unknown report=%lld uuid=%s contact=%s %s; "
		            "see the relay's log, then plaintiff report "
		            "resolve",
		    report, uuid, contact, said);
		break;
	}
}

static bool
stop_asked(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) > 0;
}

static void
log_held(const struct deliver_batch *batch)
{
	char address[ADDR_TEXT_BYTES];

	for (size_t i = 0; i < batch->held_count; i++)
		log_warning("report held report=%lld %s must not be reported "
		            "(filter settings or an address of ours)",
		    (long long)batch->held[i].report,
		    addr_format(address, &batch->held[i].address));
}

static void
log_stopped(struct deliver *s, const char *why)
{
	if (why != NULL && !s->stopped)
		log_warning("nothing is sent: %s", why);
	else if (why == NULL && s->stopped)
		log_notice("mails go on");
	s->stopped = why != NULL;
}

/* Tells the database what it does not know yet, and takes new claims. */
static enum db_result
turn(struct worker_context *c, struct deliver *s, struct arena *a,
    size_t most, const char *log_from, struct deliver_batch *batch)
{
	int64_t now = clock_mono_ms();
	const struct deliver_terms terms = {
	    .most = most,
	    .fresh_only = !s->rest && now - s->rest_ms < ASK_MS,
	    .log_from = log_from,
	    .plan = transport_plan(c->conf, a),
	};
	enum db_result r = deliver_rows_turn(c->db, a, c->conf, s->ends,
	    s->end_count, &terms, batch);

	if (r == DB_OK) {
		s->end_count = 0;
		if (most != 0)
			s->rest = batch->rest ||
			    (batch->n < most && terms.fresh_only);
		if (most != 0 && !terms.fresh_only)
			s->rest_ms = now;
		log_held(batch);
		log_stopped(s, batch->stopped);
	} else {
		/* claimed or not, nothing of these was sent */
		for (size_t i = 0; i < batch->n; i++)
			remember(s, &batch->mails[i].claim, DELIVER_MOVE_BACK,
			    "was not sent");
		batch->n = 0;
	}
	return r;
}

/* Mails into the folder. */
static enum worker_step
write_some(struct worker_context *c, struct deliver *s)
{
	struct deliver_batch batch;
	enum db_result r;

	s->rest = true;
	r = turn(c, s, c->arena, MOST_AT_ONCE, NULL, &batch);

	for (size_t i = 0; i < batch.n; i++) {
		struct deliver_mail *m = &batch.mails[i];
		const char *said;
		enum smtp_result result = transport_write(c->conf,
		    transport_name(m->uuid, m->claim.n, c->arena), m->mail,
		    c->arena, &said);

		log_result(m->claim.report, m->uuid, m->recipient, result,
		    said);
		remember(s, &m->claim, move_of(result), said);
	}
	if (r == DB_CONFLICT)
		r = deliver_rows_put_off(c->db, c->arena);
	else if (r == DB_OK && batch.n == 0 && batch.held_count == 0)
		return WORKER_IDLE;
	return r == DB_OK ? WORKER_MORE : trouble(r);
}

/* A mail that was given to the pool. */
struct hand {
	bool used;
	struct deliver_claim claim;
	char uuid[UUID_BYTES];
	char recipient[MAILBOX_BYTES];
};

/* One run of mails over one pool of connections. */
struct run {
	struct smtp_pool *pool;
	struct arena *a; /* of one turn */
	struct hand hands[MOST_AT_ONCE];
	/* place in the relay's log from before any connection was opened */
	const char *log_from;
	int64_t began_ms;
	int64_t asked_ms; /* when there was nothing to claim; 0: there is */
	bool stop;        /* claim no more, end what is under way */
	enum db_result trouble;
	size_t claimed;
};

static void
hand_over(struct worker_context *c, struct run *run, struct deliver_mail *m)
{
	size_t tag = 0;

	while (run->hands[tag].used)
		tag++;
	run->hands[tag] = (struct hand){.used = true, .claim = m->claim};
	(void)snprintf(run->hands[tag].uuid, UUID_BYTES, "%s", m->uuid);
	(void)snprintf(run->hands[tag].recipient, MAILBOX_BYTES, "%s",
	    m->recipient);
	smtp_pool_add(run->pool,
	    &(struct smtp_ask){
	        .sender = m->sender == NULL ? c->conf->report_from : m->sender,
	        .recipient = m->recipient,
	        .mail = m->mail,
	        .tag = tag,
	    });
}

static void
take_back(struct deliver *s, struct run *run, const struct smtp_done *done)
{
	struct hand *h = &run->hands[done->tag];
	struct deliver_end *end;

	log_result(h->claim.report, h->uuid, h->recipient, done->result,
	    done->said);
	end = remember(s, &h->claim, move_of(done->result), done->said);
	end->refused = done->recipient;
	(void)snprintf(end->status, sizeof end->status, "%s", done->status);
	h->used = false;
}

static void
go_on(void *pool)
{
	smtp_pool_go(pool);
}

/* Settles and claims, unless there is nothing to settle nor room to fill. */
static void
run_turn(struct worker_context *c, struct deliver *s, struct run *run)
{
	size_t most = run->stop ? 0 : smtp_pool_room(run->pool);
	struct deliver_batch batch;
	enum db_result r;

	if (run->trouble != DB_OK)
		return;
	if (run->asked_ms != 0 && s->end_count == 0 &&
	    clock_mono_ms() - run->asked_ms < ASK_MS)
		most = 0;
	if (most == 0 && s->end_count == 0)
		return;
	arena_reset(run->a);
	db_meanwhile(c->db, smtp_pool_fd(run->pool), go_on, run->pool);
	r = turn(c, s, run->a, most, run->log_from, &batch);
	if (r == DB_CONFLICT && most != 0) {
		/* without the claim, which may be what conflicts */
		r = turn(c, s, run->a, 0, NULL, &batch);
		if (r == DB_OK)
			r = deliver_rows_put_off(c->db, run->a);
	}
	db_meanwhile(c->db, -1, NULL, NULL);
	if (r != DB_OK) {
		run->stop = true;
		run->trouble = r;
		return;
	}
	if (most != 0)
		run->asked_ms = batch.n + batch.held_count == 0 && !s->rest
		    ? clock_mono_ms()
		    : 0;
	run->claimed += batch.n + batch.held_count;
	for (size_t i = 0; i < batch.n; i++)
		hand_over(c, run, &batch.mails[i]);
}

/* Waits for mails that are over; for a few of them, since a turn costs the
 * same for one: a quarter of what can be under way, while the others are. */
static void
collect(struct worker_context *c, struct deliver *s, struct run *run)
{
	size_t enough = ((size_t)c->conf->deliver_parallel + 3) / 4;
	struct smtp_done done[MOST_AT_ONCE];
	int64_t end_ms = clock_mono_ms() + ASK_MS;
	size_t n;

	do {
		int64_t left_ms = end_ms - clock_mono_ms();

		n = smtp_pool_wait(run->pool, left_ms < 0 ? 0 : (int)left_ms,
		    c->signals, done, MOST_AT_ONCE);
		if (n != 0 && s->end_count == 0)
			end_ms = clock_mono_ms() + GATHER_MS;
		for (size_t i = 0; i < n; i++)
			take_back(s, run, &done[i]);
	} while (n != 0 && s->end_count < enough &&
	    clock_mono_ms() < end_ms);
}

/* Mails to the relay, until there are no more or something is in the way. */
static enum worker_step
send_some(struct worker_context *c, struct deliver *s)
{
	struct run run = {.trouble = DB_OK, .began_ms = clock_mono_ms()};
	struct smtp_relay relay;

	if (transport_relay(c->conf, c->arena, &relay) < 0)
		return WORKER_WAIT;
	s->rest = true;
	run.log_from = watch_place(&s->watch, c->conf, c->arena);
	run.a = arena_open(0);
	run.pool = smtp_pool_open(&relay, (size_t)c->conf->deliver_parallel);
	for (;;) {
		run_turn(c, s, &run);
		if (smtp_pool_busy(run.pool) == 0 &&
		    (s->end_count == 0 || run.trouble != DB_OK))
			break;
		collect(c, s, &run);
		run.stop |= stop_asked(c->signals) ||
		    clock_mono_ms() - run.began_ms > RUN_MS;
	}
	smtp_pool_close(run.pool);
	arena_close(run.a);
	if (run.trouble != DB_OK)
		return trouble(run.trouble);
	return run.claimed == 0 ? WORKER_IDLE : WORKER_MORE;
}

/* True: this process may work, and nothing is left of the past. */
static bool
ready(struct worker_context *c, struct deliver *s, enum worker_step *step)
{
	struct deliver_batch none;
	enum deliver_own own;
	enum db_result r = deliver_rows_own(c->db, c->arena, c->conf->hub_name,
	    &own);

	if (r != DB_OK) {
		*step = trouble(r);
		return false;
	}
	if (own == DELIVER_OWN_BUSY) {
		if (!s->busy_logged)
			log_warning("another deliver runs as hub=%s: waiting",
			    c->conf->hub_name);
		s->busy_logged = true;
		*step = WORKER_WAIT;
		return false;
	}
	s->busy_logged = false;
	/* what we know ourselves, before what must be guessed */
	if (s->end_count != 0)
		r = turn(c, s, c->arena, 0, NULL, &none);
	if (r == DB_OK && clock_mono_ms() >= s->adopt_ms) {
		r = doubt_adopt(c);
		s->adopt_ms = clock_mono_ms() + ADOPT_MS;
	}
	/* nothing is under way now: what is in hand was left by a forerunner,
	 * or was another hub's */
	if (r == DB_OK)
		r = doubt_resolve_left(c);
	if (r == DB_OK && watch_is_due(&s->watch, c->conf))
		r = doubt_resolve_unknown(c, &s->watch);
	if (r != DB_OK)
		*step = trouble(r);
	return r == DB_OK;
}

static enum worker_step
step(struct worker_context *c, void *state)
{
	struct deliver *s = state;
	enum worker_step result;

	if (transport_check(c->conf) < 0)
		return WORKER_WAIT;
	if (!ready(c, s, &result))
		return result;
	return c->conf->deliver_live ? send_some(c, s) : write_some(c, s);
}

static int
open_deliver(struct worker_context *c, void **state)
{
	if (transport_check(c->conf) < 0)
		return -1;
	smtp_open();
	if (c->conf->deliver_live)
		log_notice("live: mail is sent through %s",
		    c->conf->deliver_relay);
	else
		log_notice("not live: mail is written to %s",
		    c->conf->deliver_mail_folder);
	*state = calloc(1, sizeof(struct deliver));
	if (*state == NULL)
		die(EX_OSERR, "out of memory");
	return 0;
}

static void
close_deliver(void *state)
{
	free(state);
	smtp_close();
}

static int64_t
every_ms(const struct hub_conf *conf)
{
	/* with a log to look into, what is unknown is not kept waiting */
	return conf->deliver_log[0] == '\0' ? EVERY_MS : ASK_MS;
}

const struct worker worker_deliver = {
    .name = "deliver",
    .what = "hands ready reports to the relay, or writes them to a folder",
    .channel = "plaintiff_reports",
    .every_ms = every_ms,
    .open = open_deliver,
    .step = step,
    .close = close_deliver,
};
