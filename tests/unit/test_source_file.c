/* Protects: each line of a log is given once, through renaming, copying,
 * truncating and restarts, and never before its LF was written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/source.h"
#include "proto/base/clock.h"

struct fixture {
	char folder[64], log[100];
	struct source *s;
	struct source_place place;
	bool has_place;
};

static int
setup(void **state)
{
	struct fixture *x = calloc(1, sizeof *x);

	assert_non_null(x);
	strcpy(x->folder, "/tmp/plaintiff-source-XXXXXX");
	assert_non_null(mkdtemp(x->folder));
	(void)snprintf(x->log, sizeof x->log, "%s/log", x->folder);
	*state = x;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *x = *state;
	char command[200];

	source_close(x->s);
	clock_set(INT64_MIN);
	(void)snprintf(command, sizeof command, "rm -r '%s'", x->folder);
	assert_int_equal(system(command), 0);
	free(x);
	return 0;
}

static const char *
numbered(const struct fixture *x, int n)
{
	static char path[2][120];
	static int turn;

	turn = !turn;
	(void)snprintf(path[turn], sizeof path[turn], "%s.%d", x->log, n);
	return n == 0 ? x->log : path[turn];
}

static void
append(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	(void)close(fd);
}

static void
rotate(const struct fixture *x)
{
	for (int i = 9; i >= 0; i--)
		(void)rename(numbered(x, i), numbered(x, i + 1));
}

/* A life of the agent ends and the next begins at the last commit. */
static void
restart(struct fixture *x, bool from_end)
{
	source_close(x->s);
	x->s = source_file_open(&(struct source_file_options){
	    .path = x->log,
	    .from_end = from_end,
	    .place = x->has_place ? &x->place : NULL});
}

static void
commit(struct fixture *x)
{
	x->has_place = source_place(x->s, &x->place);
	source_commit(x->s);
}

/* All lines that can be had now, joined by blanks; committed on demand. */
static const char *
lines(struct fixture *x)
{
	static char out[4000];
	struct text t;

	out[0] = '\0';
	for (int waits = 0; waits < 3;) {
		switch (source_next(x->s, &t)) {
		case SOURCE_LINE:
			assert_true(strlen(out) + t.n + 2 < sizeof out);
			if (out[0] != '\0')
				strcat(out, " ");
			strncat(out, t.at, t.n);
			break;
		case SOURCE_COMMIT:
			commit(x);
			break;
		case SOURCE_WAIT:
			waits++;
			break;
		case SOURCE_END:
			fail();
		}
	}
	return out;
}

static void
lines_are_whole(void **state)
{
	struct fixture *x = *state;

	append(x->log, "a\nb\nc");
	restart(x, false);
	assert_string_equal(lines(x), "a b");
	append(x->log, "c");
	assert_string_equal(lines(x), "");
	append(x->log, "c\nd\n");
	assert_string_equal(lines(x), "ccc d");
	assert_true(source_has_moved(x->s));
	commit(x);
	assert_false(source_has_moved(x->s));
	assert_int_equal(x->place.offset, 10);
	assert_int_equal(x->place.head_bytes, 10);
}

static void
restart_goes_on_at_the_commit(void **state)
{
	struct fixture *x = *state;

	append(x->log, "a\nb\nc");
	restart(x, false);
	assert_string_equal(lines(x), "a b");
	/* never committed: both again */
	restart(x, false);
	assert_string_equal(lines(x), "a b");
	commit(x);
	append(x->log, "c\n");
	restart(x, false);
	assert_string_equal(lines(x), "cc");
	/* from the end, if never seen before */
	x->has_place = false;
	append(x->log, "d\nunfinished");
	restart(x, true);
	assert_string_equal(lines(x), "");
	append(x->log, " one\ne\n");
	assert_string_equal(lines(x), "unfinished one e");
}

static void
rewinding_gives_them_again(void **state)
{
	struct fixture *x = *state;

	append(x->log, "a\nb\n");
	restart(x, false);
	assert_string_equal(lines(x), "a b");
	source_rewind(x->s);
	append(x->log, "c\n");
	assert_string_equal(lines(x), "a b c");
	commit(x);
	source_rewind(x->s);
	assert_string_equal(lines(x), "");
	append(x->log, "d\n");
	assert_string_equal(lines(x), "d");
	source_rewind(x->s);
	assert_string_equal(lines(x), "d");
	commit(x);
	restart(x, false);
	assert_string_equal(lines(x), "");
}

static void
renaming_while_running(void **state)
{
	struct fixture *x = *state;
	int old;

	append(x->log, "a\n");
	restart(x, false);
	assert_string_equal(lines(x), "a");
	old = open(x->log, O_WRONLY | O_APPEND);
	assert_true(old >= 0);
	rotate(x);
	/* there is no new file yet: the old one goes on */
	assert_int_equal(write(old, "b\n", 2), 2);
	assert_string_equal(lines(x), "b");
	assert_int_equal(write(old, "c", 1), 1);
	append(x->log, "d\n");
	/* what had no LF when the writer left is a line */
	assert_string_equal(lines(x), "c d");
	rotate(x);
	append(x->log, "e\n");
	rotate(x);
	append(x->log, "f\n");
	assert_string_equal(lines(x), "e f");
	(void)close(old);
}

static void
grace_is_given_to_the_writer(void **state)
{
	struct fixture *x = *state;
	int old;

	append(x->log, "a\n");
	x->s = source_file_open(&(struct source_file_options){
	    .path = x->log, .grace_ms = 60000});
	assert_string_equal(lines(x), "a");
	old = open(x->log, O_WRONLY | O_APPEND);
	rotate(x);
	append(x->log, "c\n");
	assert_string_equal(lines(x), "");
	assert_int_equal(write(old, "b\n", 2), 2);
	assert_string_equal(lines(x), "b");
	(void)close(old);
	/* a minute later */
	clock_set(clock_wall_us() + 61 * CLOCK_SECOND_US);
	assert_string_equal(lines(x), "c");
}

static void
rotations_while_stopped(void **state)
{
	struct fixture *x = *state;

	for (int several = 1; several < 5; several++) {
		char want[100] = "rest";

		append(x->log, "a\n");
		restart(x, false);
		(void)lines(x);
		commit(x);
		append(x->log, "rest\n");
		for (int i = 0; i < several; i++) {
			char text[20];

			rotate(x);
			(void)snprintf(text, sizeof text, "n%d\n", i);
			append(x->log, text);
			(void)snprintf(want + strlen(want), 10, " n%d", i);
		}
		restart(x, false);
		assert_string_equal(lines(x), want);
		commit(x);
	}
}

static void
dated_siblings_are_siblings(void **state)
{
	struct fixture *x = *state;
	char path[130];

	append(x->log, "a\n");
	restart(x, false);
	assert_string_equal(lines(x), "a");
	commit(x);
	append(x->log, "b\n");
	(void)snprintf(path, sizeof path, "%s-20261120", x->log);
	assert_int_equal(rename(x->log, path), 0);
	append(x->log, "c\n");
	(void)snprintf(path, sizeof path, "%s-20261121", x->log);
	assert_int_equal(rename(x->log, path), 0);
	append(x->log, "d\n");
	/* copies by hand are not in the row */
	(void)snprintf(path, sizeof path, "%s.bak", x->log);
	append(path, "x\n");
	(void)snprintf(path, sizeof path, "%s-20261122.bak.gz", x->log);
	append(path, "y\n");
	restart(x, false);
	assert_string_equal(lines(x), "b c d");
}

static void
truncated_in_place(void **state)
{
	struct fixture *x = *state;

	append(x->log, "aaaa\nbbbb\n");
	restart(x, false);
	assert_string_equal(lines(x), "aaaa bbbb");
	commit(x);
	assert_int_equal(truncate(x->log, 0), 0);
	append(x->log, "c\n");
	assert_string_equal(lines(x), "c");
	/* longer than before: only the bytes tell */
	commit(x);
	assert_int_equal(truncate(x->log, 0), 0);
	append(x->log, "dddd\neeee\nffff\n");
	assert_string_equal(lines(x), "dddd eeee ffff");
	commit(x);
	/* and while stopped, to exactly the same length */
	assert_int_equal(truncate(x->log, 0), 0);
	append(x->log, "gggg\nhhhh\niiii\n");
	restart(x, false);
	assert_string_equal(lines(x), "gggg hhhh iiii");
}

static void
copied_and_truncated(void **state)
{
	struct fixture *x = *state;
	char command[512];

	append(x->log, "a\n");
	restart(x, false);
	assert_string_equal(lines(x), "a");
	for (int stopped = 0; stopped < 2; stopped++) {
		commit(x);
		append(x->log, "b\n");
		assert_true(snprintf(command, sizeof command,
		    "cp '%s' '%s.1' && : > '%s'", x->log, x->log, x->log) <
		    (int)sizeof command);
		assert_int_equal(system(command), 0);
		append(x->log, stopped ? "f\ng\nh\n" : "c\nd\ne\n");
		if (stopped)
			restart(x, false);
		assert_string_equal(lines(x), stopped ? "b f g h" : "b c d e");
	}
}

static void
another_file_with_that_inode(void **state)
{
	struct fixture *x = *state;
	struct stat st;

	append(x->log, "a\n");
	restart(x, false);
	assert_string_equal(lines(x), "a");
	commit(x);
	source_close(x->s);
	x->s = NULL;
	assert_int_equal(unlink(x->log), 0);
	append(x->log, "x\nb\n");
	/* as file systems do at once */
	assert_int_equal(stat(x->log, &st), 0);
	x->place.inode = st.st_ino;
	restart(x, false);
	assert_string_equal(lines(x), "x b");
}

/* Runs a shell command with the log's path as $1. */
static void
shell(const struct fixture *x, const char *command)
{
	char all[512];

	assert_true(snprintf(all, sizeof all, "set -e -- '%s'; %s", x->log,
	    command) < (int)sizeof all);
	assert_int_equal(system(all), 0);
}

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

static int
quiet(void **state)
{
	(void)state;
	return freopen("/dev/null", "w", stderr) == NULL ? -1 : 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(lines_are_whole),
	    TEST(restart_goes_on_at_the_commit),
	    TEST(rewinding_gives_them_again),
	    TEST(renaming_while_running),
	    TEST(grace_is_given_to_the_writer),
	    TEST(rotations_while_stopped),
	    TEST(dated_siblings_are_siblings),
	    TEST(truncated_in_place),
	    TEST(copied_and_truncated),
	    TEST(another_file_with_that_inode),
	    TEST(compressed_siblings),
	    TEST(place_in_a_compressed_file),
	    TEST(compressing_while_running),
	    TEST(what_is_gone_is_declared),
	    TEST(foreign_compression_is_declared),
	    TEST(damaged_compression_is_declared),
	    TEST(reading_again_what_is_there),
	    TEST(endangered_when_only_we_hold_it),
	    TEST(written_over_while_read),
	    TEST(what_is_no_log_is_refused),
	    TEST(standard_input),
	};

	return cmocka_run_group_tests_name("source_file", tests, quiet, NULL);
}
