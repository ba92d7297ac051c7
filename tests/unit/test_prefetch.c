/* Protects: what is shown to be prefetched is what is read next, and a file
 * that is cut short meanwhile harms nobody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/prefetch.h"

enum {
	BLOCK = 256 * 1024,
	BLOCKS = 21,
	SHOWN = 2 << 20, /* at a time */
};

static int
open_file(void)
{
	char path[] = "/tmp/plaintiff-prefetch-XXXXXX", *bytes = malloc(BLOCK);
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_non_null(bytes);
	(void)unlink(path);
	for (int i = 0; i < BLOCKS; i++) {
		for (size_t at = 0; at < BLOCK; at++)
			bytes[at] = (char)((size_t)i * 31 + at / 7 + at);
		assert_int_equal(write(fd, bytes, BLOCK), BLOCK);
	}
	free(bytes);
	return fd;
}

static bool
works(int fd)
{
	struct prefetch p = {0};
	bool is_shown = prefetch_next(&p, fd, 0, BLOCK) != NULL;

	prefetch_close(&p);
	return is_shown;
}

static void
is_what_is_read_next(void **state)
{
	const int64_t size = (int64_t)BLOCK * BLOCKS;
	static char bytes[BLOCK];
	struct prefetch p = {0};
	int fd = open_file();
	unsigned shown = 0, hidden = 0;

	(void)state;
	/* a file system may not say what it has in memory */
	if (!works(fd)) {
		(void)close(fd);
		skip();
	}
	for (int64_t at = 0; at < size;) {
		const char *next = prefetch_next(&p, fd, at, BLOCK);
		ssize_t n = pread(fd, bytes, BLOCK, at);

		assert_true(n > 0);
		if (next != NULL) {
			assert_memory_equal(next, bytes, (size_t)n);
			shown++;
		} else {
			/* only where the end is near */
			assert_true(at + SHOWN > size - BLOCK);
			hidden++;
		}
		/* blocks begin with what was left of a line */
		at += n == BLOCK ? n - (at / 100) % 300 : n;
	}
	assert_true(shown >= 10 && hidden > 0);
	prefetch_close(&p);
	(void)close(fd);
}

/* Does a child that does it come to its end? */
static bool
survives(void (*what)(const char *), const char *at)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		(void)signal(SIGBUS, SIG_DFL);
		what(at);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void
fetch(const char *at)
{
	for (size_t i = 0; i < BLOCK; i += 64)
		__builtin_prefetch(at + i, 0, 2);
}

static void
look(const char *at)
{
	(void)*(const volatile char *)at;
}

static void
nobody_dies_of_a_cut(void **state)
{
	struct prefetch p = {0};
	int fd = open_file();
	const char *next;

	(void)state;
	next = prefetch_next(&p, fd, BLOCK, BLOCK);
	if (next == NULL) {
		(void)close(fd);
		skip();
	}
	assert_true(survives(look, next));
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_true(survives(fetch, next));
	/* reading is what would kill */
	assert_false(survives(look, next));
	/* and nothing more is shown of it than was */
	assert_null(prefetch_next(&p, fd, SHOWN + BLOCK, BLOCK));
	prefetch_close(&p);
	(void)close(fd);
}

static void
a_pipe_shows_nothing(void **state)
{
	struct prefetch p = {0};
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_null(prefetch_next(&p, fds[0], 0, BLOCK));
	assert_null(prefetch_next(&p, -1, 0, BLOCK));
	prefetch_close(&p);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(is_what_is_read_next),
	    cmocka_unit_test(nobody_dies_of_a_cut),
	    cmocka_unit_test(a_pipe_shows_nothing),
	};

	return cmocka_run_group_tests_name("prefetch", tests, NULL, NULL);
}
