/* receive's statements; see receive_rows.h.  Storing a group:
 * receive_store.c. */
#include "hub/receive/receive_rows.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "hub/receive/agents.h"
#include "hub/receive/days.h"
#include "hub/receive/greet.h"
#include "hub/receive/group.h"
#include "proto/base/arena.h"
#include "proto/wire.h"

enum db_result
receive_rows_agents(struct db *db, struct agents *into)
{
	struct db_rows *rows;
	enum db_result result = db_run(db, "receive_agents", NULL, &rows);
	int64_t last = 0;

	if (result != DB_OK)
		return result;
	for (size_t i = 0; i < db_rows_count(rows); i++) {
		int64_t number = db_int(rows, i, 0);

		if (number != last)
			agents_add(into, (int32_t)number,
			    db_string(rows, i, 1), db_string(rows, i, 2));
		last = number;
		if (!db_is_null(rows, i, 3)) {
			struct addr own = db_addr(rows, i, 3);

			agents_add_own(into, &own);
		}
	}
	db_rows_free(rows);
	return DB_OK;
}

enum db_result
receive_rows_days(struct db *db, struct days *event_days,
    struct days *evidence_days)
{
	struct db_rows *rows;
	enum db_result result = db_run(db, "receive_days", NULL, &rows);

	if (result != DB_OK)
		return result;
	memset(event_days, 0, sizeof *event_days);
	memset(evidence_days, 0, sizeof *evidence_days);
	for (size_t i = 0; i < db_rows_count(rows); i++)
		days_add(strcmp(db_string(rows, i, 0), "event") == 0
		        ? event_days
		        : evidence_days,
		    db_int(rows, i, 1));
	db_rows_free(rows);
	return DB_OK;
}

/* What an outbox says; also in a hello (software, host), or with a batch (its
 * number). */
struct said {
	const struct agent *agent;
	struct wire_counters counters;
	const struct wire_hello *hello; /* or NULL */
	uint64_t batch;                 /* 0: none */
};

/* The order of these is the statement's, behind agent, outbox, software,
 * host and batch. */
enum { NUMBERS = 9 };

static void
numbers_of(const struct wire_counters *c, int64_t out[NUMBERS])
{
	const uint64_t all[NUMBERS] = {c->lines, c->ignored, c->unparsable,
	    c->unreportable, c->emitted, c->repeated, c->unacked, c->gaps,
	    c->withheld};

	for (size_t i = 0; i < NUMBERS; i++)
		out[i] = (int64_t)all[i];
}

static int
compare_said(const void *a, const void *b)
{
	const struct said *x = a, *y = b;

	if (x->agent->number != y->agent->number)
		return x->agent->number < y->agent->number ? -1 : 1;
	return memcmp(x->counters.outbox, y->counters.outbox,
	    WIRE_OUTBOX_BYTES);
}

struct text
receive_rows_outbox(struct arena *a, const struct wire_counters *counters)
{
	char hex[WIRE_OUTBOX_BYTES * 2 + 1];

	(void)sodium_bin2hex(hex, sizeof hex, counters->outbox,
	    WIRE_OUTBOX_BYTES);
	return text_of(arena_string(a, hex));
}

/* The row of each outbox, in one statement; each must be there once.  batch
 * becomes the highest that is stored. */
static enum db_result
put_counters(struct db *db, struct arena *a, struct said *said, size_t n)
{
	struct db_args *args = db_args_new(a);
	struct db_array *agents = db_arg_array(args);
	struct db_array *outboxes = db_arg_array(args);
	struct db_array *software = db_arg_array(args);
	struct db_array *hosts = db_arg_array(args);
	struct db_array *batches = db_arg_array(args);
	struct db_array *numbers[NUMBERS];
	struct db_rows *rows;
	enum db_result result;

	for (size_t i = 0; i < NUMBERS; i++)
		numbers[i] = db_arg_array(args);
	for (size_t i = 0; i < n; i++) {
		const struct wire_hello *h = said[i].hello;
		int64_t of[NUMBERS];

		db_array_int(agents, said[i].agent->number);
		db_array_text(outboxes,
		    receive_rows_outbox(a, &said[i].counters));
		db_array_text(software, h == NULL ? (struct text){0}
		                                  : h->software);
		db_array_text(hosts, h == NULL ? (struct text){0} : h->host);
		db_array_int(batches, (int64_t)said[i].batch);
		numbers_of(&said[i].counters, of);
		for (size_t j = 0; j < NUMBERS; j++)
			db_array_int(numbers[j], of[j]);
	}
	result = db_run(db, "receive_counters", args, &rows);
	if (result != DB_OK)
		return result;
	/* in the order of the arguments */
	for (size_t i = 0; i < db_rows_count(rows) && i < n; i++)
		said[i].batch = (uint64_t)db_int(rows, i, 0);
	db_rows_free(rows);
	return DB_OK;
}

enum db_result
receive_rows_counters(struct db *db, struct arena *a,
    const struct agent *agent, const struct wire_counters *counters)
{
	struct said said = {.agent = agent, .counters = *counters};

	return put_counters(db, a, &said, 1);
}

static struct said
said_with(const struct group_batch *b)
{
	struct said s = {.agent = b->agent, .counters = b->wire->counters,
	    .batch = b->wire->batch};
	uint64_t *unacked = &s.counters.unacked, n = b->wire->count;

	/* it was unacked when it was sent, and is not once this commits */
	*unacked = *unacked > n ? *unacked - n : 0;
	return s;
}

/* A later batch of the same outbox: as one statement after the other. */
static void
say_more(struct said *s, const struct said *more)
{
	struct wire_counters *c = &s->counters;
	const struct wire_counters *m = &more->counters;

	if (m->emitted >= c->emitted && more->batch > s->batch)
		c->unacked = m->unacked;
#define GROW(x) (c->x = m->x > c->x ? m->x : c->x)
	GROW(lines);
	GROW(ignored);
	GROW(unparsable);
	GROW(unreportable);
	GROW(emitted);
	GROW(repeated);
	GROW(gaps);
	GROW(withheld);
#undef GROW
	if (more->batch > s->batch)
		s->batch = more->batch;
}

enum db_result
receive_rows_batches(struct db *db, struct arena *a, const struct group *g)
{
	struct said *said = arena_array(a, g->batch_count + 1, sizeof *said);
	size_t n = 0;

	/* sorted by agent, outbox, number */
	for (size_t i = 0; i < g->batch_count; i++) {
		struct said s = said_with(&g->batches[i]);

		if (n != 0 && compare_said(&said[n - 1], &s) == 0)
			say_more(&said[n - 1], &s);
		else
			said[n++] = s;
	}
	return put_counters(db, a, said, n);
}

/* Each outbox once, the last hello of it, in the order of all statements that
 * lock these rows. */
static size_t
said_in_hellos(const struct greet_hello *hellos, size_t n, struct said *out)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		struct said s = {.agent = hellos[i].agent,
		    .counters = hellos[i].hello->counters,
		    .hello = hellos[i].hello};
		size_t at = 0;

		while (at < count && compare_said(&out[at], &s) != 0)
			at++;
		out[at] = s;
		count += at == count;
	}
	qsort(out, count, sizeof *out, compare_said);
	return count;
}

/* The addresses of each agent by its last hello. */
static struct db_args *
own_args(struct arena *a, const struct greet_hello *hellos, size_t n)
{
	struct db_args *args = db_args_new(a);
	struct db_array *all = db_arg_array(args);
	struct db_array *agents = db_arg_array(args);
	struct db_array *addresses = db_arg_array(args);

	for (size_t i = 0; i < n; i++) {
		const struct wire_hello *h = hellos[i].hello;
		size_t later = i + 1;

		while (later < n && hellos[later].agent != hellos[i].agent)
			later++;
		if (later < n)
			continue;
		db_array_int(all, hellos[i].agent->number);
		for (size_t j = 0; j < h->address_count; j++) {
			db_array_int(agents, hellos[i].agent->number);
			db_array_addr(addresses, &h->addresses[j]);
		}
	}
	return args;
}

static enum db_result
put_own(struct db *db, struct arena *a, const struct greet_hello *hellos,
    size_t n, bool *changed)
{
	struct db_rows *rows;
	enum db_result result =
	    db_run(db, "receive_own", own_args(a, hellos, n), &rows);

	if (result != DB_OK)
		return result;
	*changed = db_int(rows, 0, 0) != 0;
	db_rows_free(rows);
	return DB_OK;
}

enum db_result
receive_rows_hellos(struct db *db, struct arena *a,
    struct greet_hello *hellos, size_t n, bool *changed)
{
	struct said *said = arena_array(a, n + 1, sizeof *said);
	size_t count = said_in_hellos(hellos, n, said);
	enum db_result result = db_begin(db);

	if (result == DB_OK)
		result = put_counters(db, a, said, count);
	if (result == DB_OK)
		result = put_own(db, a, hellos, n, changed);
	if (result == DB_OK)
		result = db_commit(db);
	for (size_t i = 0; i < n && result == DB_OK; i++) {
		const struct said key = {.agent = hellos[i].agent,
		    .counters = hellos[i].hello->counters};
		const struct said *found = bsearch(&key, said, count,
		    sizeof *said, compare_said);

		hellos[i].last_batch = found->batch;
	}
	return result;
}

enum db_result
receive_rows_last_batch(struct db *db, struct arena *a, int32_t agent,
    const uint8_t *outbox, uint64_t *last_batch)
{
	struct db_args *args = db_args_new(a);
	struct db_rows *rows;
	enum db_result result;

	*last_batch = 0;
	db_arg_int(args, agent);
	db_arg_bytes(args, outbox, WIRE_OUTBOX_BYTES);
	result = db_run(db, "receive_last_batch", args, &rows);
	if (result != DB_OK)
		return result;
	if (db_rows_count(rows) != 0)
		*last_batch = (uint64_t)db_int(rows, 0, 0);
	db_rows_free(rows);
	return DB_OK;
}

enum db_result
receive_rows_malformed(struct db *db, struct arena *a,
    const struct agent *agent, uint64_t batch, size_t events, const char *why)
{
	struct db_args *args = db_args_new(a);

	db_arg_int(args, agent->number);
	db_arg_int(args, (int64_t)batch);
	db_arg_int(args, (int64_t)events);
	db_arg_string(args, why);
	return db_run(db, "receive_malformed", args, NULL);
}

enum db_result
receive_rows_notify(struct db *db)
{
	return db_run(db, "receive_notify", NULL, NULL);
}
