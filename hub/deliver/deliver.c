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
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "hub/conf.h"
#include "hub/deliver/deliver_rows.h"
#include "hub/deliver/smtp.h"
#include "hub/deliver/transport.h"
#include "hub/worker.h"
#include "proto/base/arena.h"
#include "proto/base/die.h"
#include "proto/base/log.h"

enum { EVERY_MS = 5000 };

struct deliver {
	/* a claim whose end the database does not know yet */
	struct deliver_claim open;
	enum deliver_move move;
	char said[DELIVER_SAID_BYTES];
	bool busy_logged;
	bool left_unresolved; /* since this session has taken the name */
};

static enum worker_step
trouble(enum db_result r)
{
	return r == DB_LOST ? WORKER_LOST : WORKER_WAIT;
}

static void
remember(struct deliver *s, const struct deliver_claim *claim,
    enum deliver_move move, const char *said)
{
	struct text t = text_of(said);
	size_t n = text_neuter(s->said, sizeof s->said - 1, t.at, t.n);

	s->said[n] = '\0';
	s->open = *claim;
	s->move = move;
}

/* Tells the database how the remembered claim ended. */
static enum db_result
settle(struct worker_context *c, struct deliver *s)
{
	enum db_result r = deliver_rows_move(c->db, c->arena, &s->open, s->move,
	    s->said);

	if (r == DB_OK)
		s->open.report = 0;
	return r;
}

/* What the last process of this name left in state sending. */
static enum db_result
resolve(struct worker_context *c)
{
	struct deliver_left *list;
	size_t n;
	enum db_result r = deliver_rows_left(c->db, c->arena,
	    c->conf->hub_name, &list, &n);

	for (size_t i = 0; r == DB_OK && i < n; i++) {
		const struct deliver_left *l = &list[i];
		const char *path = transport_plan_file(l->plan);

		if (path != NULL && access(path, F_OK) == 0) {
			log_notice("report sent report=%lld written to %s",
			    (long long)l->claim.report, path);
			r = deliver_rows_move(c->db, c->arena, &l->claim,
			    DELIVER_MOVE_SENT,
			    arena_printf(c->arena, "written to %s", path));
		} else if (path != NULL) {
			r = deliver_rows_move(c->db, c->arena, &l->claim,
			    DELIVER_MOVE_BACK, "was not written");
		} else {
			log_warning("report unknown report=%lld uuid=%s: ended "
			            "while sending; see the relay's log, then "
			            "plaintiff report resolve",
			    (long long)l->claim.report, l->uuid);
			r = deliver_rows_move(c->db, c->arena, &l->claim,
			    DELIVER_MOVE_UNKNOWN,
			    "ended while sending: may have gone or not");
		}
	}
	return r;
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
log_result(const struct deliver_next *next, enum smtp_result result,
    const char *said)
{
	long long report = next->report;

	switch (result) {
	case SMTP_SENT:
		log_notice("report sent report=%lld contact=%s %s", report,
		    next->recipient, said);
		break;
	case SMTP_LATER:
		log_warning("report put back report=%lld contact=%s %s", report,
		    next->recipient, said);
		break;
	case SMTP_REFUSED:
		log_warning("report failed report=%lld contact=%s %s", report,
		    next->recipient, said);
		break;
	case SMTP_UNSURE:
		log_warning("report unknown report=%lld uuid=%s contact=%s %s; "
		            "see the relay's log, then plaintiff report "
		            "resolve",
		    report, next->uuid, next->recipient, said);
		break;
	}
}

/* One report, from claim to its end. */
static enum worker_step
one(struct worker_context *c, struct deliver *s,
    const struct deliver_next *next)
{
	const char *plan = transport_plan(c->conf, next->uuid, c->arena);
	struct deliver_claim claim;
	enum smtp_result result;
	const char *said;
	struct text mail;
	enum db_result r = deliver_rows_claim(c->db, c->arena, c->conf,
	    next->report, plan, &claim, &mail);

	if (r == DB_CONFLICT)
		r = deliver_rows_put_off(c->db, c->arena, next->report);
	else if (r == DB_LOST && claim.report != 0)
		/* claimed or not, nothing was sent */
		remember(s, &claim, DELIVER_MOVE_BACK, "was not sent");
	else if (r == DB_OK && claim.report != 0) {
		result = transport_send(c->conf, next->uuid, next->recipient,
		    mail, c->signals, c->arena, &said);
		log_result(next, result, said);
		remember(s, &claim, move_of(result), said);
		r = settle(c, s);
	}
	return r == DB_OK ? WORKER_MORE : trouble(r);
}

/* Settings or hosts have changed since it was composed: a person decides. */
static enum worker_step
hold(struct worker_context *c, const struct deliver_next *next)
{
	char address[ADDR_TEXT_BYTES];
	const char *why = arena_printf(c->arena,
	    "%s must not be reported (filter settings or an address of ours)",
	    addr_format(address, &next->unreportable));
	enum db_result r;

	log_warning("report held report=%lld contact=%s %s",
	    (long long)next->report, next->recipient, why);
	r = deliver_rows_hold(c->db, c->arena, next->report, why);
	return r == DB_OK ? WORKER_MORE : trouble(r);
}

/* True: this process may work, and nothing is left of the past. */
static bool
ready(struct worker_context *c, struct deliver *s, enum worker_step *step)
{
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
	if (s->open.report != 0)
		r = settle(c, s);
	if (own == DELIVER_OWN_TAKEN)
		s->left_unresolved = true;
	if (r == DB_OK && s->left_unresolved) {
		r = resolve(c);
		s->left_unresolved = r != DB_OK;
	}
	if (r != DB_OK)
		*step = trouble(r);
	return r == DB_OK;
}

static enum worker_step
step(struct worker_context *c, void *state)
{
	struct deliver *s = state;
	struct deliver_next next;
	enum worker_step result;
	enum db_result r;

	if (transport_check(c->conf) < 0)
		return WORKER_WAIT;
	if (!ready(c, s, &result))
		return result;
	r = deliver_rows_next(c->db, c->arena, c->conf, &next);
	if (r != DB_OK)
		return trouble(r);
	if (next.report == 0)
		return WORKER_IDLE;
	if (next.unreportable.family != 0)
		return hold(c, &next);
	return one(c, s, &next);
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
	(void)conf;
	return EVERY_MS;
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
