/* See receive_world.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/rows/receive_world.h"

#include "hub/conf.h"
#include "hub/receive/agents.h"
#include "hub/receive/names.h"
#include "hub/receive/receive_rows.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

int64_t
world_number(struct world *w, const char *sql)
{
	struct db_rows *rows;
	int64_t v;

	assert_int_equal(db_query(w->owner, sql, NULL, &rows), DB_OK);
	assert_int_equal(db_rows_count(rows), 1);
	v = db_int(rows, 0, 0);
	db_rows_free(rows);
	return v;
}

void
world_says(struct world *w, const char *sql, const char *expected)
{
	struct db_rows *rows;

	assert_int_equal(db_query(w->owner, sql, NULL, &rows), DB_OK);
	assert_int_equal(db_rows_count(rows), 1);
	assert_string_equal(db_string(rows, 0, 0), expected);
	db_rows_free(rows);
}

void
world_load(struct world *w)
{
	struct agents *t = agents_open();

	assert_int_equal(receive_rows_agents(w->db, t), DB_OK);
	agents_seal(t, w->agents);
	agents_close(w->agents);
	w->agents = t;
	w->mx1 = agents_of_key(t, "1111111111111111111111111111111111111111");
	w->mx2 = agents_of_key(t, "2222222222222222222222222222222222222222");
	assert_int_equal(receive_rows_days(w->db, &w->event_days,
	                     &w->evidence_days), DB_OK);
}

void
world_empty(struct world *w)
{
	assert_int_equal(db_script(w->owner,
	    "TRUNCATE event, evidence, witness, set_aside, agent_outbox,"
	    " agent_address, name, agent RESTART IDENTITY CASCADE;"
	    "INSERT INTO agent (name, key) VALUES ('mx1', repeat('1', 40)),"
	    " ('mx2', repeat('2', 40));"
	    "INSERT INTO agent (name, key, state, revoked)"
	    " VALUES ('mx3', repeat('3', 40), 'revoked', now())"), DB_OK);
}

int
world_open(void **state)
{
	const char *connect = getenv("PLAINTIFF_TEST_CONNECT");
	struct world *w = calloc(1, sizeof *w);
	bool hopeless;

	if (w == NULL || connect == NULL) {
		fprintf(stderr, "PLAINTIFF_TEST_CONNECT must name an "
		                "upgraded database\n");
		return -1;
	}
	log_open("rows_receive");
	w->settings = arena_open(0);
	w->arena = arena_open(0);
	w->conf = arena_alloc(w->settings, sizeof *w->conf);
	if (conf_load(&hub_conf_table, NULL, w->settings, w->conf) < 0)
		return -1;
	w->conf->database_connect = connect;
	w->conf->database_owner = "postgres";
	/* documentation addresses can be accused here */
	w->conf->filter_unreportable.n = 0;
	w->names = names_open();
	w->db = db_open(w->conf, "receive", &hopeless);
	w->owner = db_open_owner(w->conf);
	if (w->db == NULL || w->owner == NULL)
		return -1;
	w->now_us = clock_wall_us();
	*state = w;
	return 0;
}

int
world_fresh(void **state)
{
	struct world *w = *state;

	arena_reset(w->arena);
	world_empty(w);
	/* the numbers of names have gone with the table */
	names_close(w->names);
	w->names = names_open();
	world_load(w);
	return 0;
}

int
world_close(void **state)
{
	struct world *w = *state;

	names_close(w->names);
	agents_close(w->agents);
	db_close(w->db);
	db_close(w->owner);
	arena_close(w->arena);
	arena_close(w->settings);
	free(w);
	return 0;
}

/* Event n of a made-up log, one second apart, ten minutes ago. */
static struct event
world_event(struct world *w, unsigned n)
{
	struct event e = {
	    .time_us = w->now_us - 600 * CLOCK_SECOND_US + n * CLOCK_SECOND_US,
	    .kind = KIND_AUTH_FAILURE,
	    .source = {.family = 4, .bytes = {192, 0, 2, (uint8_t)n}},
	    .source_port = (uint16_t)(n % 2 == 0 ? 0 : 1024 + n),
	    .local = {.family = 4, .bytes = {198, 51, 100, 25}},
	    .local_port = 587,
	    .pid = 4711,
	    .host = TEXT("mail"),
	    .program = TEXT("postfix/submission/smtpd"),
	    .service = TEXT("postfix/submission/smtpd"),
	    .login = TEXT("o'brien \"x\", {NULL} \\"),
	    .mechanism = TEXT("LOGIN"),
	    .rule = TEXT("postfix.sasl-failed"),
	};

	e.message = text_of(arena_printf(w->arena, "warning: line %u", n));
	event_make_id(&e, TEXT(""));
	return e;
}

struct wire_batch *
world_batch(struct world *w, uint64_t batch, unsigned from, unsigned count)
{
	struct wire_batch *b = arena_alloc(w->arena, sizeof *b);

	b->batch = batch;
	b->site = TEXT("");
	b->count = count;
	b->events = arena_array(w->arena, count, sizeof *b->events);
	for (unsigned i = 0; i < count; i++)
		b->events[i] = world_event(w, from + i);
	memcpy(b->counters.outbox, "outbox-1", 8);
	return b;
}

enum db_result
world_try_store(struct world *w, struct group_batch *batches, size_t n)
{
	struct group_rules rules = {.conf = w->conf,
	    .event_days = &w->event_days, .evidence_days = &w->evidence_days,
	    .now_us = w->now_us};
	struct group g;

	group_make(w->arena, batches, n, &rules, &g);
	return receive_rows_store(w->db, w->arena, w->names, &g);
}

struct group_batch
world_store(struct world *w, const struct agent *agent,
    const struct wire_batch *b)
{
	struct group_batch gb = {.agent = agent, .wire = b};

	assert_int_equal(world_try_store(w, &gb, 1), DB_OK);
	return gb;
}

