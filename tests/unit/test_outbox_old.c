/* Protects: events that an earlier release kept, a row each, are sent before
 * all others, once, and are known, acknowledged and removed like them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "agent/outbox_file.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"
#include "proto/base/clock.h"
#include "tests/unit/outbox_fixture.h"

enum { OLD = 5 };

/* As the second and third release made it. */
static const char old_table[] =
    "CREATE TABLE event ("
    "  seq INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL UNIQUE,"
    "  time_us INTEGER NOT NULL, read_us INTEGER NOT NULL,"
    "  kind INTEGER NOT NULL, source BLOB NOT NULL,"
    "  source_port INTEGER NOT NULL, local BLOB,"
    "  local_port INTEGER NOT NULL, ordinal INTEGER NOT NULL,"
    "  pid INTEGER NOT NULL, host TEXT, program TEXT, service TEXT,"
    "  ptr TEXT, login TEXT, mechanism TEXT, rule TEXT, message TEXT,"
    "  batch INTEGER NOT NULL DEFAULT 0,"
    "  acked_us INTEGER NOT NULL DEFAULT 0, sum BLOB);"
    "CREATE INDEX event_unacked ON event (seq) WHERE acked_us = 0;"
    "UPDATE state SET seq = 5";

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
hex(struct buf *out, const uint8_t *bytes, size_t n)
{
	buf_puts(out, "x'");
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%02x", bytes[i]);
	buf_puts(out, "'");
}

/* The events 0 to OLD - 1 of make() as rows: the first without a sum. */
static void
put_old(struct fixture *x)
{
	struct buf sql = {0};

	buf_puts(&sql, old_table);
	for (int i = 0; i < OLD; i++) {
		struct event e = make(x, i);
		uint8_t sum[OUTBOX_SUM_BYTES];

		old_sum(&e, sum);
		buf_puts(&sql, "; INSERT INTO event (id, time_us, read_us, "
		    "kind, source, source_port, local_port, ordinal, pid, "
		    "host, mechanism, message, sum) VALUES (");
		hex(&sql, e.id, sizeof e.id);
		buf_printf(&sql, ", %lld, %lld, %d, ", (long long)e.time_us,
		    (long long)e.read_us, e.kind);
		hex(&sql, e.source.bytes, 16);
		buf_printf(&sql, ", 0, 0, 0, -1, 'mx1', '', 'message %d', ",
		    i);
		if (i == 0)
			buf_puts(&sql, "NULL");
		else
			hex(&sql, sum, sizeof sum);
		buf_puts(&sql, ")");
	}
	assert_int_equal(outbox_exec(x->o, sql.data), OUTBOX_OK);
	buf_free(&sql);
	reopen(x);
	assert_non_null(x->o->old);
	assert_int_equal(outbox_counters(x->o)->unacked, OLD);
}

static void
old_ones_are_sent_first(void **state)
{
	struct fixture *x = *state;
	struct event out[100];
	int64_t seqs[100], after = 0;

	put_old(x);
	/* the last of them once more, and three new */
	put(x, OLD - 1, OLD + 3);
	assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	assert_int_equal(outbox_counters(x->o)->repeated, 1);
	assert_int_equal(outbox_counters(x->o)->unacked, OLD + 3);
	assert_int_equal(outbox_oldest_us(x->o), make(x, 0).read_us);
	for (int i = 0; i < OLD + 3; i++) {
		struct event e = make(x, i);

		assert_int_equal(outbox_fetch(x->o, after, 1, x->arena, out,
		    seqs), 1);
		assert_int_equal(seqs[0], i + 1);
		assert_memory_equal(out[0].id, e.id, sizeof e.id);
		assert_true(text_equal(out[0].message, e.message));
		after = seqs[0];
	}
	assert_int_equal(fetch(x, after, out, seqs), 0);
}

static void
old_ones_are_acknowledged(void **state)
{
	struct fixture *x = *state;
	struct event out[100], e = make(x, 1);
	int64_t seqs[100], now = INT64_C(1800000000000000);

	clock_set(now);
	put_old(x);
	put(x, OLD, OLD + 3);
	assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	/* one batch over both */
	assert_int_equal(outbox_ack(x->o, 7, 2, OLD + 1), OUTBOX_OK);
	assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	reopen(x);
	assert_int_equal(outbox_counters(x->o)->unacked, 3);
	assert_int_equal(fetch(x, 0, out, seqs), 1);
	assert_int_equal(fetch(x, 1, out, seqs), 2);
	assert_int_equal(seqs[0], OLD + 2);
	assert_int_equal(outbox_unack(x->o, 6), OLD);
	assert_int_equal(fetch(x, 0, out, seqs), OLD);
	assert_int_equal(outbox_ack(x->o, 8, 1, OLD + 3), OUTBOX_OK);
	assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	assert_int_equal(outbox_counters(x->o)->unacked, 0);
	assert_false(outbox_tidy(x->o, now + x->options.keep_us));
	assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	assert_int_equal(outbox_number(x->o, "SELECT count(*) FROM event"), 0);
	assert_int_equal(outbox_number(x->o, "SELECT count(*) FROM acked"), 0);
	/* with the last row goes the table; numbers go on */
	reopen(x);
	assert_null(x->o->old);
	assert_int_equal(outbox_put(x->o, &e), OUTBOX_OK);
	assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	assert_int_equal(outbox_counters(x->o)->repeated, 0);
	assert_int_equal(fetch(x, 0, out, seqs), 1);
	assert_int_equal(seqs[0], OLD + 4);
}

static void
damaged_old_ones_are_gaps(void **state)
{
	struct fixture *x = *state;
	struct event out[100];
	int64_t seqs[100];

	put_old(x);
	put(x, OLD, OLD + 1);
	assert_int_equal(outbox_exec(x->o, "UPDATE event SET "
	    "source = x'c6336401' WHERE seq = 3"), OUTBOX_OK);
	assert_int_equal(outbox_exec(x->o, "UPDATE event SET "
	    "id = x'00' WHERE seq = 1"), OUTBOX_OK);
	assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	assert_int_equal(fetch(x, 0, out, seqs), OLD - 2);
	assert_true(seqs[0] == 2 && seqs[1] == 4);
	assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	assert_int_equal(outbox_counters(x->o)->gaps, 2);
	assert_int_equal(outbox_counters(x->o)->unacked, OLD - 2 + 1);
	assert_int_equal(fetch(x, OLD, out, seqs), 1);
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
	    TEST(old_ones_are_sent_first),
	    TEST(old_ones_are_acknowledged),
	    TEST(damaged_old_ones_are_gaps),
	};

	return cmocka_run_group_tests_name("outbox_old", tests, quiet, NULL);
}
