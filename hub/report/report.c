/*
 * Stage report: what each contact is due becomes one stored report.  Who is
 * due is decided for all at once; then a step is a batch of contacts: they
 * are locked, their new events read, mails composed, and mails, addresses and
 * the marks "reported up to here" stored in one transaction, if no mark was
 * moved meanwhile, so that each event is in exactly one report.  Sends
 * nothing: that is deliver.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "hub/brake.h"
#include "hub/conf.h"
#include "hub/report/compose.h"
#include "hub/report/domain.h"
#include "hub/report/greetings.h"
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
	/* contacts in one transaction, by the size of its mails: twice as many
	 * after one of less than BATCH_SMALL bytes, half as many after one of
	 * more than BATCH_LARGE */
	BATCH_LEAST = 25,
	BATCH_FIRST = 100,
	BATCH_MOST = 800,
	BATCH_SMALL = 16 << 20,
	BATCH_LARGE = 64 << 20,
	/* deciding takes a part of the time at most: so many times as long as
	 * it took it is not done again */
	REST = 20,
	/* likewise reading the greetings, which is done once a second */
	GREETINGS_REST = 50,
	GREETINGS_EVERY_MS = 1000,
	SKIPS_MAX = 1000,
	SKIP_MS = 10 * 60 * 1000, /* a contact of which nothing came */
};

struct skip {
	int64_t contact;
	int64_t until_ms;
};

struct report {
	struct arena *round; /* owns the list */
	struct report_contacts list; /* due contacts */
	size_t at;     /* those before are done */
	size_t batch;  /* so many of them at once */
	size_t single; /* so many by themselves, after a batch that failed */
	int64_t upto;  /* for the contacts of the list */
	int64_t rest_until_ms;
	struct arena *words; /* owns the greetings */
	struct greetings greetings;
	int64_t greetings_until_ms; /* they need not be read before */
	struct skip skips[SKIPS_MAX];
	size_t skip_count;
	bool stopped; /* and said so */
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

static struct report_contacts
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
	return (struct report_contacts){.at = list, .n = n};
}

/* ---- who is due ---- */

static enum db_result
find_domains(struct worker_context *c)
{
	struct report_domainless *list;
	size_t n = 1;
	enum db_result r = DB_OK;

	while (r == DB_OK && n != 0) {
		r = report_store_domainless(c->db, c->arena, &list, &n);
		for (size_t i = 0; r == DB_OK && i < n; i++)
			list[i].domain = domain_of(list[i].key, c->arena);
		if (r == DB_OK && n != 0)
			r = report_store_domains(c->db, c->arena, list, n);
	}
	return r;
}

/* Decides anew.  DB_OK with an empty list: nobody is due. */
static enum db_result
next_list(struct worker_context *c, struct report *s)
{
	int64_t begin_ms = clock_mono_ms(), took_ms;
	enum db_result r;

	arena_reset(s->round);
	s->list = (struct report_contacts){0};
	s->at = 0;
	r = find_domains(c);
	if (r == DB_OK)
		r = report_rows_upto(c->db, c->arena, c->conf, &s->upto);
	if (r == DB_OK)
		r = report_store_draw(c->db, c->arena, c->conf, s->upto);
	if (r == DB_OK)
		r = report_rows_due(c->db, s->round, s->upto,
		    skips_now(s, c->arena), &s->list);
	took_ms = clock_mono_ms() - begin_ms;
	s->rest_until_ms = begin_ms + took_ms + REST * took_ms;
	if (r == DB_OK && s->list.n != 0)
		log_info("contacts due contacts=%zu upto=%lld ms=%lld",
		    s->list.n, (long long)s->upto, (long long)took_ms);
	return r;
}

/* ---- a batch of them ---- */

struct batch {
	struct report_contacts contacts; /* of the list */
	bool may; /* no purge is under way */
	struct report_contacts claimed, room;
	struct report_cases cases;
	struct report_made *made;
	size_t n;
	size_t bytes; /* of all mails composed */
};

static bool
holds(struct report_contacts contacts, int64_t contact)
{
	for (size_t i = 0; i < contacts.n; i++)
		if (contacts.at[i] == contact)
			return true;
	return false;
}

static void
compose_all(struct worker_context *c, const struct letter *letter,
    struct batch *b)
{
	b->made = arena_array(c->arena, b->cases.n + 1, sizeof *b->made);
	for (size_t i = 0; i < b->cases.n; i++) {
		struct report_case *kase = &b->cases.at[i];
		struct report_made *made = &b->made[b->n];

		made->kase = kase;
		made->hold = kase->hold || c->conf->report_hold;
		if (letter_write(letter, c->arena, kase, kase->mailbox,
		        &made->mails) < 0)
			continue;
		b->n++;
		for (size_t j = 0; j < made->mails.count; j++)
			b->bytes += made->mails.mails[j].mail.n;
	}
}

/* Keeps those for whom there is room. */
static enum db_result
brake(struct worker_context *c, struct batch *b)
{
	int64_t *list = arena_array(c->arena, b->n + 1, sizeof *list);
	size_t kept = 0;
	enum db_result r;

	for (size_t i = 0; i < b->n; i++)
		list[i] = b->made[i].kase->contact;
	r = report_store_room(c->db, c->arena, c->conf,
	    (struct report_contacts){.at = list, .n = b->n}, &b->room);
	if (r != DB_OK)
		return r;
	for (size_t i = 0; i < b->n; i++)
		if (holds(b->room, b->made[i].kase->contact))
			b->made[kept++] = b->made[i];
	b->n = kept;
	return DB_OK;
}

/* The inside of the transaction. */
static enum db_result
make(struct worker_context *c, struct report *s, const struct letter *letter,
    struct batch *b)
{
	enum db_result r = report_store_unpurged(c->db, &b->may);

	if (r == DB_OK && b->may)
		r = report_store_claim(c->db, c->arena, c->conf, b->contacts,
		    &b->claimed);
	if (r != DB_OK || b->claimed.n == 0)
		return r;
	r = report_rows_cases(c->db, c->arena, c->conf, b->claimed, s->upto,
	    &b->cases);
	if (r != DB_OK)
		return r;
	compose_all(c, letter, b);
	r = brake(c, b);
	if (r != DB_OK || b->n == 0)
		return r;
	return report_store_put(c->db, c->arena, b->made, b->n, s->upto);
}

/* Those that were claimed, and of whom nothing came. */
static void
skip_rest(struct report *s, const struct batch *b)
{
	size_t skipped = 0;

	for (size_t i = 0; i < b->claimed.n; i++) {
		bool came = false;

		for (size_t j = 0; j < b->n; j++)
			came |= b->made[j].kase->contact == b->claimed.at[i];
		if (came)
			continue;
		skip_add(s, b->claimed.at[i]);
		skipped++;
	}
	if (skipped != 0)
		log_info("nothing to report contacts=%zu", skipped);
}

static void
tell(const struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct report_made *m = &b->made[i];

		log_notice("report %s report=%lld contact=%s sources=%zu "
		           "events=%lld",
		    m->hold ? "held" : "ready", (long long)m->report,
		    m->kase->mailbox, m->kase->facts->source_count,
		    (long long)m->kase->facts->events);
	}
}

/* A batch is in memory as a whole. */
static void
choose_batch(struct report *s, size_t bytes)
{
	if (bytes > BATCH_LARGE && s->batch / 2 >= BATCH_LEAST)
		s->batch /= 2;
	else if (bytes < BATCH_SMALL && s->batch * 2 <= BATCH_MOST)
		s->batch *= 2;
}

static enum worker_step
next_batch(struct worker_context *c, struct report *s,
    const struct letter *letter)
{
	size_t left = s->list.n - s->at;
	size_t n = s->single != 0 ? 1 : left < s->batch ? left : s->batch;
	struct batch b = {
	    .contacts = {.at = s->list.at + s->at, .n = n}};
	enum db_result r = db_begin(c->db);

	if (r == DB_OK)
		r = make(c, s, letter, &b);
	if (r == DB_OK && b.n == 0)
		db_rollback(c->db);
	else if (r == DB_OK)
		r = db_commit(c->db);
	if (r == DB_LOST)
		return WORKER_LOST;
	if (r == DB_OK && !b.may) {
		log_info("a purge is under way");
		return WORKER_WAIT;
	}
	if (r != DB_OK && n > 1) {
		/* one of them must not hold up the others */
		s->single = n;
		return WORKER_MORE;
	}
	if (s->single == 0 && b.n != 0)
		choose_batch(s, b.bytes);
	s->at += n;
	s->single -= s->single != 0;
	if (r == DB_OK) {
		tell(&b);
		skip_rest(s, &b);
	} else if (r == DB_REFUSED) {
		skip_add(s, b.contacts.at[0]);
	}
	/* DB_CONFLICT: another process was quicker, or an address changed */
	return WORKER_MORE;
}

/* ---- the stage ---- */

/* False: nothing may be done now; *step says what to do instead. */
static bool
may_go(struct worker_context *c, struct report *s, enum worker_step *step)
{
	const char *why;
	enum db_result r = brake_tick(c->db, c->arena, &why);

	if (r != DB_OK) {
		*step = trouble(r);
		return false;
	}
	if (why != NULL && !s->stopped)
		log_warning("nothing is reported: %s", why);
	else if (why == NULL && s->stopped)
		log_notice("reports go on");
	s->stopped = why != NULL;
	*step = WORKER_IDLE;
	return why == NULL;
}

/* The greetings as they are now, or were just now.  A report goes out with
 * none that will not do. */
static int
read_greetings(struct worker_context *c, struct report *s)
{
	int64_t begin_ms = clock_mono_ms(), took_ms;

	if (begin_ms < s->greetings_until_ms)
		return 0;
	s->greetings_until_ms = 0;
	arena_reset(s->words);
	if (greetings_load(c->conf, s->words, &s->greetings) < 0)
		return -1;
	took_ms = clock_mono_ms() - begin_ms;
	s->greetings_until_ms = begin_ms + took_ms * GREETINGS_REST +
	    GREETINGS_EVERY_MS;
	return 0;
}

static enum worker_step
step(struct worker_context *c, void *state)
{
	struct report *s = state;
	struct letter letter;
	enum worker_step otherwise;
	enum db_result r;

	if (!may_go(c, s, &otherwise))
		return otherwise;
	if (s->at == s->list.n) {
		if (clock_mono_ms() < s->rest_until_ms && !c->once)
			return WORKER_IDLE;
		r = next_list(c, s);
		if (r != DB_OK)
			return trouble(r);
		if (s->list.n == 0)
			return WORKER_IDLE;
	}
	if (read_greetings(c, s) < 0 ||
	    letter_load(c->conf, &s->greetings, true, &letter) < 0)
		return WORKER_WAIT;
	return next_batch(c, s, &letter);
}

static int
open_report(struct worker_context *c, void **state)
{
	struct report *s;
	struct greetings greetings;
	struct letter letter;

	/* better now than when the first report is due */
	if (greetings_load(c->conf, c->arena, &greetings) < 0 ||
	    letter_load(c->conf, &greetings, true, &letter) < 0)
		return -1;
	if (!compose_mailbox_is_plain(c->conf->report_from)) {
		log_error("report.from \"%s\" is no plain mailbox",
		    c->conf->report_from);
		return -1;
	}
	s = calloc(1, sizeof *s);
	if (s == NULL)
		die(EX_OSERR, "out of memory");
	s->batch = BATCH_FIRST;
	s->round = arena_open(0);
	s->words = arena_open(0);
	*state = s;
	return 0;
}

static void
close_report(void *state)
{
	struct report *s = state;

	arena_close(s->round);
	arena_close(s->words);
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
