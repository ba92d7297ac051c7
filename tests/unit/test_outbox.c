/* Protects: what is committed stays, what is not never happened, and nothing
 * is sent that is not committed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/outbox_file.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "tests/unit/outbox_fixture.h"

static void
events_come_back_whole(void **state)
{
	struct fixture *x = *state;
	struct event e = make(x, 0), out[100];
	int64_t seqs[100];

	e.login = TEXT("u");
	e.source_port = 65535;
	e.local_port = 25;
	assert_true(addr_parse(TEXT("192.0.2.1"), &e.local));
	e.ordinal = UINT32_MAX;
	e.pid = INT32_MAX;
	event_make_id(&e, TEXT(""));
	assert_int_equal(outbox_put(x->o, &e), OUTBOX_OK);
	/* not committed: not to be sent */
	assert_int_equal(fetch(x, 0, out, seqs), 0);
	assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	assert_int_equal(fetch(x, 0, out, seqs), 1);
	assert_memory_equal(out[0].id, e.id, EVENT_ID_BYTES);
	assert_true(out[0].time_us == e.time_us && out[0].pid == e.pid);
	assert_true(out[0].ordinal == e.ordinal);
	assert_true(out[0].source_port == 65535 && out[0].local_port == 25);
	assert_true(addr_equal(&out[0].source, &e.source));
	assert_true(addr_equal(&out[0].local, &e.local));
	assert_true(text_is(out[0].login, "u"));
	assert_null(out[0].ptr.at);
	assert_non_null(out[0].mechanism.at); /* empty, not absent */
	assert_int_equal(out[0].mechanism.n, 0);
	assert_true(event_id_is_true(&out[0], TEXT("")));
	assert_int_equal(fetch(x, seqs[0], out, seqs), 0);
}

static void
all_or_nothing(void **state)
{
	struct fixture *x = *state;
	struct source_place place = {.inode = UINT64_MAX, .offset = 77,
	    .head_bytes = 3, .head = "abc", .tail_bytes = 2, .tail = "xy"},
	    back;
	struct text memory;
	const struct wire_counters more = {.lines = 12, .ignored = 2};
	struct event out[100];
	int64_t seqs[100];

	put(x, 0, 10);
	assert_int_equal(outbox_put_place(x->o, "/log", &place,
	    TEXT("me\0mory")), OUTBOX_OK);
	outbox_count(x->o, &more);
	outbox_rollback(x->o);
	assert_false(outbox_place(x->o, "/log", x->arena, &back, &memory));
	assert_int_equal(outbox_counters(x->o)->lines, 0);
	/* the process dies: as a rollback */
	put(x, 0, 10);
	reopen(x);
	assert_int_equal(fetch(x, 0, out, seqs), 0);
	assert_int_equal(outbox_counters(x->o)->emitted, 0);

	put(x, 0, 10);
	assert_int_equal(outbox_put_place(x->o, "/log", &place,
	    TEXT("me\0mory")), OUTBOX_OK);
	outbox_count(x->o, &more);
	assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	reopen(x);
	assert_true(outbox_place(x->o, "/log", x->arena, &back, &memory));
	assert_memory_equal(&back, &place, sizeof back);
	assert_int_equal(memory.n, 7);
	assert_memory_equal(memory.at, "me\0mory", 7);
	assert_int_equal(fetch(x, 0, out, seqs), 10);
	assert_int_equal(outbox_counters(x->o)->lines, 12);
	assert_int_equal(outbox_counters(x->o)->emitted, 10);
	assert_int_equal(outbox_counters(x->o)->unacked, 10);
}

static void
known_ids_count_as_repeated(void **state)
{
	struct fixture *x = *state;
	struct event e = make(x, 1);

	put(x, 0, 3);
	assert_int_equal(outbox_put(x->o, &e), OUTBOX_OK);
	assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	assert_int_equal(outbox_counters(x->o)->emitted, 3);
	assert_int_equal(outbox_counters(x->o)->repeated, 1);
	assert_int_equal(outbox_counters(x->o)->unacked, 3);
}

static void
acks_are_for_their_range(void **state)
{
	struct fixture *x = *state;
	struct event out[100];
	int64_t seqs[100];

	put(x, 0, 10);
	assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	assert_int_equal(fetch(x, 0, out, seqs), 10);
	assert_int_equal(outbox_ack(x->o, 500, seqs[2], seqs[4]), OUTBOX_OK);
	assert_int_equal(outbox_ack(x->o, 400, seqs[7], seqs[7]), OUTBOX_OK);
	/* a repeated ack changes nothing */
	assert_int_equal(outbox_ack(x->o, 500, seqs[2], seqs[4]), OUTBOX_OK);
	assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	assert_int_equal(outbox_counters(x->o)->unacked, 6);
	assert_int_equal(fetch(x, 0, out, seqs), 6);
	reopen(x);
	assert_int_equal(outbox_last_acked(x->o), 500);
	assert_int_equal(outbox_counters(x->o)->unacked, 6);
	/* the hub has only batch 400 left */
	assert_int_equal(outbox_unack(x->o, 400), 3);
	assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	assert_int_equal(outbox_counters(x->o)->unacked, 9);
	assert_int_equal(fetch(x, 0, out, seqs), 9);
	assert_int_equal(outbox_last_acked(x->o), 400);
}

static void
acknowledged_events_are_kept_a_while(void **state)
{
	struct fixture *x = *state;
	struct event out[100], e = make(x, 1);
	int64_t seqs[100], now = INT64_C(1800000000000000);

	clock_set(now);
	/* what was committed together is removed together */
	for (int i = 0; i < 4; i++) {
		put(x, i, i + 1);
		assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	}
	assert_int_equal(fetch(x, 0, out, seqs), 4);
	assert_int_equal(outbox_ack(x->o, 5, seqs[0], seqs[2]), OUTBOX_OK);
	assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	assert_false(outbox_tidy(x->o, now + x->options.keep_us - 1));
	assert_int_equal(outbox_put(x->o, &e), OUTBOX_OK);
	assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	assert_int_equal(outbox_counters(x->o)->repeated, 1);
	assert_false(outbox_tidy(x->o, now + x->options.keep_us));
	assert_int_equal(outbox_put(x->o, &e), OUTBOX_OK);
	assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	/* what is not acknowledged stays, however old */
	assert_false(outbox_tidy(x->o, INT64_MAX));
	assert_int_equal(fetch(x, 0, out, seqs), 2);
}

static void
acknowledged_events_are_few(void **state)
{
	struct fixture *x = *state;
	struct event out[100], e = make(x, 0), last = make(x, 99);
	int64_t seqs[100];

	x->options.keep_bytes = 50 * 100;
	reopen(x);
	for (int i = 0; i < 100; i += 10) {
		put(x, i, i + 10);
		assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	}
	assert_int_equal(fetch(x, 0, out, seqs), 100);
	assert_int_equal(outbox_ack(x->o, 5, seqs[0], seqs[99]), OUTBOX_OK);
	assert_false(outbox_tidy(x->o, clock_wall_us()));
	/* the oldest went first */
	assert_int_equal(outbox_put(x->o, &last), OUTBOX_OK);
	assert_int_equal(outbox_put(x->o, &e), OUTBOX_OK);
	assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	assert_int_equal(outbox_counters(x->o)->repeated, 1);
	assert_int_equal(outbox_counters(x->o)->emitted, 101);
}

static void
batch_numbers_only_grow(void **state)
{
	struct fixture *x = *state;
	uint64_t a, b;

	clock_set(INT64_C(1800000000000000));
	a = outbox_next_batch(x->o);
	assert_int_equal(a, UINT64_C(1800000000000000));
	b = outbox_next_batch(x->o);
	assert_true(b > a);
	assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	/* a crash, and the clock is set back a year */
	clock_set(INT64_C(1770000000000000));
	reopen(x);
	assert_true(outbox_next_batch(x->o) > b);
}

static void
full_is_not_failure(void **state)
{
	struct fixture *x = *state;
	struct event out[100];
	int64_t seqs[100], used, most;
	char filler[900];
	int n = 0;

	memset(filler, 'x', sizeof filler);
	while (outbox_has_room(x->o)) {
		struct event e = make(x, n++);

		e.message = (struct text){.at = filler, .n = sizeof filler};
		assert_int_equal(outbox_put(x->o, &e), OUTBOX_OK);
		assert_true(n < 2000);
	}
	assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	/* to the last page: refused, and nothing of it stays */
	for (enum outbox_result r = OUTBOX_OK; r == OUTBOX_OK;) {
		struct event e = make(x, n++);

		e.message = (struct text){.at = filler, .n = sizeof filler};
		r = outbox_put(x->o, &e);
		assert_true(r == OUTBOX_OK || r == OUTBOX_FULL);
		if (r == OUTBOX_OK && n % 8 == 0)
			r = outbox_commit(x->o);
	}
	outbox_rollback(x->o);
	outbox_size(x->o, &used, &most);
	assert_true(used <= most);
	/* even so, acknowledging works, and makes room */
	for (size_t got; (got = fetch(x, 0, out, seqs)) != 0;
	     arena_reset(x->arena)) {
		assert_int_equal(outbox_ack(x->o, 9, seqs[0], seqs[got - 1]),
		    OUTBOX_OK);
		assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	}
	while (outbox_tidy(x->o, INT64_MAX))
		;
	assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	assert_true(outbox_has_room(x->o));
	put(x, n, n + 50);
	assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
}

static void
one_agent_a_folder(void **state)
{
	struct fixture *x = *state;
	struct outbox *peek;
	const char *why = NULL;
	struct stat st;

	assert_null(outbox_open(&x->options));
	assert_int_equal(stat(x->folder, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	put(x, 0, 3);
	assert_int_equal(outbox_commit(x->o), OUTBOX_OK);
	peek = outbox_peek(x->folder, &why);
	assert_non_null(peek);
	assert_int_equal(outbox_counters(peek)->emitted, 3);
	outbox_close(peek);
	assert_null(outbox_peek("/nowhere", &why));
	assert_string_equal(why, "there is no outbox yet");
}

static void
links_are_not_followed(void **state)
{
	struct fixture *x = *state;
	char path[100], other[100];

	outbox_close(x->o);
	x->o = NULL;
	(void)snprintf(path, sizeof path, "%s/outbox.db", x->folder);
	(void)snprintf(other, sizeof other, "%s/other", x->folder);
	assert_int_equal(rename(path, other), 0);
	assert_int_equal(symlink(other, path), 0);
	assert_null(outbox_open(&x->options));
}

static int
quiet(void **state)
{
	(void)state;
	/* complaints are part of these tests; nobody needs to read them */
	return freopen("/dev/null", "w", stderr) == NULL ? -1 : 0;
}

/* As when SQLite cannot read /dev/urandom: it draws the same each time. */
static void
names_differ_whatever_sqlite_draws(void **state)
{
	unsigned char names[2][WIRE_OUTBOX_BYTES], drawn[2][8];
	void *x;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(sqlite3_test_control(
		    SQLITE_TESTCTRL_PRNG_SEED, 7, NULL), SQLITE_OK);
		sqlite3_randomness(0, NULL);
		sqlite3_randomness(sizeof drawn[i], drawn[i]);
		sqlite3_randomness(0, NULL);
		assert_int_equal(setup(&x), 0);
		memcpy(names[i], outbox_counters(((struct fixture *)x)->o)
		    ->outbox, sizeof names[i]);
		assert_int_equal(teardown(&x), 0);
	}
	assert_memory_equal(drawn[0], drawn[1], sizeof drawn[0]);
	assert_memory_not_equal(names[0], names[1], sizeof names[0]);
	(void)sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, 0, NULL);
	sqlite3_randomness(0, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_differ_whatever_sqlite_draws),
	    TEST(events_come_back_whole),
	    TEST(all_or_nothing),
	    TEST(known_ids_count_as_repeated),
	    TEST(acks_are_for_their_range),
	    TEST(acknowledged_events_are_kept_a_while),
	    TEST(acknowledged_events_are_few),
	    TEST(batch_numbers_only_grow),
	    TEST(full_is_not_failure),
	    TEST(one_agent_a_folder),
	    TEST(links_are_not_followed),
	};

	return cmocka_run_group_tests_name("outbox", tests, quiet, NULL);
}
