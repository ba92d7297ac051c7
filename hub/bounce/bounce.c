/*
 * Stage bounce: reads what comes back to the address that reports are sent
 * from, keeps it with the report, and draws what follows: a contact whose
 * mailbox is gone is suspended, one that does not answer is passed over.
 * Sends nothing: no message can make it write one.
 */
#include <stdlib.h>
#include <sysexits.h>

#include "hub/bounce/bounce_rows.h"
#include "hub/bounce/hear.h"
#include "hub/bounce/maildir.h"
#include "hub/conf.h"
#include "hub/worker.h"
#include "proto/base/clock.h"
#include "proto/base/die.h"
#include "proto/base/log.h"

enum { CHORES_EVERY_MS = 3600 * 1000 };

struct bounce {
	struct hear hear;
	struct maildir *maildir; /* NULL: none is set */
	int64_t chores_at_ms;
};

static int64_t
every_ms(const struct hub_conf *conf)
{
	return conf->bounce_every * 1000;
}

static int
open_stage(struct worker_context *c, void **state)
{
	struct bounce *b = calloc(1, sizeof *b);

	if (b == NULL)
		die(EX_OSERR, "out of memory");
	*state = b;
	if (c->conf->bounce_address[0] == '\0') {
		log_notice("not listening: bounce.address is empty");
		return 0;
	}
	if (hear_open(&b->hear, c->conf) < 0) {
		free(b);
		return -1;
	}
	if (c->conf->bounce_maildir[0] == '\0') {
		log_notice("no Maildir: only plaintiff bounce listens");
		return 0;
	}
	b->maildir = maildir_open(c->conf->bounce_maildir);
	log_notice("listening maildir=%s", c->conf->bounce_maildir);
	return 0;
}

static void
close_stage(void *state)
{
	struct bounce *b = state;

	maildir_close(b->maildir);
	free(b);
}

static int
wake_fd(void *state)
{
	struct bounce *b = state;

	return b->maildir == NULL ? -1 : maildir_fd(b->maildir);
}

/* What no message brings about. */
static enum worker_step
chores(struct worker_context *c, struct bounce *b)
{
	int64_t now = clock_mono_ms(), n = 0;
	bool any;
	enum db_result r = hear_refusal(c->db, c->arena, &any);

	if (r != DB_OK)
		return r == DB_LOST ? WORKER_LOST : WORKER_WAIT;
	if (any)
		return WORKER_MORE;
	if (c->conf->bounce_escalate_after == 0 ||
	    (b->chores_at_ms != 0 && now < b->chores_at_ms))
		return WORKER_IDLE;
	r = bounce_rows_escalate(c->db, c->arena,
	    c->conf->bounce_escalate_after, &n);
	if (r == DB_LOST)
		return WORKER_LOST;
	if (r != DB_OK)
		return WORKER_WAIT;
	if (n != 0)
		log_warning("contacts escalated count=%lld", (long long)n);
	b->chores_at_ms = now + CHORES_EVERY_MS;
	return WORKER_IDLE;
}

/* A file that stays is known when it is read again; but not at once. */
static enum worker_step
done(struct bounce *b, const char *name, bool keep)
{
	return maildir_done(b->maildir, name, keep) < 0 ? WORKER_WAIT
	                                                : WORKER_MORE;
}

static enum worker_step
step(struct worker_context *c, void *state)
{
	struct bounce *b = state;
	struct maildir_file f;
	enum db_result r;

	if (b->maildir == NULL || !maildir_next(b->maildir, c->arena,
	        (size_t)c->conf->bounce_max_bytes, &f))
		return chores(c, b);
	/* a reload may have moved the settings */
	b->hear.conf = c->conf;
	r = hear_one(c->db, c->arena, &b->hear,
	    &(struct hear_message){.bytes = f.bytes,
	        .received_us = f.received_us});
	switch (r) {
	case DB_REFUSED:
		log_error("message set aside file=%s", f.name);
		return done(b, f.name, true);
	case DB_OK:
		return done(b, f.name, c->conf->bounce_keep);
	case DB_CONFLICT:
		maildir_rewind(b->maildir);
		return WORKER_WAIT;
	case DB_LOST:
		break;
	}
	maildir_rewind(b->maildir);
	return WORKER_LOST;
}

const struct worker worker_bounce = {
    .name = "bounce",
    .what = "reads what comes back: bounces and replies",
    .every_ms = every_ms,
    .open = open_stage,
    .step = step,
    .close = close_stage,
    .wake_fd = wake_fd,
};
