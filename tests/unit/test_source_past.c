/* Protects: what rotation compressed, removed or damaged is read or declared
 * lost, and what is no log is refused. */
#include "tests/unit/source_fixture.h"

static void
compressed_siblings(void **state)
{
	/* by number, by date, and the newest left plain for a while */
	static const char *const kinds[] = {
	    "gzip $1.1 $1.2", "gzip $1.2",
	    "gzip $1.1 $1.2; mv $1.2.gz $1-20261119.gz; "
	    "mv $1.1.gz $1-20261120.gz",
	    "gzip $1.2; mv $1.2.gz $1-20261119.gz; mv $1.1 $1-20261120"};

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		struct fixture *x = *state;

		append(x->log, "a\n");
		restart(x, false);
		assert_string_equal(lines(x), "a");
		commit(x);
		append(x->log, "b\nc\n");
		rotate(x);
		append(x->log, "d\n");
		rotate(x);
		append(x->log, "e\n");
		shell(x, kinds[i]);
		restart(x, false);
		assert_string_equal(lines(x), "b c d e");
		assert_int_equal(source_losses(x->s), 0);
		commit(x);
		restart(x, false);
		assert_string_equal(lines(x), "");
		shell(x, "rm $1*");
		x->has_place = false;
	}
}

static void
place_in_a_compressed_file(void **state)
{
	struct fixture *x = *state;
	struct text t;

	append(x->log, "a\n");
	restart(x, false);
	(void)lines(x);
	commit(x);
	append(x->log, "b\nc\nd\n");
	rotate(x);
	append(x->log, "e\n");
	shell(x, "gzip $1.1");
	restart(x, false);
	assert_int_equal(source_next(x->s, &t), SOURCE_LINE);
	assert_true(text_is(t, "b"));
	commit(x);
	assert_int_equal(x->place.offset, 4);
	assert_int_equal(source_next(x->s, &t), SOURCE_LINE);
	source_rewind(x->s);
	assert_int_equal(source_next(x->s, &t), SOURCE_LINE);
	assert_true(text_is(t, "c"));
	/* and it is renamed meanwhile */
	shell(x, "mv $1.1.gz $1.2.gz; mv $1 $1.1; echo f > $1");
	restart(x, false);
	assert_string_equal(lines(x), "c d e f");
	assert_int_equal(source_losses(x->s), 0);
}

/* The file is held open; its name goes while it is compressed. */
static void
compressing_while_running(void **state)
{
	struct fixture *x = *state;

	append(x->log, "a\n");
	restart(x, false);
	assert_string_equal(lines(x), "a");
	commit(x);
	append(x->log, "b\n");
	rotate(x);
	/* half written: the plain one counts */
	shell(x, "gzip -c $1.1 | head -c 12 > $1.1.gz");
	append(x->log, "c\n");
	assert_string_equal(lines(x), "b c");
	commit(x);
	append(x->log, "d\n");
	rotate(x);
	append(x->log, "e\n");
	shell(x, "rm $1.*.gz; gzip $1.1 $1.2");
	assert_string_equal(lines(x), "d e");
	assert_int_equal(source_losses(x->s), 0);
}

static void
what_is_gone_is_declared(void **state)
{
	struct fixture *x = *state;

	append(x->log, "a\n");
	restart(x, false);
	(void)lines(x);
	commit(x);
	/* the file is gone, those after it are not */
	append(x->log, "b\n");
	rotate(x);
	append(x->log, "c\n");
	rotate(x);
	append(x->log, "d\n");
	shell(x, "rm $1.2");
	restart(x, false);
	assert_string_equal(lines(x), "c d");
	/* committed by lines() in between, as a turn would */
	assert_int_equal(source_losses(x->s), 0);
	commit(x);
	shell(x, "echo other > $1");
	restart(x, false);
	assert_int_equal(source_losses(x->s), 0);
	assert_string_equal(lines(x), "other");
	assert_int_equal(source_losses(x->s), 1);
	source_rewind(x->s);
	assert_int_equal(source_losses(x->s), 1);
	commit(x);
	assert_int_equal(source_losses(x->s), 0);
}

static void
foreign_compression_is_declared(void **state)
{
	struct fixture *x = *state;
	struct text t;

	append(x->log, "a\n");
	restart(x, false);
	(void)lines(x);
	commit(x);
	append(x->log, "b\n");
	rotate(x);
	append(x->log, "c\n");
	rotate(x);
	append(x->log, "d\n");
	shell(x, "mv $1.2 $1.2.xz");
	restart(x, false);
	assert_int_equal(source_next(x->s, &t), SOURCE_LINE);
	assert_true(text_is(t, "c"));
	assert_int_equal(source_losses(x->s), 1);
	commit(x);
	assert_string_equal(lines(x), "d");
	assert_int_equal(source_losses(x->s), 0);
}

/* Of an empty file it is known only by the time of writing. */
static void
foreign_compression_of_what_was_empty(void **state)
{
	struct fixture *x = *state;

	shell(x, "true >$1");
	restart(x, false);
	assert_string_equal(lines(x), "");
	commit(x);
	shell(x, "sleep 0.02; echo a >>$1; cp $1 $1.1.xz; true >$1");
	append(x->log, "b\n");
	restart(x, false);
	assert_string_equal(lines(x), "b");
	assert_int_equal(source_losses(x->s), 1);
	commit(x);
	restart(x, false);
	append(x->log, "c\n");
	assert_string_equal(lines(x), "c");
	assert_int_equal(source_losses(x->s), 0);
}

static void
damaged_compression_is_declared(void **state)
{
	struct fixture *x = *state;

	append(x->log, "a\n");
	restart(x, false);
	(void)lines(x);
	commit(x);
	shell(x, "seq 1000 1020 >> $1; mv $1 $1.1; gzip $1.1; "
	    "truncate -s -12 $1.1.gz; echo z > $1");
	restart(x, false);
	/* whole lines of it are given, a broken one never */
	assert_null(strstr(lines(x), "a"));
	assert_string_equal(lines(x), "");
	commit(x);
	append(x->log, "y\n");
	assert_string_equal(lines(x), "y");
}

static void
reading_again_what_is_there(void **state)
{
	struct fixture *x = *state;

	append(x->log, "a\n");
	rotate(x);
	shell(x, "touch -d 2020-01-01 $1.1");
	append(x->log, "b\n");
	rotate(x);
	append(x->log, "c\n");
	rotate(x);
	append(x->log, "d\n");
	shell(x, "gzip $1.2");
	x->s = source_file_open(&(struct source_file_options){
	    .path = x->log, .from_end = true,
	    .since_us = INT64_C(1700000000000000)});
	assert_string_equal(lines(x), "b c d");
}

static void
endangered_when_only_we_hold_it(void **state)
{
	struct fixture *x = *state;

	append(x->log, "a\nb\n");
	restart(x, false);
	assert_string_equal(lines(x), "a b");
	source_rewind(x->s);
	assert_false(source_is_endangered(x->s));
	rotate(x);
	append(x->log, "c\n");
	assert_false(source_is_endangered(x->s));
	shell(x, "cp $1.1 $1.1.copy; gzip $1.1");
	assert_false(source_is_endangered(x->s));
	shell(x, "rm $1.1.gz");
	assert_true(source_is_endangered(x->s));
	assert_string_equal(lines(x), "a b c");
	commit(x);
	assert_false(source_is_endangered(x->s));
	/* copied and cut: the copy is held from then on */
	append(x->log, "d\n");
	shell(x, "cp $1 $1.1; echo e > $1");
	assert_false(source_is_endangered(x->s));
	shell(x, "rm $1.1");
	assert_true(source_is_endangered(x->s));
	assert_string_equal(lines(x), "d e");
}

/* Cut and written anew while a long backlog is read. */
static void
written_over_while_read(void **state)
{
	struct fixture *x = *state;
	struct text t;
	size_t old = 0, new = 0;

	shell(x, "seq -f 'old line %060g' 20000 > $1");
	restart(x, false);
	assert_int_equal(source_next(x->s, &t), SOURCE_LINE);
	old++;
	shell(x, "cp $1 $1.1; seq -f 'new line %061g' 30000 > $1");
	for (int waits = 0; waits < 3;) {
		enum source_result r = source_next(x->s, &t);

		if (r == SOURCE_COMMIT)
			commit(x);
		waits += r == SOURCE_WAIT;
		if (r != SOURCE_LINE)
			continue;
		assert_true(t.n == 69 || t.n == 70);
		if (memcmp(t.at, "old line ", 9) == 0)
			old++;
		else if (memcmp(t.at, "new line ", 9) == 0)
			new++;
	}
	assert_int_equal(old, 20000);
	assert_int_equal(new, 30000);
}

static void
what_is_no_log_is_refused(void **state)
{
	struct fixture *x = *state;
	const char *other = numbered(x, 100);

	assert_int_equal(mkfifo(x->log, 0600), 0);
	restart(x, false);
	assert_string_equal(lines(x), "");
	assert_int_equal(unlink(x->log), 0);
	append(other, "secret\n");
	assert_int_equal(symlink(other, x->log), 0);
	restart(x, false);
	assert_string_equal(lines(x), "");
	assert_int_equal(unlink(x->log), 0);
	assert_int_equal(mkdir(x->log, 0700), 0);
	restart(x, false);
	assert_string_equal(lines(x), "");
	assert_int_equal(rmdir(x->log), 0);
	restart(x, false);
	assert_string_equal(lines(x), "");
	append(x->log, "a\n");
	restart(x, false);
	assert_string_equal(lines(x), "a");
}

/* A pipe gives what it holds; nothing more before the commit; nothing lost
 * by a rewind. */
static void
standard_input(void **state)
{
	struct fixture *x = *state;
	int ends[2];
	struct text t;

	assert_int_equal(pipe(ends), 0);
	x->s = source_stdin_open(ends[0]);
	assert_int_equal(source_next(x->s, &t), SOURCE_WAIT);
	assert_int_equal(write(ends[1], "a\nb\nc", 5), 5);
	assert_int_equal(source_next(x->s, &t), SOURCE_LINE);
	assert_true(text_is(t, "a"));
	assert_int_equal(source_next(x->s, &t), SOURCE_LINE);
	assert_int_equal(write(ends[1], "c\nd", 3), 3);
	assert_int_equal(source_next(x->s, &t), SOURCE_COMMIT);
	source_rewind(x->s);
	assert_int_equal(source_next(x->s, &t), SOURCE_LINE);
	assert_true(text_is(t, "a"));
	assert_int_equal(source_next(x->s, &t), SOURCE_LINE);
	assert_true(text_is(t, "b"));
	assert_int_equal(source_next(x->s, &t), SOURCE_COMMIT);
	source_commit(x->s);
	assert_int_equal(source_next(x->s, &t), SOURCE_LINE);
	assert_true(text_is(t, "cc"));
	source_commit(x->s);
	(void)close(ends[1]);
	assert_int_equal(source_next(x->s, &t), SOURCE_LINE);
	assert_true(text_is(t, "d"));
	source_rewind(x->s);
	assert_int_equal(source_next(x->s, &t), SOURCE_LINE);
	assert_true(text_is(t, "d"));
	assert_int_equal(source_next(x->s, &t), SOURCE_COMMIT);
	source_commit(x->s);
	assert_int_equal(source_next(x->s, &t), SOURCE_END);
	assert_int_equal(source_fd(x->s), -1);
	(void)close(ends[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(compressed_siblings),
	    TEST(place_in_a_compressed_file),
	    TEST(compressing_while_running),
	    TEST(what_is_gone_is_declared),
	    TEST(foreign_compression_is_declared),
	    TEST(foreign_compression_of_what_was_empty),
	    TEST(damaged_compression_is_declared),
	    TEST(reading_again_what_is_there),
	    TEST(endangered_when_only_we_hold_it),
	    TEST(written_over_while_read),
	    TEST(what_is_no_log_is_refused),
	    TEST(standard_input),
	};

	return cmocka_run_group_tests_name("source_past", tests, quiet, NULL);
}
