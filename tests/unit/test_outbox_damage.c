/* Protects: what the disk changed is never sent, what is lost is declared,
 * and what was rolled back never happened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "agent/outbox_file.h"
#include "tests/unit/outbox_fixture.h"

/* As if the disk had changed it. */
static void
tamper(struct fixture *x, const char *sql)
{
	assert_int_equal(outbox_exec(x->o, sql), OUTBOX_OK);
	reopen(x);
}

static void
damaged_event_is_a_gap(void **state)
{
	static const char *const columns[] = {
	    "source = x'c6336401'", "time_us = time_us + 1", "kind = 3",
	    "host = 'mx2'", "message = 'x'", "mechanism = NULL",
	    "local_port = 7", "rule = ''", "source = x'00'", "id = x'00'"};

	for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
		struct fixture *x = *state;
		const struct wire_counters before = *outbox_counters(x->o);
		struct event out[100];
		int64_t seqs[100], first;
		char sql[200];

		put(x, (int)i * 10, (int)i * 10 + 3);
		assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
		assert_int_equal(fetch(x, 0, out, seqs), 3);
		first = seqs[0];
		(void)snprintf(sql, sizeof sql,
		    "UPDATE event SET %s WHERE seq = %lld", columns[i],
		    (long long)first + 1);
		tamper(x, sql);
		assert_int_equal(fetch(x, 0, out, seqs), 2);
		assert_int_equal(seqs[0], first);
		assert_int_equal(seqs[1], first + 2);
		assert_true(outbox_is_open(x->o));
		assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
		assert_int_equal(outbox_counters(x->o)->gaps,
		    before.gaps + 1);
		assert_int_equal(outbox_counters(x->o)->unacked, 2);
		assert_int_equal(outbox_ack(x->o, 1, 1, INT64_MAX),
		    OUTBOX_OK);
		assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	}
}

/* The sum of an event of make() as releases up to the second wrote it. */
static void
old_sum(const struct event *e, uint8_t sum[OUTBOX_SUM_BYTES])
{
#define NUMBER(x) {.number = (int64_t)(x)}
#define ABSENT NUMBER(0), {.n = 0}
#define PRESENT(t) NUMBER(1), {.bytes = (t).at, .n = (t).n}
	const struct outbox_part parts[] = {
	    {.bytes = e->id, .n = sizeof e->id}, NUMBER(e->time_us),
	    NUMBER(e->read_us), NUMBER(e->kind),
	    {.bytes = e->source.bytes, .n = 16}, NUMBER(0), NUMBER(0),
	    {.bytes = e->local.bytes, .n = 0}, NUMBER(0), NUMBER(0),
	    NUMBER(-1), PRESENT(e->host), ABSENT, ABSENT, ABSENT, ABSENT,
	    PRESENT(e->mechanism), ABSENT, PRESENT(e->message)};

	outbox_sum(sum, parts, sizeof parts / sizeof parts[0]);
}

static void
events_of_earlier_releases_are_read(void **state)
{
	struct fixture *x = *state;
	struct event e = make(x, 1), out[100];
	uint8_t sum[OUTBOX_SUM_BYTES];
	int64_t seqs[100];
	char sql[200];
	int n;

	put(x, 0, 3);
	assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	old_sum(&e, sum);
	for (int wrong = 0; wrong < 2; wrong++) {
		n = snprintf(sql, sizeof sql,
		    "UPDATE event SET sum = x'");
		sum[0] = (uint8_t)(sum[0] ^ wrong);
		for (size_t i = 0; i < sizeof sum; i++)
			n += snprintf(sql + n, sizeof sql - (size_t)n,
			    "%02x", sum[i]);
		(void)snprintf(sql + n, sizeof sql - (size_t)n,
		    "' WHERE seq = 2");
		tamper(x, sql);
		assert_int_equal(fetch(x, 0, out, seqs), 3 - wrong);
	}
	/* what was given up just now comes back */
	outbox_rollback(x->o);
	/* the first release had none */
	tamper(x, "UPDATE event SET sum = NULL");
	assert_int_equal(fetch(x, 0, out, seqs), 3);
}

static void
damaged_place_is_none(void **state)
{
	struct fixture *x = *state;
	struct source_place p = {.inode = 7, .offset = 100, .mtime_us = 5}, q;
	struct text memory;

	assert_int_equal(outbox_put_place(x->o, "/a", &p, TEXT("m")),
	    OUTBOX_OK);
	assert_int_equal(outbox_put_place(x->o, "/b", &p, (struct text){0}),
	    OUTBOX_OK);
	assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	reopen(x);
	assert_true(outbox_place(x->o, "/a", x->arena, &q, &memory));
	assert_true(q.mtime_us == 5 && text_is(memory, "m"));
	assert_true(outbox_place(x->o, "/b", x->arena, &q, &memory));
	assert_false(outbox_is_anew(x->o));
	tamper(x, "UPDATE place SET offset = 101 WHERE name = '/a'");
	assert_false(outbox_place(x->o, "/a", x->arena, &q, &memory));
	assert_true(outbox_is_anew(x->o));
	assert_true(outbox_place(x->o, "/b", x->arena, &q, &memory));
}

static void
damaged_counters_are_declared(void **state)
{
	struct fixture *x = *state;

	put(x, 0, 1);
	outbox_count(x->o, &(struct wire_counters){.lines = 5});
	assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	reopen(x);
	assert_int_equal(outbox_counters(x->o)->lost_places, 0);
	tamper(x, "UPDATE state SET lines = 7");
	assert_int_equal(outbox_counters(x->o)->lost_places, 1);
}

static void
counted_instead_of_kept(void **state)
{
	struct fixture *x = *state;
	struct outbox_loss all[3];
	struct event e = make(x, 1), f = make(x, 2);

	put(x, 0, 1);
	assert_true(addr_parse(TEXT("198.51.100.1"), &f.source));
	assert_int_equal(outbox_put_lost(x->o, &e), OUTBOX_OK);
	e.time_us += 10;
	assert_int_equal(outbox_put_lost(x->o, &e), OUTBOX_OK);
	assert_int_equal(outbox_put_lost(x->o, &f), OUTBOX_OK);
	/* one that is kept already is not lost */
	e = make(x, 0);
	assert_int_equal(outbox_put_lost(x->o, &e), OUTBOX_KNOWN);
	assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	reopen(x);
	assert_int_equal(outbox_counters(x->o)->emitted, 4);
	assert_int_equal(outbox_counters(x->o)->gaps, 3);
	assert_int_equal(outbox_counters(x->o)->repeated, 1);
	assert_int_equal(outbox_counters(x->o)->unacked, 1);
	assert_int_equal(outbox_lost(x->o, all, 3), 2);
	assert_int_equal(all[0].events, 2);
	assert_int_equal(all[0].last_us - all[0].first_us, 10);
	assert_memory_equal(&all[1].source, &f.source, sizeof f.source);
	assert_int_equal(outbox_lost(x->o, all, 1), 1);
}

static void
rolled_back_is_never_acknowledged(void **state)
{
	struct fixture *x = *state;

	put(x, 0, 2);
	assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	assert_int_equal(outbox_ack(x->o, 77, 1, 1), OUTBOX_OK);
	assert_int_equal(outbox_last_acked(x->o), 77);
	outbox_rollback(x->o);
	assert_int_equal(outbox_last_acked(x->o), 0);
	assert_int_equal(outbox_ack(x->o, 78, 1, 2), OUTBOX_OK);
	assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	/* the hub lost it, and the disk fails just then */
	assert_int_equal(outbox_unack(x->o, 0), 2);
	outbox_rollback(x->o);
	assert_int_equal(outbox_last_acked(x->o), 78);
	assert_int_equal(outbox_unack(x->o, 0), 2);
	assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	assert_int_equal(outbox_last_acked(x->o), 0);
}

static void
limits_change_while_open(void **state)
{
	struct fixture *x = *state;
	struct outbox_options more = x->options;
	int64_t used, most;

	more.folder = "elsewhere";
	more.max_bytes = 4 << 20;
	outbox_limit(x->o, &more);
	outbox_size(x->o, &used, &most);
	assert_int_equal(most, 4 << 20);
	reopen(x);
	assert_true(outbox_has_room(x->o));
}

static int
quiet(void **state)
{
	(void)state;
	/* complaints are part of these tests; nobody needs to read them */
	return freopen("/dev/null", "w", stderr) == NULL ? -1 : 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(damaged_event_is_a_gap),
	    TEST(events_of_earlier_releases_are_read),
	    TEST(damaged_place_is_none),
	    TEST(damaged_counters_are_declared),
	    TEST(counted_instead_of_kept),
	    TEST(rolled_back_is_never_acknowledged),
	    TEST(limits_change_while_open),
	};

	return cmocka_run_group_tests_name("outbox_damage", tests, quiet, NULL);
}
