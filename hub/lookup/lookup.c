/*
 * Stage lookup: counts new events, and finds out who answers for the
 * addresses that they accuse.  Itself it has no network: its child finder
 * asks.  A step counts some events, then claims some addresses, has them
 * asked for without a transaction open, and records the answers.  Any number
 * of instances may run.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "hub/conf.h"
#include "hub/lookup/ask.h"
#include "hub/lookup/asking.h"
#include "hub/lookup/batch.h"
#include "hub/lookup/case.h"
#include "hub/lookup/child.h"
#include "hub/lookup/exits.h"
#include "hub/lookup/lists.h"
#include "hub/lookup/lookup_record.h"
#include "hub/lookup/lookup_rows.h"
#include "hub/lookup/mx_rows.h"
#include "hub/lookup/setup.h"
#include "hub/worker.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"
#include "proto/base/die.h"
#include "proto/base/log.h"

enum {
	COUNT_MOST = 20000, /* events counted in one step */
	COUNT_LEAST = 100,
	COUNT_EVERY_MS = 500, /* while there is other work: counting waits for
	                          what receive is storing, and what receive
	                          stores next waits for us */
	LEASE_MS = 120000, /* well above what asking and recording take */
	FETCH_MS = 30000,
	EXITS_EVERY_MS = 60000,
	DROP_EVERY_MS = 60000,
	HOSTS_SHARE = 4, /* while there is other work, asking for mail hosts
	                    waits so many times as long as it took last */
	CONFLICTS_MOST = 5,
	WARN_EVERY_MS = 60000,
};

struct lookup {
	struct child *child;
	struct lists *lists;
	int64_t count_most;    /* less after a time-out */
	int64_t counted_ms;    /* when it was last counted */
	bool busy;             /* the last step had addresses to ask for */
	int conflicts;         /* in a row */
	int64_t exits_ms;      /* when their zone was last asked; 0: never */
	int64_t hosts_ms;      /* mail hosts wait until then */
	int64_t dropped_ms;    /* when contacts that take no mail were dropped;
	                          0: never */
	int64_t warned_ms;     /* when failures were last told; 0: never */
	int64_t failures;      /* since then */
	int64_t complained_ms; /* of settings; 0: never */
};

static int64_t
every_ms(const struct hub_conf *conf)
{
	(void)conf;
	return 1000;
}

/* Settings that were reloaded and will not do; said once a minute. */
static void
complain(struct lookup *l, const char *wrong)
{
	int64_t now = clock_mono_ms();

	if (l->complained_ms != 0 && now - l->complained_ms < WARN_EVERY_MS)
		return;
	l->complained_ms = now;
	log_error("nothing is looked up until this is mended: %s", wrong);
}

/* ---- one unit of work ---- */

/* What a database result means to the frame; a conflict is tried again, a
 * few times in a row without a pause. */
static enum worker_step
after_trouble(struct lookup *l, enum db_result r)
{
	switch (r) {
	case DB_LOST:
		return WORKER_LOST;
	case DB_CONFLICT:
		return ++l->conflicts <= CONFLICTS_MOST ? WORKER_MORE
		                                        : WORKER_WAIT;
	case DB_REFUSED:
	case DB_OK:
		break;
	}
	return WORKER_WAIT;
}

static enum db_result
count(struct worker_context *c, struct lookup *l, bool *more)
{
	int64_t now = clock_mono_ms();
	struct lookup_counted counted;
	enum db_result r;

	*more = true;
	if (l->busy && now - l->counted_ms < COUNT_EVERY_MS)
		return DB_OK;
	l->counted_ms = now;
	r = lookup_rows_count(c->db, c->arena, c->conf, l->count_most,
	    &counted);
	*more = false;
	if (r == DB_CONFLICT && l->count_most > COUNT_LEAST)
		l->count_most /= 2;
	if (r != DB_OK)
		return r;
	l->count_most = COUNT_MOST;
	*more = counted.more;
	if (counted.events != 0)
		log_info("events counted events=%lld sources=%lld",
		    (long long)counted.events, (long long)counted.sources);
	return DB_OK;
}

/* ---- asking ---- */

/* Judges what the open cases were told last. */
static enum db_result
judge(struct worker_context *c, struct batch *b, const char *method)
{
	enum db_result r = b->open_n == 0 ? DB_OK
	    : lookup_rows_dead(c->db, c->arena, c->conf, b->open, b->open_n,
	          &b->rules);

	for (size_t i = 0; r == DB_OK && i < b->open_n; i++) {
		struct lookup_case *k = b->open[i];

		if (k->said_n > 0 &&
		    strcmp(k->said[k->said_n - 1].method, method) == 0)
			case_judge(c->arena, c->conf, &b->rules, k);
	}
	return r;
}

/* The sources, one after the other; what has no answer goes back. */
static enum db_result
ask(struct worker_context *c, const struct asking *k, struct batch *b)
{
	enum db_result r;
	long done;

	if (b->open_n == 0)
		return DB_OK;
	if (!asking_zone(k, b->open, b->open_n)) {
		batch_give_up(b, 0);
		return DB_OK;
	}
	r = judge(c, b, "abusix");
	batch_sift(b);
	if (r == DB_OK && b->open_n != 0)
		r = lookup_rows_ranges(c->db, c->arena, b->open, b->open_n);
	if (r == DB_OK)
		r = judge(c, b, "range");
	if (r != DB_OK)
		return r;
	batch_narrow(b);
	batch_sort_servers(b);
	done = asking_rdap(k, b->open, b->open_n);
	batch_give_up(b, done < 0 ? 0 : (size_t)done);
	return judge(c, b, "rdap");
}

/* ---- recording ---- */

/* Failures are told at most once a minute, with the last reason. */
static void
tell(struct lookup *l, const struct batch *b)
{
	int64_t now = clock_mono_ms();
	const struct settle_said *last = NULL;

	for (size_t i = 0; i < b->settled_n; i++)
		if (strcmp(b->settled[i]->after.state, "failed") == 0) {
			l->failures++;
			last = b->settled[i]->after.by;
		}
	log_info("answers recorded addresses=%zu", b->settled_n);
	if (last == NULL ||
	    (l->warned_ms != 0 && now - l->warned_ms < WARN_EVERY_MS))
		return;
	log_warning("contact lookups failed count=%lld last=\"%s %.*s\"",
	    (long long)l->failures, last->method, (int)last->answer->why.n,
	    last->answer->why.at == NULL ? "" : last->answer->why.at);
	l->warned_ms = now;
	l->failures = 0;
}

/* Answers are worth some tries; what cannot be recorded is asked for again
 * when the lease has run out. */
static enum db_result
record(struct worker_context *c, struct lookup *l, int64_t lease_us,
    const struct batch *b)
{
	enum db_result r = DB_OK;
	size_t recorded;

	if (b->settled_n == 0)
		return DB_OK;
	for (int tries = 0; tries < 3; tries++) {
		r = lookup_record(c->db, c->arena, lease_us, b->settled,
		    b->settled_n, &recorded);
		if (r != DB_CONFLICT)
			break;
	}
	if (r == DB_OK && recorded < b->settled_n)
		log_warning("answers came after the lease count=%zu",
		    b->settled_n - recorded);
	if (r == DB_OK)
		tell(l, b);
	return r;
}

static enum db_result
release(struct worker_context *c, int64_t lease_us, const struct batch *b)
{
	struct addr *list = arena_array(c->arena, b->back_n + 1,
	    sizeof *list);

	for (size_t i = 0; i < b->back_n; i++)
		list[i] = b->back[i]->address;
	return lookup_rows_release(c->db, c->arena, lease_us, list, b->back_n);
}

/* Fetches what lists are due. */
static enum db_result
lists(struct worker_context *c, struct lookup *l, const struct asking *k)
{
	for (;;) {
		struct lists_want want;
		struct ask_fetch fetch;
		struct ask_whole list;
		enum db_result r = lists_next(l->lists, c->arena, c->conf,
		    c->db, &want);

		if (r != DB_OK || !want.due)
			return r;
		fetch = (struct ask_fetch){.list = want.list,
		    .url = want.url, .deadline_ms = FETCH_MS,
		    .now_us = want.exits.limits.now_us,
		    .least = (uint32_t)want.exits.limits.entries_min};
		if (child_fetch(l->child, c->arena, k->terms, &fetch,
		        want.most, &list) != CHILD_ANSWERED)
			list = (struct ask_whole){.why = TEXT("not asked")};
		r = lists_store(c->arena, c->conf, c->db, &want, &list);
		if (r != DB_OK)
			return r;
	}
}

/* While the list of Tor's exits cannot be had, its zone is asked. */
static enum db_result
exits(struct worker_context *c, struct lookup *l, const struct asking *k)
{
	int64_t now = clock_mono_ms();
	struct ask_answer *answers;
	struct exits_want want;
	enum db_result r;

	if (k->terms->setup->exits[0] == '\0' || (l->exits_ms != 0 &&
	        now - l->exits_ms < EXITS_EVERY_MS))
		return DB_OK;
	l->exits_ms = now;
	r = exits_next(c->arena, c->conf, c->db, &want);
	if (r != DB_OK || want.n == 0 ||
	    !asking_exits(k, want.ask, want.n, &answers))
		return r;
	return exits_store(c->arena, c->conf, c->db, &want, answers);
}

static void
tell_hosts(const struct ask_host *hosts, size_t n)
{
	const struct ask_host *last = NULL;
	size_t failures = 0;

	for (size_t i = 0; i < n; i++)
		if (hosts[i].state == ASK_FAILED) {
			failures++;
			last = &hosts[i];
		}
	log_info("mail hosts recorded domains=%zu", n - failures);
	if (last != NULL)
		log_info("mail hosts not known domains=%zu last=\"%s %.*s\"",
		    failures, last->domain, (int)last->why.n,
		    last->why.at == NULL ? "" : last->why.at);
}

/* Domains that take no mail: at once, and now and then what another lookup
 * has found at the same time as somebody recorded a contact there. */
static enum db_result
drop(struct worker_context *c, struct lookup *l, const struct ask_host *hosts,
    size_t n)
{
	int64_t now = clock_mono_ms();
	bool due = l->dropped_ms == 0 || now - l->dropped_ms >= DROP_EVERY_MS;

	for (size_t i = 0; i < n; i++)
		due = due || hosts[i].state == ASK_NONE;
	if (!due)
		return DB_OK;
	l->dropped_ms = now;
	return mx_rows_drop(c->db);
}

/* Which hosts take the mail of contacts; *more: domains may be left. */
static enum db_result
hosts(struct worker_context *c, struct lookup *l, const struct asking *k,
    bool *more)
{
	int64_t began = clock_mono_ms();
	struct mx_claims claims;
	struct ask_host *said = NULL;
	size_t n = 0;
	enum db_result r;

	*more = c->conf->lookup_mx && l->busy && began < l->hosts_ms;
	if (!c->conf->lookup_mx || *more)
		return DB_OK;
	r = mx_rows_claim(c->db, c->arena, LEASE_MS, &claims);
	if (r == DB_OK && claims.ask->n != 0 &&
	    asking_hosts(k, claims.ask, &said)) {
		*more = true;
		n = claims.ask->n;
		r = mx_rows_record(c->db, c->arena, c->conf, &claims, said);
		if (r == DB_OK)
			tell_hosts(said, n);
	}
	l->hosts_ms = clock_mono_ms() +
	    HOSTS_SHARE * (clock_mono_ms() - began);
	return r == DB_OK ? drop(c, l, said, n) : r;
}

static enum worker_step
step(struct worker_context *c, void *state)
{
	struct lookup *l = state;
	struct batch b = {.arena = c->arena, .conf = c->conf};
	struct lookup_claims claims;
	struct ask_setup setup;
	struct child_terms terms = {.program = c->program, .setup = &setup,
	    .signals = c->signals};
	struct asking asking = {.arena = c->arena, .conf = c->conf,
	    .rules = &b.rules, .child = l->child, .terms = &terms};
	const char *wrong;
	bool more, more_hosts = false;
	enum db_result r;

	if (setup_of(c->conf, c->arena, &setup, &wrong) < 0) {
		complain(l, wrong);
		return WORKER_WAIT;
	}
	r = count(c, l, &more);
	if (r == DB_OK)
		r = lists(c, l, &asking);
	if (r == DB_OK)
		r = exits(c, l, &asking);
	if (r == DB_OK)
		r = hosts(c, l, &asking, &more_hosts);
	if (r == DB_OK)
		r = lookup_rows_refusals(c->db, c->arena, &b.rules);
	if (r == DB_OK)
		r = lookup_rows_claim(c->db, c->arena, c->conf, ASK_MOST,
		    LEASE_MS, &claims);
	if (r != DB_OK)
		return after_trouble(l, r);
	l->conflicts = 0;
	l->busy = claims.n != 0;
	if (claims.n == 0)
		return more || more_hosts ? WORKER_MORE : WORKER_IDLE;
	batch_sort(&b, claims.at, claims.n);
	r = ask(c, &asking, &b);
	batch_settle(&b);
	if (r == DB_OK)
		r = lookup_rows_park(c->db, c->arena, claims.lease_us,
		    b.park, b.park_n);
	if (r == DB_OK)
		r = record(c, l, claims.lease_us, &b);
	if (r == DB_OK)
		r = release(c, claims.lease_us, &b);
	if (r != DB_OK)
		return after_trouble(l, r);
	return b.settled_n + b.park_n > 0 ? WORKER_MORE : WORKER_WAIT;
}

static int
open_stage(struct worker_context *c, void **state)
{
	struct ask_setup setup;
	struct lookup *l;
	const char *wrong;

	if (setup_of(c->conf, c->arena, &setup, &wrong) < 0) {
		log_error("%s", wrong);
		return -1;
	}
	l = calloc(1, sizeof *l);
	if (l == NULL)
		die(EX_OSERR, "out of memory");
	l->child = child_open();
	l->lists = lists_open();
	l->count_most = COUNT_MOST;
	*state = l;
	if (c->conf->tor_list[0] == '\0')
		log_notice("Tor is not checked, tor.list is empty");
	return 0;
}

static void
close_stage(void *state)
{
	struct lookup *l = state;

	child_close(l->child);
	lists_close(l->lists);
	free(l);
}

const struct worker worker_lookup = {
    .name = "lookup",
    .what = "counts events, finds who answers for an address",
    .channel = "plaintiff_events",
    .every_ms = every_ms,
    .open = open_stage,
    .step = step,
    .close = close_stage,
};
