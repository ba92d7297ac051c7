/*
 * One transaction for one group; the larger half of receive_rows.h.  Names
 * are given their numbers before it begins, each statement committed alone:
 * a number that was rolled back must never be remembered.
 */
#include <stdlib.h>
#include <string.h>

#include "hub/receive/agents.h"
#include "hub/receive/group.h"
#include "hub/receive/names.h"
#include "hub/receive/receive_rows.h"
#include "hub/conf.h"
#include "proto/base/arena.h"
#include "proto/base/log.h"

enum { NAMES_AN_EVENT = 4 };

/* ---- names ---- */

struct wanted {
	struct text *at;
	size_t n;
};

static int
compare_texts(const void *a, const void *b)
{
	const struct text *x = a, *y = b;
	size_t least = x->n < y->n ? x->n : y->n;
	int order = memcmp(x->at, y->at, least);

	return order != 0 ? order : (x->n > y->n) - (x->n < y->n);
}

static void
names_of(const struct event *e, struct text out[NAMES_AN_EVENT])
{
	out[0] = e->host;
	out[1] = e->service;
	out[2] = e->mechanism;
	out[3] = e->rule;
}

/* The names that memory lacks, sorted, each once. */
static struct wanted
names_wanted(struct arena *a, const struct names *names,
    const struct group *g)
{
	struct wanted w = {.at = arena_array(a,
	    g->event_count * NAMES_AN_EVENT + 1, sizeof *w.at)};
	size_t unique = 0;

	for (size_t i = 0; i < g->event_count; i++) {
		struct text of[NAMES_AN_EVENT];

		if (g->events[i].verdict != GROUP_STORE)
			continue;
		names_of(g->events[i].event, of);
		for (size_t j = 0; j < NAMES_AN_EVENT; j++)
			if (of[j].n != 0 && names_get(names, of[j]) == 0)
				w.at[w.n++] = of[j];
	}
	if (w.n > 1)
		qsort(w.at, w.n, sizeof *w.at, compare_texts);
	for (size_t i = 0; i < w.n; i++)
		if (unique == 0 || !text_equal(w.at[unique - 1], w.at[i]))
			w.at[unique++] = w.at[i];
	w.n = unique;
	return w;
}

static struct db_args *
names_args(struct arena *a, struct wanted w)
{
	struct db_args *args = db_args_new(a);
	struct db_array *texts = db_arg_array(args);

	for (size_t i = 0; i < w.n; i++)
		db_array_text(texts, w.at[i]);
	return args;
}

/* Puts into memory what the database has of w; w keeps the rest. */
static enum db_result
names_read(struct db *db, struct arena *a, struct names *names,
    struct wanted *w)
{
	struct db_rows *rows;
	enum db_result result =
	    db_run(db, "receive_names_get", names_args(a, *w), &rows);
	size_t left = 0;

	if (result != DB_OK)
		return result;
	for (size_t i = 0; i < db_rows_count(rows); i++)
		names_put(names, db_text(rows, i, 1),
		    (int32_t)db_int(rows, i, 0));
	db_rows_free(rows);
	for (size_t i = 0; i < w->n; i++)
		if (names_get(names, w->at[i]) == 0)
			w->at[left++] = w->at[i];
	w->n = left;
	return DB_OK;
}

static enum db_result
names_resolve(struct db *db, struct arena *a, struct names *names,
    struct group *g)
{
	struct wanted w;
	enum db_result result = DB_OK;

	names_make_room(names, g->event_count * NAMES_AN_EVENT);
	w = names_wanted(a, names, g);
	if (w.n != 0)
		result = names_read(db, a, names, &w);
	if (w.n != 0 && result == DB_OK)
		result = db_run(db, "receive_names_put", names_args(a, w),
		    NULL);
	if (w.n != 0 && result == DB_OK)
		result = names_read(db, a, names, &w);
	if (result != DB_OK)
		return result;
	for (size_t i = 0; i < g->event_count; i++) {
		struct group_event *e = &g->events[i];
		int32_t *to[NAMES_AN_EVENT] = {
		    &e->host, &e->service, &e->mechanism, &e->rule};
		struct text of[NAMES_AN_EVENT];

		if (e->verdict != GROUP_STORE)
			continue;
		names_of(e->event, of);
		for (size_t j = 0; j < NAMES_AN_EVENT; j++)
			*to[j] = of[j].n == 0 ? 0 : names_get(names, of[j]);
	}
	return DB_OK;
}

/* ---- events ---- */

static void
put_or_null(struct db_array *array, int64_t v)
{
	if (v == 0)
		db_array_null(array);
	else
		db_array_int(array, v);
}

static void
put_line(struct db_array *array, const struct group_event *g, struct text t)
{
	db_array_text(array, g->keep_line ? t : (struct text){0});
}

/* The arguments of receive_events; their order is the statement's. */
static struct db_args *
event_args(struct arena *a, const struct group *g, size_t *count)
{
	struct db_args *args = db_args_new(a);
	enum { COLUMNS = 16 };
	struct db_array *c[COLUMNS];

	for (size_t i = 0; i < COLUMNS; i++)
		c[i] = db_arg_array(args);
	*count = 0;
	for (size_t i = 0; i < g->event_count; i++) {
		const struct group_event *ge = &g->events[i];
		const struct event *e = ge->event;

		if (ge->verdict != GROUP_STORE)
			continue;
		++*count;
		db_array_uuid(c[0], e->id);
		db_array_int(c[1], ge->batch->agent->number);
		db_array_int(c[2], e->time_us);
		db_array_int(c[3], e->kind);
		db_array_addr(c[4], &e->source);
		put_or_null(c[5], e->source_port);
		db_array_addr(c[6], &e->local);
		put_or_null(c[7], e->local_port);
		put_or_null(c[8], ge->host);
		put_or_null(c[9], ge->service);
		put_or_null(c[10], ge->mechanism);
		put_or_null(c[11], ge->rule);
		db_array_text(c[12], ge->stale ? TEXT("t") : TEXT("f"));
		put_line(c[13], ge, e->message);
		put_line(c[14], ge, e->login);
		put_line(c[15], ge, e->ptr);
	}
	return args;
}

static int
hex_digit(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* PostgreSQL's text of a uuid. */
static void
read_uuid(const char *s, uint8_t out[EVENT_ID_BYTES])
{
	for (size_t i = 0; i < EVENT_ID_BYTES; i++) {
		if (*s == '-')
			s++;
		out[i] = (uint8_t)(hex_digit(s[0]) << 4 | hex_digit(s[1]));
		s += 2;
	}
}

/* Both are sorted by id: marks the events that the rows name. */
static void
mark_new(struct group *g, const struct db_rows *rows)
{
	size_t at = 0;

	for (size_t i = 0; i < db_rows_count(rows); i++) {
		uint8_t id[EVENT_ID_BYTES];
		int64_t agent = db_int(rows, i, 1);

		read_uuid(db_string(rows, i, 0), id);
		while (at < g->event_count &&
		    (g->events[at].verdict != GROUP_STORE ||
		        g->events[at].batch->agent->number != agent ||
		        memcmp(g->events[at].event->id, id, sizeof id) != 0))
			at++;
		if (at < g->event_count)
			g->events[at++].is_new = true;
	}
}

static enum db_result
store_events(struct db *db, struct arena *a, struct group *g, size_t *known)
{
	struct db_rows *rows;
	size_t count;
	struct db_args *args = event_args(a, g, &count);
	enum db_result result;

	*known = 0;
	if (count == 0)
		return DB_OK;
	result = db_run(db, "receive_events", args, &rows);
	if (result != DB_OK)
		return result;
	mark_new(g, rows);
	*known = count - db_rows_count(rows);
	db_rows_free(rows);
	return DB_OK;
}

static enum db_result
store_witnesses(struct db *db, struct arena *a, const struct group *g)
{
	struct db_args *args = db_args_new(a);
	struct db_array *ids = db_arg_array(args);
	struct db_array *agents = db_arg_array(args);
	struct db_array *outboxes = db_arg_array(args);

	for (size_t i = 0; i < g->event_count; i++) {
		const struct group_event *e = &g->events[i];

		if (e->verdict != GROUP_STORE || e->is_new)
			continue;
		db_array_uuid(ids, e->event->id);
		db_array_int(agents, e->batch->agent->number);
		db_array_text(outboxes, receive_rows_outbox(a,
		    &e->batch->wire->counters));
	}
	return db_run(db, "receive_witness", args, NULL);
}

static enum db_result
store_aside(struct db *db, struct arena *a, const struct group *g)
{
	struct db_args *args = db_args_new(a);
	struct db_array *agents = db_arg_array(args);
	struct db_array *ids = db_arg_array(args);
	struct db_array *whys = db_arg_array(args);
	struct db_array *details = db_arg_array(args);
	bool any = false;

	for (size_t i = 0; i < g->event_count; i++) {
		const struct group_event *e = &g->events[i];

		if (e->verdict == GROUP_STORE)
			continue;
		any = true;
		db_array_int(agents, e->batch->agent->number);
		db_array_uuid(ids, e->event->id);
		db_array_text(whys, text_of(group_verdict_name(e->verdict)));
		db_array_text(details,
		    text_of(group_event_text(a, e->event)));
	}
	return any ? db_run(db, "receive_aside", args, NULL) : DB_OK;
}

static void
count_up(struct group *g)
{
	for (size_t i = 0; i < g->batch_count; i++)
		g->batches[i].new_events = g->batches[i].known_events = 0;
	for (size_t i = 0; i < g->event_count; i++) {
		const struct group_event *e = &g->events[i];

		if (e->verdict != GROUP_STORE)
			continue;
		e->batch->new_events += e->is_new;
		e->batch->known_events += !e->is_new;
	}
}

/* Counts the day of each agent; *rows: who is quarantined by that. */
static enum db_result
store_days(struct db *db, struct arena *a, const struct group *g,
    struct db_rows **rows)
{
	struct db_args *args = db_args_new(a);
	struct db_array *agents = db_arg_array(args);
	struct db_array *events = db_arg_array(args);

	for (size_t i = 0; i < g->batch_count; i++) {
		db_array_int(agents, g->batches[i].agent->number);
		db_array_int(events, g->batches[i].new_events);
	}
	db_arg_int(args, g->conf->receive_quarantine_floor);
	db_arg_int(args, g->conf->receive_quarantine_factor);
	return db_run(db, "receive_day", args, rows);
}

static void
say_quarantined(const struct db_rows *rows)
{
	for (size_t i = 0; rows != NULL && i < db_rows_count(rows); i++)
		log_warning("agent quarantined agent=%s events_today=%lld "
		            "usual=%lld", db_string(rows, i, 0),
		    (long long)db_int(rows, i, 1),
		    (long long)db_int(rows, i, 2));
}

enum db_result
receive_rows_store(struct db *db, struct arena *a, struct names *names,
    struct group *g)
{
	size_t known = 0;
	struct db_rows *days = NULL;
	enum db_result result = names_resolve(db, a, names, g);

	for (size_t i = 0; i < g->event_count; i++)
		g->events[i].is_new = false;
	if (result == DB_OK)
		result = db_begin(db);
	if (result == DB_OK)
		result = db_run(db, "receive_store_lock", NULL, NULL);
	/* an outbox not heard of before is noted before its events */
	if (result == DB_OK)
		result = receive_rows_batches(db, a, g);
	if (result == DB_OK)
		result = store_events(db, a, g, &known);
	if (result == DB_OK && known != 0)
		result = store_witnesses(db, a, g);
	if (result == DB_OK)
		result = store_aside(db, a, g);
	count_up(g);
	if (result == DB_OK)
		result = store_days(db, a, g, &days);
	if (result == DB_OK)
		result = db_commit(db);
	if (result == DB_OK)
		say_quarantined(days);
	db_rows_free(days);
	return result;
}
