/* The database and what is kept of it; see session.h. */
#include "hub/receive/session.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "hub/db.h"
#include "hub/receive/agents.h"
#include "hub/receive/days.h"
#include "hub/receive/greet.h"
#include "hub/receive/group.h"
#include "hub/receive/names.h"
#include "hub/receive/receive_rows.h"
#include "hub/worker.h"
#include "proto/base/clock.h"
#include "proto/base/die.h"
#include "proto/base/log.h"
#include "proto/wire.h"

enum {
	AGENTS_MS = 500,      /* how old the table of agents may become ... */
	AGENTS_MOST_MS = 900, /* ... and still be used to store */
	DAYS_MS = 60000,
	DAYS_AGAIN_MS = 1000,
	COUNTERS_MS = 1000,    /* of one agent, over time ... */
	COUNTERS_AT_ONCE = 4,  /* ... or so many together */
	NOTIFY_MS = 1000,
	STORE_MS = 1500, /* after that no further try: agents wait */
	STORE_TRIES = 3,
	/* agents get their answer within two seconds; only a database that was
	 * too slow for that is waited for longer the next time, or nothing
	 * would ever be stored */
	ANSWER_MS = 1500,
	ANSWER_MOST_MS = 6000,
	RECONNECT_FIRST_MS = 250,
	RECONNECT_MAX_MS = 1000,
};

static const char stage[] = "receive";

struct session {
	struct worker_context *c; /* its db is NULL while away */
	struct agents *agents;
	int64_t agents_ms; /* when they were read */
	bool agents_changed;
	struct days event_days, evidence_days;
	int64_t days_ms;
	struct names *names;
	int64_t retry_ms, retry_wait_ms;
	int answer_ms;
	/* what the database is known to have had, most recently */
	struct {
		int32_t agent;
		uint8_t outbox[WIRE_OUTBOX_BYTES];
		uint64_t batch; /* 0: nothing */
	} had;
	bool older;
	int64_t notify_ms;
	bool news; /* stored, and nobody told yet */
};

struct session *
session_open(struct worker_context *c)
{
	struct session *s = calloc(1, sizeof *s);

	if (s == NULL)
		die(EX_OSERR, "out of memory");
	s->c = c;
	s->answer_ms = ANSWER_MS;
	s->names = names_open();
	s->agents = agents_open();
	agents_seal(s->agents, NULL);
	return s;
}

void
session_close(struct session *s)
{
	if (s == NULL)
		return;
	names_close(s->names);
	agents_close(s->agents);
	free(s);
}

bool
session_is_older(struct session *s)
{
	bool older = s->older;

	s->older = false;
	return older;
}

bool
session_is_away(const struct session *s)
{
	return s->c->db == NULL;
}

const struct agents *
session_agents(const struct session *s)
{
	return s->agents;
}

/* Looks after a result; true when it was good. */
static bool
good(struct session *s, enum db_result result)
{
	if (result == DB_LOST) {
		if (db_was_silent(s->c->db))
			s->answer_ms = s->answer_ms * 2 > ANSWER_MOST_MS
			    ? ANSWER_MOST_MS
			    : s->answer_ms * 2;
		db_close(s->c->db);
		s->c->db = NULL;
		s->retry_wait_ms = RECONNECT_FIRST_MS;
		s->retry_ms = clock_mono_ms() + s->retry_wait_ms;
		log_warning("database lost: agents are told to wait");
	}
	return result == DB_OK;
}

static bool
load_agents(struct session *s)
{
	struct agents *t = agents_open();
	/* before the question: the table is at least as new as that */
	int64_t now_ms = clock_mono_ms();

	if (!good(s, receive_rows_agents(s->c->db, t))) {
		agents_close(t);
		return false;
	}
	agents_seal(t, s->agents);
	agents_close(s->agents);
	s->agents = t;
	s->agents_ms = now_ms;
	s->agents_changed = false;
	return true;
}

static bool
load_days(struct session *s)
{
	s->days_ms = clock_mono_ms();
	return good(s, receive_rows_days(s->c->db, &s->event_days,
	    &s->evidence_days));
}

static void
remember(struct session *s, const struct agent *agent, const uint8_t *outbox,
    uint64_t batch)
{
	s->had.agent = agent->number;
	s->had.batch = batch;
	memcpy(s->had.outbox, outbox, sizeof s->had.outbox);
}

/* Is what the database had before the reconnect still there? */
static bool
compare_past(struct session *s)
{
	uint64_t has = 0;

	if (s->had.batch == 0)
		return true;
	if (!good(s, receive_rows_last_batch(s->c->db, s->c->arena,
	             s->had.agent, s->had.outbox, &has)))
		return false;
	if (has < s->had.batch) {
		log_warning("database is older than what was acknowledged: "
		            "all agents must say hello again has=%llu had=%llu",
		    (unsigned long long)has,
		    (unsigned long long)s->had.batch);
		s->older = true;
		s->had.batch = 0;
	}
	return true;
}

/* What a new connection needs before it is of use. */
static bool
enter(struct session *s)
{
	if (!good(s, db_listen(s->c->db, worker_receive.channel)) ||
	    !load_agents(s) || !load_days(s) || !compare_past(s)) {
		db_close(s->c->db);
		s->c->db = NULL;
		return false;
	}
	/* another server may not have the numbers that this one gave */
	names_close(s->names);
	s->names = names_open();
	s->retry_wait_ms = RECONNECT_FIRST_MS;
	db_set_patience(s->c->db, s->answer_ms);
	log_notice("database connected agents=%zu days=%zu",
	    agents_count(s->agents), s->event_days.n);
	if (s->event_days.n == 0)
		log_warning("no partitions: events are set aside until "
		            "plaintiff-hub tidy has run");
	return true;
}

bool
session_first(struct session *s, int *code)
{
	for (;;) {
		if (!worker_connect(s->c, stage, code))
			return false;
		if (enter(s))
			return true;
		/* paces the tries when connecting works and working fails */
		(void)poll(NULL, 0, RECONNECT_FIRST_MS);
	}
}

/* One try when it is time.  False: hopeless. */
static bool
reconnect(struct session *s)
{
	bool hopeless = false;

	if (clock_mono_ms() < s->retry_ms)
		return true;
	s->c->db = db_open(s->c->conf, stage, &hopeless);
	if (s->c->db != NULL && enter(s))
		return true;
	s->retry_ms = clock_mono_ms() + s->retry_wait_ms;
	s->retry_wait_ms = s->retry_wait_ms * 2 > RECONNECT_MAX_MS
	    ? RECONNECT_MAX_MS
	    : s->retry_wait_ms * 2;
	return !hopeless;
}

bool
session_look_after(struct session *s)
{
	int64_t now_ms = clock_mono_ms();
	bool any = false;

	if (session_is_away(s) && !reconnect(s))
		return false;
	if (!session_is_away(s) &&
	    good(s, db_notifications(s->c->db, &any)) &&
	    (any || s->agents_changed || now_ms - s->agents_ms >= AGENTS_MS))
		(void)load_agents(s);
	if (!session_is_away(s) && now_ms - s->days_ms >= DAYS_MS)
		(void)load_days(s);
	if (!session_is_away(s) && s->news && now_ms >= s->notify_ms &&
	    good(s, receive_rows_notify(s->c->db))) {
		s->news = false;
		s->notify_ms = now_ms + NOTIFY_MS;
	}
	return true;
}

bool
session_refresh(struct session *s)
{
	if (session_is_away(s))
		return false;
	if (!s->agents_changed &&
	    clock_mono_ms() - s->agents_ms < AGENTS_MOST_MS)
		return true;
	return load_agents(s);
}

static enum session_result
session_result_of(enum db_result result)
{
	switch (result) {
	case DB_OK:
		return SESSION_DONE;
	case DB_REFUSED:
		return SESSION_REFUSED;
	case DB_CONFLICT:
	case DB_LOST:
		return SESSION_LATER;
	}
	return SESSION_LATER;
}

enum session_result
session_hellos(struct session *s, struct greet_hello *hellos, size_t n)
{
	enum db_result result;
	bool changed = false;

	if (session_is_away(s))
		return SESSION_LATER;
	result = receive_rows_hellos(s->c->db, s->c->arena, hellos, n,
	    &changed);
	/* batches that follow are judged by the new addresses already */
	if (good(s, result) && changed)
		s->agents_changed = true;
	for (size_t i = 0; i < n && result == DB_OK; i++)
		if (hellos[i].last_batch != 0)
			remember(s, hellos[i].agent,
			    hellos[i].hello->counters.outbox,
			    hellos[i].last_batch);
	return session_result_of(result);
}

void
session_counters(struct session *s, struct agent *agent,
    const struct wire_counters *counters)
{
	int64_t now_ms = clock_mono_ms();

	if (agent->counters_ms < now_ms)
		agent->counters_ms = now_ms;
	if (session_is_away(s) ||
	    agent->counters_ms - now_ms > (COUNTERS_AT_ONCE - 1) * COUNTERS_MS)
		return;
	agent->counters_ms += COUNTERS_MS;
	(void)good(s, receive_rows_counters(s->c->db, s->c->arena, agent,
	    counters));
}

enum session_result
session_malformed(struct session *s, const struct agent *agent,
    uint64_t batch, size_t events, const char *why)
{
	enum db_result result;

	if (session_is_away(s))
		return SESSION_LATER;
	result = receive_rows_malformed(s->c->db, s->c->arena, agent, batch,
	    events, why);
	(void)good(s, result);
	return session_result_of(result);
}

/* An event without a partition may have got one since they were read. */
static void
judge(struct session *s, struct group_batch *batches, size_t n,
    struct group *g)
{
	struct group_rules rules = {.conf = s->c->conf,
	    .event_days = &s->event_days,
	    .evidence_days = &s->evidence_days,
	    .now_us = clock_wall_us()};
	bool homeless = false;

	group_make(s->c->arena, batches, n, &rules, g);
	for (size_t i = 0; i < g->event_count; i++)
		if (g->events[i].verdict == GROUP_OUT_OF_RANGE)
			homeless = true;
	if (homeless && clock_mono_ms() - s->days_ms >= DAYS_AGAIN_MS &&
	    load_days(s))
		group_make(s->c->arena, batches, n, &rules, g);
}

enum session_result
session_store(struct session *s, struct group_batch *batches, size_t n)
{
	int64_t end_ms = clock_mono_ms() + STORE_MS;
	enum db_result result = DB_LOST;

	for (int tries = 0; tries < STORE_TRIES && !session_is_away(s);
	     tries++) {
		struct group g;

		judge(s, batches, n, &g);
		if (session_is_away(s))
			break;
		result = receive_rows_store(s->c->db, s->c->arena, s->names,
		    &g);
		if (good(s, result)) {
			for (size_t i = 0; i < n; i++)
				if (batches[i].new_events != 0)
					s->news = true;
			remember(s, batches[n - 1].agent,
			    batches[n - 1].wire->counters.outbox,
			    batches[n - 1].wire->batch);
			s->answer_ms = ANSWER_MS;
			db_set_patience(s->c->db, s->answer_ms);
			return SESSION_DONE;
		}
		if (clock_mono_ms() > end_ms)
			break;
		/* refused: a partition may have been removed just now */
		if (result == DB_REFUSED)
			(void)load_days(s);
	}
	return session_is_away(s) ? SESSION_LATER : session_result_of(result);
}
