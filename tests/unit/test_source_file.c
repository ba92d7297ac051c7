/* Protects: each line of a log is given once, through renaming, copying,
 * truncating and restarts, and never before its LF was written. */
#include "tests/unit/source_fixture.h"

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

/* Of a file in which nothing was read its bytes tell nothing. */
static void
an_empty_file_copied_and_truncated(void **state)
{
	struct fixture *x = *state;

	/* "old" was there before: it is not to be read */
	append(x->log, "old\n");
	rotate(x);
	shell(x, "true >$1");
	restart(x, true);
	assert_string_equal(lines(x), "");
	commit(x);
	/* with the agent stopped, and held up */
	for (int stopped = 1; stopped >= 0; stopped--) {
		append(x->log, "a\n");
		shell(x, "sleep 0.02; mv $1.1 $1.2; cp $1 $1.1; "
		    "true >$1");
		append(x->log, "b\n");
		shell(x, "mv $1.2 $1.3; mv $1.1 $1.2; cp $1 $1.1; true >$1");
		if (stopped)
			restart(x, false);
		assert_string_equal(lines(x), "a b");
		assert_int_equal(source_losses(x->s), 0);
		commit(x);
		assert_int_equal(x->place.offset, 0);
		restart(x, false);
		assert_string_equal(lines(x), "");
	}
	append(x->log, "c\n");
	assert_string_equal(lines(x), "c");
}

/* Its writer came late: what is in the rotated file was read. */
static void
an_empty_file_after_a_late_writer(void **state)
{
	struct fixture *x = *state;

	append(x->log, "a\n");
	restart(x, false);
	assert_string_equal(lines(x), "a");
	commit(x);
	rotate(x);
	shell(x, "true >$1; sleep 0.02");
	append(numbered(x, 1), "b\n");
	assert_string_equal(lines(x), "b");
	commit(x);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(x->place.offset, 0);
		restart(x, false);
		assert_string_equal(lines(x), "");
		commit(x);
	}
	append(x->log, "c\n");
	assert_string_equal(lines(x), "c");
}

/* With few bytes the next file may begin alike; the inode tells. */
static void
the_next_file_begins_alike(void **state)
{
	struct fixture *x = *state;

	append(x->log, "a\n");
	restart(x, false);
	assert_string_equal(lines(x), "a");
	commit(x);
	append(x->log, "b\n");
	rotate(x);
	append(x->log, "a\nc\n");
	restart(x, false);
	assert_string_equal(lines(x), "b a c");
}

/* Rotated before it was looked for again, or before the next life. */
static void
a_log_that_comes_later(void **state)
{
	struct fixture *x = *state;

	append(numbered(x, 2), "old\n");
	restart(x, true);
	assert_string_equal(lines(x), "");
	assert_true(source_has_moved(x->s));
	commit(x);
	assert_true(x->has_place);
	assert_false(source_has_moved(x->s));
	shell(x, "sleep 0.02");
	append(x->log, "a\n");
	rotate(x);
	append(x->log, "b\n");
	rotate(x);
	append(x->log, "c\n");
	assert_string_equal(lines(x), "");
	restart(x, true);
	assert_string_equal(lines(x), "a b c");
	commit(x);
	restart(x, true);
	assert_string_equal(lines(x), "");
}

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
	    TEST(an_empty_file_copied_and_truncated),
	    TEST(an_empty_file_after_a_late_writer),
	    TEST(the_next_file_begins_alike),
	    TEST(a_log_that_comes_later),
	};

	return cmocka_run_group_tests_name("source_file", tests, quiet, NULL);
}
