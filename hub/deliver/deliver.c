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
	struct deliver_end open;
	bool is_open;
	bool busy_logged;
	bool left_unresolved; /* since this session has taken the name */
};

static enum worker_step
trouble(enum db_result r)
{
	return r == DB_LOST ? WORKER_LOST : WORKER_WAIT;
}

static struct deliver_end
end_of(const struct deliver_claim *claim, enum deliver_move move,
    const char *said)
{
	struct deliver_end end = {.claim = *claim, .move = move};
	struct text t = text_of(said);

	end.said[text_neuter(end.said, sizeof end.said - 1, t.at, t.n)] = '\0';
	return end;
}

/* Tells the database how the remembered claim ended. */
static enum db_result
settle(struct worker_context *c, struct deliver *s)
{
	struct deliver_batch none;
	enum db_result r = deliver_rows_turn(c->db, c->arena, c->conf, &s->open,
	    1, &(struct deliver_terms){0}, &none);

	if (r == DB_OK)
		s->is_open = false;
	return r;
}

/* The file of one mail, without its folder and suffix. */
static const char *
name_of(const char *uuid, int64_t n, struct arena *a)
{
	return n == 1 ? uuid : arena_printf(a, "%s-%lld", uuid, (long long)n);
}

static struct deliver_end
end_of_left(struct worker_context *c, const struct deliver_left *l)
{
	const char *path = transport_plan_file(l->plan,
	    name_of(l->uuid, l->claim.n, c->arena), c->arena);
	long long report = l->claim.report;

	if (path != NULL && access(path, F_OK) == 0) {
		log_notice("report sent report=%lld written to %s", report,
		    path);
		return end_of(&l->claim, DELIVER_MOVE_SENT,
		    arena_printf(c->arena, "written to %s", path));
	}
	if (path != NULL)
		return end_of(&l->claim, DELIVER_MOVE_BACK, "was not written");
	log_warning("report unknown report=%lld uuid=%s: ended while sending; "
	            "see the relay's log, then plaintiff report resolve",
	    report, l->uuid);
	return end_of(&l->claim, DELIVER_MOVE_UNKNOWN,
	    "ended while sending: may have gone or not");
}

/* What the last process of this name left in state sending. */
static enum db_result
resolve(struct worker_context *c)
{
	struct deliver_left *list;
	struct deliver_batch none;
	struct deliver_end *ends;
	size_t n;
	enum db_result r = deliver_rows_left(c->db, c->arena,
	    c->conf->hub_name, &list, &n);

	if (r != DB_OK || n == 0)
		return r;
	ends = arena_array(c->arena, n, sizeof *ends);
	for (size_t i = 0; i < n; i++)
		ends[i] = end_of_left(c, &list[i]);
	return deliver_rows_turn(c->db, c->arena, c->conf, ends, n,
	    &(struct deliver_terms){0}, &none);
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
log_result(const struct deliver_mail *mail, enum smtp_result result,
    const char *said)
{
	long long report = mail->claim.report;

	switch (result) {
	case SMTP_SENT:
		log_notice("report sent report=%lld contact=%s %s", report,
		    mail->recipient, said);
		break;
	case SMTP_LATER:
		log_warning("report put back report=%lld contact=%s %s", report,
		    mail->recipient, said);
		break;
	case SMTP_REFUSED:
		log_warning("report failed report=%lld contact=%s %s", report,
		    mail->recipient, said);
		break;
	case SMTP_UNSURE:
		log_warning("report unknown report=%lld uuid=%s contact=%s %s; "
		            "see the relay's log, then plaintiff report "
		            "resolve",
		    report, mail->uuid, mail->recipient, said);
		break;
	}
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

/* One mail, from claim to its end. */
static enum worker_step
one(struct worker_context *c, struct deliver *s)
{
	const struct deliver_terms terms = {
	    .most = 1,
	    .plan = transport_plan(c->conf, c->arena),
	};
	struct deliver_batch batch;
	struct deliver_mail *m;
	enum smtp_result result;
	const char *said;
	enum db_result r = deliver_rows_turn(c->db, c->arena, c->conf, NULL, 0,
	    &terms, &batch);

	m = batch.mails;
	log_held(&batch);
	if (r == DB_CONFLICT)
		r = deliver_rows_put_off(c->db, c->arena);
	else if (r == DB_LOST && batch.n != 0) {
		/* claimed or not, nothing was sent */
		s->open = end_of(&m->claim, DELIVER_MOVE_BACK, "was not sent");
		s->is_open = true;
	} else if (r == DB_OK && batch.n != 0) {
		result = transport_send(c->conf,
		    name_of(m->uuid, m->claim.n, c->arena), m->recipient,
		    m->mail, c->signals, c->arena, &said);
		log_result(m, result, said);
		s->open = end_of(&m->claim, move_of(result), said);
		s->is_open = true;
		r = settle(c, s);
	} else if (r == DB_OK && batch.held_count == 0) {
		return WORKER_IDLE;
	}
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
	if (s->is_open)
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
	enum worker_step result;

	if (transport_check(c->conf) < 0)
		return WORKER_WAIT;
	if (!ready(c, s, &result))
		return result;
	return one(c, s);
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
