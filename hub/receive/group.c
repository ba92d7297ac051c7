/* Batches judged and sorted; see group.h. */
#include "hub/receive/group.h"

#include <stdlib.h>
#include <string.h>

#include "hub/conf.h"
#include "hub/receive/agents.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"

/* A log time further ahead than this is a wrong clock. */
static const int64_t ahead_us = 10 * 60 * CLOCK_SECOND_US;

static enum group_verdict
judge(const struct group_batch *b, const struct event *e,
    const struct group_rules *r)
{
	if (!event_id_is_true(e, b->wire->site))
		return GROUP_POISONED;
	/* that our login server is away accuses nobody, whoever met it */
	if (e->kind != KIND_BACKEND_FAILURE &&
	    (!hub_conf_reportable(r->conf, &e->source) ||
	        agent_owns(b->agent, &e->source)))
		return GROUP_UNREPORTABLE;
	if (!days_hold(r->event_days, days_of_id(e->id)))
		return GROUP_OUT_OF_RANGE;
	return GROUP_STORE;
}

static int
compare_events(const void *a, const void *b)
{
	const struct group_event *x = a, *y = b;
	int order = memcmp(x->event->id, y->event->id, EVENT_ID_BYTES);

	if (order != 0)
		return order;
	return (x->batch->agent->number > y->batch->agent->number) -
	    (x->batch->agent->number < y->batch->agent->number);
}

static int
compare_batches(const void *a, const void *b)
{
	const struct group_batch *x = a, *y = b;
	int order = (x->agent->number > y->agent->number) -
	    (x->agent->number < y->agent->number);

	if (order == 0)
		order = memcmp(x->wire->counters.outbox,
		    y->wire->counters.outbox, WIRE_OUTBOX_BYTES);
	if (order == 0)
		order = (x->wire->batch > y->wire->batch) -
		    (x->wire->batch < y->wire->batch);
	return order;
}

void
group_make(struct arena *a, struct group_batch *batches, size_t n,
    const struct group_rules *r, struct group *out)
{
	int64_t oldest_us =
	    r->now_us - r->conf->report_days * CLOCK_DAY_US;
	size_t count = 0;

	if (n > 1)
		qsort(batches, n, sizeof *batches, compare_batches);
	*out = (struct group){.conf = r->conf, .batches = batches,
	    .batch_count = n};
	for (size_t i = 0; i < n; i++)
		count += batches[i].wire->count;
	out->events = arena_array(a, count + 1, sizeof *out->events);
	for (size_t i = 0; i < n; i++) {
		struct group_batch *b = &batches[i];

		b->aside = 0;
		for (size_t j = 0; j < b->wire->count; j++) {
			const struct event *e = &b->wire->events[j];
			struct group_event *g =
			    &out->events[out->event_count++];

			g->event = e;
			g->batch = b;
			g->verdict = judge(b, e, r);
			g->stale = e->time_us > r->now_us + ahead_us ||
			    e->time_us < oldest_us;
			g->keep_line = days_hold(r->evidence_days,
			    days_of_id(e->id));
			b->aside += g->verdict != GROUP_STORE;
		}
	}
	if (count > 1)
		qsort(out->events, count, sizeof *out->events,
		    compare_events);
}

const char *
group_verdict_name(enum group_verdict v)
{
	switch (v) {
	case GROUP_STORE:
		return NULL;
	case GROUP_POISONED:
		return "poisoned";
	case GROUP_UNREPORTABLE:
		return "unreportable";
	case GROUP_OUT_OF_RANGE:
		return "out_of_range";
	}
	return NULL;
}

const char *
group_event_text(struct arena *a, const struct event *e)
{
	char time[CLOCK_TEXT_BYTES], source[ADDR_TEXT_BYTES];

	return arena_printf(a, "%s %s %s host=%.*s service=%.*s rule=%.*s",
	    clock_format(time, e->time_us, false), kind_name(e->kind),
	    addr_format(source, &e->source), (int)e->host.n, e->host.at,
	    (int)e->service.n, e->service.at == NULL ? "" : e->service.at,
	    (int)e->rule.n, e->rule.at == NULL ? "" : e->rule.at);
}
