/*
 * A log in a folder of its own and a source that follows it, for the
 * test_source_*.c: appending, rotating, lives that end and begin.
 */
#ifndef PLAINTIFF_SOURCE_FIXTURE_H
#define PLAINTIFF_SOURCE_FIXTURE_H

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

static inline int
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

static inline int
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

static inline const char *
numbered(const struct fixture *x, int n)
{
	static char path[2][120];
	static int turn;

	turn = !turn;
	(void)snprintf(path[turn], sizeof path[turn], "%s.%d", x->log, n);
	return n == 0 ? x->log : path[turn];
}

static inline void
append(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	(void)close(fd);
}

static inline void
rotate(const struct fixture *x)
{
	for (int i = 9; i >= 0; i--)
		(void)rename(numbered(x, i), numbered(x, i + 1));
}

/* A life of the agent ends and the next begins at the last commit. */
static inline void
restart(struct fixture *x, bool from_end)
{
	source_close(x->s);
	x->s = source_file_open(&(struct source_file_options){
	    .path = x->log,
	    .from_end = from_end,
	    .place = x->has_place ? &x->place : NULL});
}

static inline void
commit(struct fixture *x)
{
	x->has_place = source_place(x->s, &x->place);
	source_commit(x->s);
}

/* All lines that can be had now, joined by blanks; committed on demand. */
static inline const char *
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

/* Runs a shell command with the log's path as $1. */
static inline void
shell(const struct fixture *x, const char *command)
{
	char all[512];

	assert_true(snprintf(all, sizeof all, "set -e -- '%s'; %s", x->log,
	    command) < (int)sizeof all);
	assert_int_equal(system(all), 0);
}

static inline int
quiet(void **state)
{
	(void)state;
	return freopen("/dev/null", "w", stderr) == NULL ? -1 : 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
