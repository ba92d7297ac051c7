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
#include "hub/lookup/child.h"
#include "hub/lookup/lookup_rows.h"
#include "hub/lookup/settle.h"
#include "hub/lookup/txt.h"
#include "hub/worker.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"
#include "proto/base/die.h"
#include "proto/base/log.h"

enum {
	COUNT_MOST = 20000, /* events counted in one step */
	COUNT_LEAST = 100,
	DEADLINE_LEAST_MS = 2000,
	DEADLINE_MOST_MS = 30000,
	LEASE_MS = 90000, /* well above the deadline and the recording */
	CONFLICTS_MOST = 5,
	WARN_EVERY_MS = 60000,
};

struct lookup {
	struct child *child;
	int64_t count_most;    /* less after a time-out */
	int conflicts;         /* in a row */
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

/* ---- settings of the child ---- */

/* *wrong, in the arena, says which setting will not do. */
static int
setup_of(const struct hub_conf *conf, struct arena *a, struct ask_setup *out,
    const char **wrong)
{
	const char *why;

	*out = (struct ask_setup){
	    .timeout_ms = (uint32_t)conf->lookup_timeout_ms,
	    .tries = (uint32_t)conf->lookup_tries,
	    .parallel = (uint32_t)conf->lookup_parallel};
	out->zone = txt_zone(a, conf->lookup_zone, &why);
	if (out->zone == NULL) {
		*wrong = arena_printf(a, "lookup.zone \"%s\": %s",
		    conf->lookup_zone, why);
		return -1;
	}
	for (size_t i = 0; i < conf->lookup_server.n; i++) {
		const char *s = conf->lookup_server.at[i];

		if (i == ASK_SERVERS_MOST) {
			*wrong = arena_printf(a, "lookup.server: over %d "
			                         "servers",
			    ASK_SERVERS_MOST);
			return -1;
		}
		if (!ask_server_parse(s, &out->servers[i])) {
			*wrong = arena_printf(a, "lookup.server \"%s\" is "
			                         "neither address, "
			                         "address:port nor "
			                         "[address]:port",
			    s);
			return -1;
		}
		out->servers_n = i + 1;
	}
	return 0;
}

/* Time for all rounds of a batch when no server answers, in limits: c-ares
 * doubles the timeout with each try, at each server. */
static uint32_t
deadline_ms(const struct ask_setup *setup, size_t n)
{
	uint64_t servers = setup->servers_n == 0 ? 3 : setup->servers_n;
	uint64_t rounds = (n + setup->parallel - 1) / setup->parallel;
	uint64_t ms = rounds * setup->timeout_ms * servers *
	    ((UINT64_C(1) << setup->tries) - 1);

	return ms < DEADLINE_LEAST_MS ? DEADLINE_LEAST_MS
	    : ms > DEADLINE_MOST_MS   ? DEADLINE_MOST_MS
	                              : (uint32_t)ms;
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
	struct lookup_counted counted;
	enum db_result r = lookup_rows_count(c->db, c->arena, c->conf,
	    l->count_most, &counted);

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

/* An address that is never reported, and so never asked for. */
static const char *
unreportable_why(const struct hub_conf *conf, const struct lookup_claim *claim)
{
	if (claim->ours)
		return "address of one of our own hosts";
	if (!hub_conf_reportable(conf, &claim->address))
		return "address is in filter.unreportable or filter.own";
	return NULL;
}

/* The claims sorted: what to ask, what to record at once, what to park. */
struct sorted {
	struct addr *ask;
	const struct lookup_claim **asked;
	size_t ask_n;
	struct lookup_record *records; /* room for all claims */
	size_t records_n;
	struct addr *park;
	size_t park_n;
};

static void
sort(struct worker_context *c, const struct lookup_claims *claims,
    struct sorted *s)
{
	s->ask = arena_array(c->arena, claims->n, sizeof *s->ask);
	s->asked = arena_array(c->arena, claims->n, sizeof(void *));
	s->records = arena_array(c->arena, claims->n, sizeof *s->records);
	s->park = arena_array(c->arena, claims->n, sizeof *s->park);
	for (size_t i = 0; i < claims->n; i++) {
		const struct lookup_claim *claim = &claims->at[i];
		const char *why = unreportable_why(c->conf, claim);

		if (why != NULL) {
			s->records[s->records_n++] = (struct lookup_record){
			    .address = claim->address,
			    .method = "settings",
			    .after = {.state = "refused", .why = why,
			        .fresh_s = -1},
			    .parked = true};
		} else if (claim->old) {
			s->park[s->park_n++] = claim->address;
		} else {
			s->asked[s->ask_n] = claim;
			s->ask[s->ask_n++] = claim->address;
		}
	}
}

/* Failures are told at most once a minute, with the last reason. */
static void
tell(struct lookup *l, const struct lookup_record *records, size_t n)
{
	int64_t now = clock_mono_ms();
	struct text why = {0};

	for (size_t i = 0; i < n; i++)
		if (strcmp(records[i].after.state, "failed") == 0) {
			l->failures++;
			why = records[i].answer->why;
		}
	log_info("answers recorded addresses=%zu", n);
	if (why.at == NULL ||
	    (l->warned_ms != 0 && now - l->warned_ms < WARN_EVERY_MS))
		return;
	log_warning("contact lookups failed count=%lld last=\"%.*s\"",
	    (long long)l->failures, (int)why.n, why.at);
	l->warned_ms = now;
	l->failures = 0;
}

/* Answers are worth some tries; what cannot be recorded is asked for again
 * when the lease has run out. */
static enum db_result
record(struct worker_context *c, struct lookup *l, int64_t lease_us,
    const struct lookup_record *records, size_t n)
{
	enum db_result r = DB_OK;
	size_t recorded;

	if (n == 0)
		return DB_OK;
	for (int tries = 0; tries < 3; tries++) {
		r = lookup_rows_record(c->db, c->arena, lease_us, records, n,
		    &recorded);
		if (r != DB_CONFLICT)
			break;
	}
	if (r == DB_OK && recorded < n)
		log_warning("answers came after the lease count=%zu",
		    n - recorded);
	if (r == DB_OK)
		tell(l, records, n);
	return r;
}

/* Asks and adds to the records; false when there was no child to ask or a
 * stop came between. */
static bool
ask(struct worker_context *c, struct lookup *l, const struct ask_setup *setup,
    struct sorted *s)
{
	struct ask_answer *answers = arena_array(c->arena, s->ask_n + 1,
	    sizeof *answers);

	if (s->ask_n == 0)
		return true;
	if (child_ask(l->child, c->arena, c->program, setup, s->ask, s->ask_n,
	        deadline_ms(setup, s->ask_n), c->signals, answers) !=
	    CHILD_ANSWERED)
		return false;
	for (size_t i = 0; i < s->ask_n; i++) {
		struct lookup_record *r = &s->records[s->records_n++];

		r->address = s->ask[i];
		r->method = ask_method_name(answers[i].method);
		r->answer = &answers[i];
		settle(c->arena, c->conf, &s->asked[i]->before, &answers[i],
		    &r->after);
	}
	return true;
}

static enum worker_step
step(struct worker_context *c, void *state)
{
	struct lookup *l = state;
	struct lookup_claims claims;
	struct ask_setup setup;
	struct sorted s = {0};
	const char *wrong;
	bool more, asked;
	enum db_result r;

	if (setup_of(c->conf, c->arena, &setup, &wrong) < 0) {
		complain(l, wrong);
		return WORKER_WAIT;
	}
	r = count(c, l, &more);
	if (r != DB_OK)
		return after_trouble(l, r);
	r = lookup_rows_claim(c->db, c->arena, c->conf, ASK_MOST, LEASE_MS,
	    &claims);
	if (r != DB_OK)
		return after_trouble(l, r);
	l->conflicts = 0;
	if (claims.n == 0)
		return more ? WORKER_MORE : WORKER_IDLE;
	sort(c, &claims, &s);
	asked = ask(c, l, &setup, &s);
	r = lookup_rows_park(c->db, c->arena, claims.lease_us, s.park,
	    s.park_n);
	if (r == DB_OK)
		r = record(c, l, claims.lease_us, s.records, s.records_n);
	if (r == DB_OK && !asked)
		r = lookup_rows_release(c->db, c->arena, claims.lease_us,
		    s.ask, s.ask_n);
	if (r != DB_OK)
		return after_trouble(l, r);
	return asked ? WORKER_MORE : WORKER_WAIT;
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
	l->count_most = COUNT_MOST;
	*state = l;
	return 0;
}

static void
close_stage(void *state)
{
	struct lookup *l = state;

	child_close(l->child);
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
