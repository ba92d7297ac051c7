/*
 * Stage report: what each contact is due becomes one stored mail.  A step is
 * one contact: its addresses locked, their new events read, the mail
 * composed, and the mail, its addresses and the mark "reported up to here"
 * stored in one transaction, so that each event is in exactly one report.
 * Sends nothing: that is deliver.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "hub/conf.h"
#include "hub/report/compose.h"
#include "hub/report/letter.h"
#include "hub/report/report_rows.h"
#include "hub/report/report_store.h"
#include "hub/worker.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"
#include "proto/base/die.h"
#include "proto/base/log.h"

enum {
	EVERY_MS = 5000,
	SKIPS_MAX = 1000,
	SKIP_MS = 10 * 60 * 1000, /* a contact of which nothing came */
};

struct skip {
	int64_t contact;
	int64_t until_ms;
};

struct report {
	struct arena *round; /* owns the list */
	struct report_contact *list; /* due contacts still to be done */
	size_t n, at;
	int64_t above; /* the last contact that was listed */
	int64_t upto;  /* for the contacts of the list */
	struct skip skips[SKIPS_MAX];
	size_t skip_count;
};

static enum worker_step
trouble(enum db_result r)
{
	return r == DB_LOST ? WORKER_LOST : WORKER_WAIT;
}

static void
skip_add(struct report *s, int64_t contact)
{
	/* beyond that many, the oldest may be tried again */
	if (s->skip_count == SKIPS_MAX)
		memmove(s->skips, s->skips + 1,
		    --s->skip_count * sizeof s->skips[0]);
	s->skips[s->skip_count++] = (struct skip){.contact = contact,
	    .until_ms = clock_mono_ms() + SKIP_MS};
}

static struct report_skips
skips_now(struct report *s, struct arena *a)
{
	int64_t *list, now = clock_mono_ms();
	size_t n = 0;

	for (size_t i = 0; i < s->skip_count; i++)
		if (s->skips[i].until_ms > now)
			s->skips[n++] = s->skips[i];
	s->skip_count = n;
	list = arena_array(a, n + 1, sizeof *list);
	for (size_t i = 0; i < n; i++)
		list[i] = s->skips[i].contact;
	return (struct report_skips){.at = list, .n = n};
}

/* Lists the next due contacts.  DB_OK with n 0: there is none. */
static enum db_result
next_list(struct worker_context *c, struct report *s)
{
	enum db_result r;

	arena_reset(s->round);
	s->n = s->at = 0;
	r = report_rows_upto(c->db, c->arena, c->conf, &s->upto);
	if (r == DB_OK)
		r = report_rows_due(c->db, s->round, c->conf, s->above,
		    s->upto, skips_now(s, c->arena), &s->list, &s->n);
	if (r == DB_OK && s->n != 0)
		s->above = s->list[s->n - 1].contact;
	return r;
}

enum made {
	MADE_REPORT,
	MADE_NOTHING, /* not due any more, or nothing left to say */
};

/* The inside of the transaction. */
static enum db_result
make(struct worker_context *c, const struct report_contact *who, int64_t upto,
    const struct letter *letter, enum made *made, struct report_case *kase,
    int64_t *report)
{
	struct composed mails;
	bool due;
	enum db_result r;

	*made = MADE_NOTHING;
	r = report_store_lock(c->db, c->arena, c->conf, who->contact, &due);
	if (r != DB_OK || !due)
		return r;
	r = report_rows_case(c->db, c->arena, c->conf, who->contact, upto,
	    kase);
	if (r != DB_OK || kase->facts->source_count == 0)
		return r;
	if (letter_write(letter, c->arena, kase, who->mailbox, &mails) < 0)
		return DB_OK;
	*made = MADE_REPORT;
	return report_store_put(c->db, c->arena, kase, &mails,
	    c->conf->report_hold, report);
}

static enum worker_step
one(struct worker_context *c, struct report *s,
    const struct report_contact *who, const struct letter *letter)
{
	struct report_case kase;
	int64_t report = 0;
	enum made made;
	enum db_result r = db_begin(c->db);

	if (r == DB_OK)
		r = make(c, who, s->upto, letter, &made, &kase, &report);
	if (r == DB_OK && made == MADE_NOTHING) {
		db_rollback(c->db);
		log_info("nothing to report contact=%s", who->mailbox);
		skip_add(s, who->contact);
		return WORKER_MORE;
	}
	if (r == DB_OK)
		r = db_commit(c->db);
	switch (r) {
	case DB_OK:
		log_notice("report %s report=%lld contact=%s sources=%zu "
		           "events=%lld",
		    c->conf->report_hold ? "held" : "ready",
		    (long long)report, who->mailbox,
		    kase.facts->source_count, (long long)kase.facts->events);
		return WORKER_MORE;
	case DB_CONFLICT: /* another process was quicker */
		return WORKER_MORE;
	case DB_REFUSED:
		skip_add(s, who->contact);
		return WORKER_MORE;
	case DB_LOST:
		break;
	}
	return WORKER_LOST;
}

static enum worker_step
step(struct worker_context *c, void *state)
{
	struct report *s = state;
	struct letter letter;
	enum db_result r;

	if (s->at == s->n) {
		r = next_list(c, s);
		if (r != DB_OK)
			return trouble(r);
		if (s->n == 0) {
			/* the next round begins with the first contact */
			bool first = s->above == 0;

			s->above = 0;
			return first ? WORKER_IDLE : WORKER_MORE;
		}
	}
	if (letter_load(c->conf, c->arena, true, &letter) < 0)
		return WORKER_WAIT;
	return one(c, s, &s->list[s->at++], &letter);
}

static int
open_report(struct worker_context *c, void **state)
{
	struct report *s;
	struct letter letter;

	/* better now than when the first report is due */
	if (letter_load(c->conf, c->arena, true, &letter) < 0)
		return -1;
	if (!compose_mailbox_is_plain(c->conf->report_from)) {
		log_error("report.from \"%s\" is no plain mailbox",
		    c->conf->report_from);
		return -1;
	}
	s = calloc(1, sizeof *s);
	if (s == NULL)
		die(EX_OSERR, "out of memory");
	s->round = arena_open(0);
	*state = s;
	return 0;
}

static void
close_report(void *state)
{
	struct report *s = state;

	arena_close(s->round);
	free(s);
}

static int64_t
every_ms(const struct hub_conf *conf)
{
	(void)conf;
	return EVERY_MS;
}

const struct worker worker_report = {
    .name = "report",
    .what = "composes one mail for each contact that is due",
    .channel = "plaintiff_sources",
    .every_ms = every_ms,
    .open = open_report,
    .step = step,
    .close = close_report,
};
