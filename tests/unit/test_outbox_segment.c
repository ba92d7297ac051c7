/* Protects: however events lie in segments, each is sent until it is
 * acknowledged, none twice, and one that is kept is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "agent/outbox_file.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"
#include "tests/unit/outbox_fixture.h"

/* ---- against a model ---- */

enum {
	MODEL = 600,  /* events at most */
	ROUNDS = 20,
	STEPS = 60,
};

struct model {
	uint64_t batch[MODEL + 1]; /* by seq; 0: not acknowledged */
	int64_t count, gone;       /* seqs to here are removed */
};

static uint32_t
draw(uint32_t *seed, uint32_t below)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (*seed >> 8) % below;
}

static void
compare(struct fixture *x, const struct model *m)
{
	struct event out[100];
	int64_t seqs[100], after = 0, unacked = 0, at = 1;
	size_t n;

	for (int64_t seq = 1; seq <= m->count; seq++)
		unacked += m->batch[seq] == 0;
	assert_int_equal(outbox_counters(x->o)->unacked, unacked);
	while ((n = fetch(x, after, out, seqs)) != 0) {
		for (size_t i = 0; i < n; i++) {
			struct event e;

			while (at <= m->count && m->batch[at] != 0)
				at++;
			assert_int_equal(seqs[i], at);
			e = make(x, (int)at);
			assert_memory_equal(out[i].id, e.id, sizeof e.id);
			assert_true(text_equal(out[i].message, e.message));
			at++;
		}
		after = seqs[n - 1];
		arena_reset(x->arena);
	}
	while (at <= m->count && m->batch[at] != 0)
		at++;
	assert_int_equal(at, m->count + 1);
	assert_int_equal(outbox_number(x->o, "SELECT count(*) FROM acked a "
	    "JOIN acked b ON a.last > b.last WHERE a.first <= b.last"), 0);
}

static void
act(struct fixture *x, struct model *m, uint32_t *seed, uint64_t *batch)
{
	int64_t first = 1 + draw(seed, (uint32_t)m->count + 1);
	int64_t last = first + draw(seed, 60);
	uint64_t back;

	switch (draw(seed, 8)) {
	case 0:
	case 1:
	case 2: /* more, all of them once more, and a part again at once */
		for (int64_t n = 1 + draw(seed, 30); n > 0; n--)
			if (m->count < MODEL) {
				m->count++;
				put(x, (int)m->count, (int)m->count + 1);
			}
		put(x, (int)m->gone + 1, (int)m->count + 1);
		break;
	case 3:
	case 4:
		++*batch;
		assert_int_equal(outbox_ack(x->o, *batch, first, last),
		    OUTBOX_OK);
		for (; first <= last && first <= m->count; first++)
			if (m->batch[first] == 0)
				m->batch[first] = *batch;
		break;
	case 5:
		back = *batch - (*batch < 3 ? *batch : draw(seed, 3));
		(void)outbox_unack(x->o, back);
		for (int64_t seq = m->gone + 1; seq <= m->count; seq++)
			if (m->batch[seq] > back)
				m->batch[seq] = 0;
		break;
	case 6:
		(void)outbox_tidy(x->o, INT64_MAX);
		m->gone = outbox_number(x->o, "SELECT coalesce(min(last - "
		    "events), (SELECT seq FROM state)) FROM segment");
		for (int64_t seq = 1; seq <= m->gone; seq++)
			assert_int_not_equal(m->batch[seq], 0);
		break;
	default:
		break;
	}
}

static void
acts_as_a_list(void **state)
{
	struct fixture *x = *state;
	uint32_t seed = 1;

	x->options.max_bytes = 16 << 20;
	for (int round = 0; round < ROUNDS; round++) {
		struct model m = {0}, before;
		uint64_t batch = 100, batch_before;

		assert_int_equal(outbox_exec(x->o, "DELETE FROM segment;"
		    "DELETE FROM acked; DELETE FROM span;"
		    "UPDATE state SET seq = 0"), OUTBOX_OK);
		reopen(x);
		for (int step = 0; step < STEPS; step++) {
			before = m;
			batch_before = batch;
			act(x, &m, &seed, &batch);
			if (draw(&seed, 5) == 0) {
				outbox_rollback(x->o);
				m = before;
				batch = batch_before;
			} else {
				assert_int_equal(outbox_commit(x->o),
				    OUTBOX_OK);
			}
			if (draw(&seed, 6) == 0)
				reopen(x);
			compare(x, &m);
		}
		/* what is removed leaves nothing */
		assert_int_equal(outbox_ack(x->o, ++batch, 1, INT64_MAX),
		    OUTBOX_OK);
		while (outbox_tidy(x->o, INT64_MAX))
			;
		assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
		assert_int_equal(outbox_number(x->o, "SELECT "
		    "(SELECT count(*) FROM segment) + "
		    "(SELECT count(*) FROM acked) + "
		    "(SELECT count(*) FROM span)"), 0);
	}
	assert_true(outbox_counters(x->o)->repeated > 0);
}

/* ---- ids ---- */

/* Event n of hour h: more spans of time than are kept in memory. */
static struct event
at_hour(struct fixture *x, int h, int n)
{
	struct event e = make(x, n);

	e.time_us += h * 3600 * CLOCK_SECOND_US;
	event_make_id(&e, TEXT(""));
	return e;
}

enum { HOURS = 50 };

static void
put_hours(struct fixture *x, int from, int to)
{
	for (int n = from; n < to; n++)
		for (int h = 0; h < HOURS; h++) {
			struct event e = at_hour(x, h, n);

			assert_int_equal(outbox_put(x->o, &e), OUTBOX_OK);
		}
}

static void
ids_of_all_times_are_known(void **state)
{
	struct fixture *x = *state;
	struct event out[100];
	int64_t seqs[100];

	put_hours(x, 0, 3);
	/* while they wait, too */
	put_hours(x, 0, 3);
	assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	assert_int_equal(outbox_counters(x->o)->emitted, 3 * HOURS);
	assert_int_equal(outbox_counters(x->o)->repeated, 3 * HOURS);
	put_hours(x, 0, 4);
	assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	reopen(x);
	put_hours(x, 3, 5);
	assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	assert_int_equal(outbox_counters(x->o)->emitted, 5 * HOURS);
	assert_int_equal(outbox_counters(x->o)->repeated, 7 * HOURS);
	/* not what never was */
	put_hours(x, 5, 6);
	outbox_rollback(x->o);
	put_hours(x, 5, 6);
	assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	assert_int_equal(outbox_counters(x->o)->emitted, 6 * HOURS);
	/* nor what was removed */
	assert_int_equal(outbox_ack(x->o, 1, 1, INT64_MAX), OUTBOX_OK);
	while (outbox_tidy(x->o, INT64_MAX))
		;
	assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	put_hours(x, 5, 6);
	assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	assert_int_equal(outbox_counters(x->o)->emitted, 7 * HOURS);
	assert_int_equal(fetch(x, 0, out, seqs), HOURS);
}

/* ---- texts ---- */

/* As many hosts, programs and rules as a segment has no room for. */
static void
many_texts_come_back(void **state)
{
	enum { MANY = 500, AT_ONCE = 100 };
	struct fixture *x = *state;
	struct event out[AT_ONCE];
	int64_t seqs[AT_ONCE], after = 0;
	int at = 0;
	size_t n;

	for (int i = 0; i < MANY; i++) {
		struct event e = make(x, i);

		e.host = text_of(arena_printf(x->arena, "host%d", i));
		e.program = text_of(arena_printf(x->arena, "%d", i % 77));
		e.service = i % 2 == 0 ? e.program : (struct text){0};
		e.rule = i % 3 == 0 ? TEXT("") : TEXT("a.rule");
		assert_int_equal(outbox_put(x->o, &e), OUTBOX_OK);
	}
	assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	while ((n = fetch(x, after, out, seqs)) != 0) {
		for (size_t k = 0; k < n; k++, at++) {
			const char *host = arena_printf(x->arena, "host%d",
			    at);
			const char *program = arena_printf(x->arena, "%d",
			    at % 77);

			assert_true(text_is(out[k].host, host));
			assert_true(text_is(out[k].program, program));
			if (at % 2 == 0)
				assert_true(text_is(out[k].service, program));
			else
				assert_null(out[k].service.at);
			assert_non_null(out[k].rule.at);
			assert_int_equal(out[k].rule.n, at % 3 == 0 ? 0 : 6);
		}
		after = seqs[n - 1];
	}
	assert_int_equal(at, MANY);
}

/* A text is the message's only where it lies in it. */
static void
texts_in_the_message_come_back(void **state)
{
	enum { LONG = EVENT_MESSAGE_BYTES };
	struct fixture *x = *state;
	char message[LONG], other[EVENT_TEXT_BYTES];
	struct event e = make(x, 0), out[100];
	int64_t seqs[100];

	memset(message, 'm', sizeof message);
	memset(other, 'm', sizeof other);
	e.message = (struct text){.at = message, .n = LONG};
	e.login = (struct text){
	    .at = message + LONG - EVENT_TEXT_BYTES, .n = EVENT_TEXT_BYTES};
	e.ptr = (struct text){.at = other, .n = sizeof other};
	e.mechanism = (struct text){.at = message, .n = 3};
	message[0] = 'x';
	assert_int_equal(outbox_put(x->o, &e), OUTBOX_OK);
	e = make(x, 1);
	e.login = (struct text){.at = e.message.at, .n = 0};
	e.message.at = NULL;
	e.message.n = 0;
	assert_int_equal(outbox_put(x->o, &e), OUTBOX_OK);
	assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	assert_int_equal(fetch(x, 0, out, seqs), 2);
	assert_int_equal(out[0].message.n, LONG);
	assert_memory_equal(out[0].message.at, message, LONG);
	assert_int_equal(out[0].login.n, EVENT_TEXT_BYTES);
	assert_memory_equal(out[0].login.at, other, EVENT_TEXT_BYTES);
	assert_int_equal(out[0].ptr.n, EVENT_TEXT_BYTES);
	assert_memory_equal(out[0].ptr.at, other, EVENT_TEXT_BYTES);
	assert_true(text_is(out[0].mechanism, "xmm"));
	assert_null(out[1].message.at);
	assert_non_null(out[1].login.at);
	assert_int_equal(out[1].login.n, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(acts_as_a_list),
	    TEST(ids_of_all_times_are_known),
	    TEST(many_texts_come_back),
	    TEST(texts_in_the_message_come_back),
	};

	return cmocka_run_group_tests_name("outbox_segment", tests, NULL, NULL);
}
