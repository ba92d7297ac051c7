/* Protects: what the disk changed is never sent, what is lost is declared,
 * and what was rolled back never happened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "agent/outbox_file.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"
#include "tests/unit/outbox_fixture.h"

/* As if the disk had changed it. */
static void
tamper(struct fixture *x, const char *sql)
{
	assert_int_equal(outbox_exec(x->o, sql), OUTBOX_OK);
	reopen(x);
}

/* The blob of that column of the only segment, with a bit turned over. */
static void
flip(struct fixture *x, const char *column, const struct buf *was, size_t bit)
{
	struct buf sql = {0};

	buf_printf(&sql, "UPDATE segment SET %s = x'", column);
	for (size_t i = 0; i < was->n; i++)
		buf_printf(&sql, "%02x", (unsigned char)was->data[i] ^
		        (i == bit / 8 ? 1u << bit % 8 : 0));
	buf_puts(&sql, "'");
	assert_int_equal(outbox_exec(x->o, sql.data), OUTBOX_OK);
	buf_free(&sql);
}

static struct buf
blob(struct fixture *x, const char *column)
{
	sqlite3_stmt *st = NULL;
	struct buf out = {0};
	char sql[60];

	(void)snprintf(sql, sizeof sql, "SELECT %s FROM segment", column);
	assert_int_equal(sqlite3_prepare_v2(x->o->db, sql, -1, &st, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	buf_add(&out, sqlite3_column_blob(st, 0),
	    (size_t)sqlite3_column_bytes(st, 0));
	(void)sqlite3_finalize(st);
	return out;
}

static bool
is_same(struct text a, struct text b)
{
	return text_equal(a, b) && (a.at == NULL) == (b.at == NULL);
}

/* What is read must be what was put, or nothing. */
static void
is_what_was_put(const struct event *e, const struct event *was)
{
	assert_memory_equal(e->id, was->id, sizeof e->id);
	assert_true(e->time_us == was->time_us && e->read_us == was->read_us &&
	    e->kind == was->kind && e->pid == was->pid &&
	    e->ordinal == was->ordinal && e->source_port == was->source_port &&
	    e->local_port == was->local_port);
	assert_true(addr_equal(&e->source, &was->source) &&
	    addr_equal(&e->local, &was->local));
	assert_true(is_same(e->host, was->host) &&
	    is_same(e->program, was->program) &&
	    is_same(e->service, was->service) && is_same(e->ptr, was->ptr) &&
	    is_same(e->login, was->login) &&
	    is_same(e->mechanism, was->mechanism) &&
	    is_same(e->rule, was->rule) && is_same(e->message, was->message));
}

enum { PUT = 3 };

/* Three events of each a text of its own, and all fields. */
static void
put_full(struct fixture *x, struct event was[PUT])
{
	static const char *const rules[PUT] = {"a.one", "a.two", "a.one"};

	for (int i = 0; i < PUT; i++) {
		struct event *e = &was[i];

		*e = make(x, i);
		e->message = text_of(arena_printf(x->arena,
		    "client=h%d.example[2001:db8::7], login=bob%d", i, i));
		e->login = (struct text){
		    .at = e->message.at + e->message.n - 4, .n = 4};
		e->ptr = text_of(arena_printf(x->arena, "h%d.example", i));
		e->rule = text_of(rules[i]);
		e->program = TEXT("postfix/smtpd");
		e->source_port = 1024;
		assert_true(addr_parse(TEXT("192.0.2.1"), &e->local));
		event_make_id(e, TEXT(""));
		assert_int_equal(outbox_put(x->o, e), OUTBOX_OK);
	}
	assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
}

/* Every single bit of a segment: never another event, and never silence. */
static void
damaged_event_is_a_gap(void **state)
{
	static const char *const columns[] = {"bytes", "ends", "texts"};
	/* an end that is wrong takes two events, a text all that have it */
	static const size_t least[] = {2, 1, 0};
	struct fixture *x = *state;
	struct event was[PUT], out[100];
	int64_t seqs[100];
	size_t lost[PUT + 1] = {0};

	put_full(x, was);
	assert_int_equal(fetch(x, 0, out, seqs), PUT);
	for (size_t i = 0; i < PUT; i++)
		is_what_was_put(&out[i], &was[i]);
	for (size_t c = 0; c < 3; c++) {
		struct buf whole = blob(x, columns[c]);

		for (size_t bit = 0; bit < whole.n * 8; bit++) {
			size_t n;

			/* undone below, which spares the disk */
			assert_int_equal(outbox_begin(x->o), OUTBOX_OK);
			flip(x, columns[c], &whole, bit);
			n = fetch(x, 0, out, seqs);
			assert_in_range(n, least[c], PUT - 1);
			for (size_t i = 0; i < n; i++)
				is_what_was_put(&out[i], &was[seqs[i] - 1]);
			assert_int_equal(x->o->pending.gaps, PUT - n);
			assert_int_equal(x->o->pending.unacked, n);
			lost[PUT - n]++;
			outbox_rollback(x->o);
		}
		buf_free(&whole);
		assert_int_equal(fetch(x, 0, out, seqs), PUT);
	}
	/* each has happened */
	assert_true(lost[1] > 0 && lost[2] > 0 && lost[3] > 0);
}

/* Where the file says that a segment begins or ends elsewhere, its events are
 * not those that were acknowledged, or not. */
static void
moved_segment_is_a_gap(void **state)
{
	static const char *const moves[] = {"last = last + 1",
	    "events = events + 1", "events = events - 1", "events = 0"};
	struct fixture *x = *state;
	struct event was[PUT], out[100];
	int64_t seqs[100];

	put_full(x, was);
	assert_int_equal(outbox_ack(x->o, 5, 2, 2), OUTBOX_OK);
	assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
		char sql[100];

		(void)snprintf(sql, sizeof sql, "UPDATE segment SET %s",
		    moves[i]);
		assert_int_equal(outbox_begin(x->o), OUTBOX_OK);
		assert_int_equal(outbox_exec(x->o, sql), OUTBOX_OK);
		assert_int_equal(fetch(x, 0, out, seqs), 0);
		outbox_rollback(x->o);
	}
	assert_int_equal(fetch(x, 0, out, seqs), 2);
}

/* A mark that the disk changed is none: the event is sent again. */
static void
damaged_mark_is_none(void **state)
{
	static const char *const columns[] = {"first = 1", "batch = batch + 1",
	    "acked_us = acked_us + 1", "last = last + 1", "sum = x'00'"};
	struct fixture *x = *state;
	struct event out[100];
	int64_t seqs[100];

	put(x, 0, 5);
	assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
		char sql[100];

		assert_int_equal(outbox_ack(x->o, 5, 2, 3), OUTBOX_OK);
		assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
		assert_int_equal(fetch(x, 0, out, seqs), 3);
		(void)snprintf(sql, sizeof sql, "UPDATE acked SET %s",
		    columns[i]);
		tamper(x, sql);
		assert_int_equal(fetch(x, 0, out, seqs), 5);
		assert_int_equal(outbox_counters(x->o)->unacked, 5);
		tamper(x, "DELETE FROM acked");
	}
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
	    TEST(moved_segment_is_a_gap),
	    TEST(damaged_mark_is_none),
	    TEST(damaged_place_is_none),
	    TEST(damaged_counters_are_declared),
	    TEST(counted_instead_of_kept),
	    TEST(rolled_back_is_never_acknowledged),
	    TEST(limits_change_while_open),
	};

	return cmocka_run_group_tests_name("outbox_damage", tests, quiet, NULL);
}
