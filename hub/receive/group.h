/*
 * A group: the batches that one transaction stores, as one list of events
 * sorted by id, each with a verdict.  Sorting keeps two hubs that store the
 * same events from locking each other out.  Pure: no database, no network.
 */
#ifndef PLAINTIFF_GROUP_H
#define PLAINTIFF_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hub/receive/days.h"
#include "proto/wire.h"

struct agent;
struct arena;
struct hub_conf;

enum {
	GROUP_BATCHES = 256,
	GROUP_EVENTS = 4000, /* no further batch is added above this */
};

enum group_verdict {
	GROUP_STORE,
	GROUP_POISONED,     /* its id is not the hash of its content */
	GROUP_UNREPORTABLE, /* accuses us, or nobody that can be reached */
	GROUP_OUT_OF_RANGE, /* no partition for its time */
};

struct group_event {
	const struct event *event;
	struct group_batch *batch;
	enum group_verdict verdict;
	bool stale;      /* too old or too far ahead: stored, never reported */
	bool keep_line;  /* there is a partition for its evidence */
	bool is_new;     /* set by receive_rows_store */
	int32_t host, service, mechanism, rule; /* names; 0: none */
};

struct group_batch {
	const struct agent *agent;
	const struct wire_batch *wire;
	/* set by receive_rows_store; events set aside are in neither */
	uint32_t new_events, known_events;
	uint32_t aside; /* set by group_make */
};

struct group {
	const struct hub_conf *conf;
	struct group_batch *batches; /* sorted by agent, outbox, number */
	size_t batch_count;
	struct group_event *events;  /* sorted by id, agent */
	size_t event_count;
};

/* What an event is judged by. */
struct group_rules {
	const struct hub_conf *conf;
	const struct days *event_days, *evidence_days;
	int64_t now_us;
};

/* Judges and sorts all events of n batches.  Everything lives in the arena;
 * batches must outlive the group and are sorted in place. */
void group_make(struct arena *a, struct group_batch *batches, size_t n,
    const struct group_rules *rules, struct group *out);

/* The word for set_aside.why; NULL for GROUP_STORE. */
const char *group_verdict_name(enum group_verdict v);
/* The event in short, for people: when, what, who, where; no login and no
 * text that the client wrote. */
const char *group_event_text(struct arena *a, const struct event *e);

#endif
