/* Protects records that Exim splits for syslog: they are one message again,
 * and a client whose text begins or ends a piece gains nothing by it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/line.h"
#include "agent/pieces.h"
#include "proto/base/arena.h"

#define SECOND_US INT64_C(1000000)

static struct arena *arena;
static struct pieces *pieces;
static int64_t now_us;

static int
begin(void **state)
{
	(void)state;
	arena = arena_open(0);
	pieces = pieces_open();
	now_us = 1000 * SECOND_US;
	return 0;
}

static int
end(void **state)
{
	(void)state;
	pieces_close(pieces);
	arena_close(arena);
	return 0;
}

/* The message that is whole with this piece, or NULL. */
static const char *
take(const char *host, int pid, const char *message)
{
	char s[512];
	struct line line;
	struct text whole;

	snprintf(s, sizeof s, "Mar  4 13:01:16 %s exim[%d]: %s", host, pid,
	    message);
	assert_true(line_parse(text_of(s), &line));
	assert_int_not_equal(line.piece, 0);
	if (!pieces_take(pieces, &line, now_us, arena, &whole))
		return NULL;
	return arena_copy(arena, whole.at, whole.n);
}

static void
whole_again(void **state)
{
	(void)state;
	assert_null(take("mx1", 7, "[1/3] 2025-03-04 13:01:16 [7] one "));
	assert_null(take("mx1", 7, "[2/3]  two"));
	assert_string_equal(take("mx1", 7, "[3/3] [9] three"),
	    "one  two[9] three");
	/* once */
	assert_null(take("mx1", 7, "[3/3] three"));
	/* the line of the record ends before the record does */
	assert_null(take("mx1", 7, "[1/3] one"));
	assert_string_equal(take("mx1", 7, "[2\\3] two"), "onetwo");
	assert_null(take("mx1", 7, "[3/3] P Received: from x"));
}

static void
only_together(void **state)
{
	(void)state;
	/* the end without its beginning */
	assert_null(take("mx1", 7, "[2/2] login authenticator failed"));
	/* a gap */
	assert_null(take("mx1", 7, "[1/3] a"));
	assert_null(take("mx1", 7, "[3/3] c"));
	assert_null(take("mx1", 7, "[2/3] b"));
	/* another record, another process, another host */
	assert_null(take("mx1", 7, "[1/2] a"));
	assert_null(take("mx1", 7, "[2/3] b"));
	assert_null(take("mx1", 7, "[1/2] a"));
	assert_null(take("mx1", 8, "[2/2] b"));
	assert_null(take("mx2", 7, "[2/2] b"));
	assert_string_equal(take("mx1", 7, "[2/2] c"), "ac");
	/* too late */
	assert_null(take("mx1", 7, "[1/2] a"));
	now_us += 11 * SECOND_US;
	assert_null(take("mx1", 7, "[2/2] b"));
	/* a beginning anew */
	assert_null(take("mx1", 7, "[1/2] a"));
	assert_null(take("mx1", 7, "[1/2] b"));
	assert_string_equal(take("mx1", 7, "[2/2] c"), "bc");
}

static void
many_at_once(void **state)
{
	int found = 0;

	(void)state;
	for (int pid = 0; pid < 3 * PIECES_COUNT; pid++)
		assert_null(take("mx1", pid, "[1/2] a"));
	for (int pid = 0; pid < 3 * PIECES_COUNT; pid++)
		found += take("mx1", pid, "[2/2] b") != NULL;
	assert_int_equal(found, PIECES_COUNT);
}

static void
too_long(void **state)
{
	char message[400] = "[1/90] ";
	int n;

	(void)state;
	memset(message + 7, 'a', 300);
	assert_null(take("mx1", 7, message));
	for (n = 2; n <= 90; n++) {
		message[1] = (char)('0' + n / 10);
		snprintf(message, sizeof message, "[%d/90] %0300d", n, n);
		assert_null(take("mx1", 7, message));
	}
}

static void
kept(void **state)
{
	struct buf saved = {0};

	(void)state;
	assert_null(take("mx1", 7, "[1/3] a"));
	assert_null(take("mx1", 7, "[2/3] b"));
	assert_null(take("mx2", 9, "[1/2] x"));
	pieces_save(pieces, &saved);
	pieces_close(pieces);
	pieces = pieces_open();
	for (size_t n = 1; n < saved.n; n++) {
		struct text cut = {.at = saved.data, .n = n};

		/* where one ends and the next begins it may be cut */
		if (pieces_load(pieces, cut) == 0)
			assert_null(take("mx2", 9, "[2/2] y"));
	}
	assert_int_equal(pieces_load(pieces, (struct text){.at = saved.data,
						 .n = saved.n}), 0);
	assert_string_equal(take("mx1", 7, "[3/3] c"), "abc");
	assert_string_equal(take("mx2", 9, "[2/2] y"), "xy");
	buf_free(&saved);
}

int
main(void)
{
#define WITH(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
	    WITH(whole_again),
	    WITH(only_together),
	    WITH(many_at_once),
	    WITH(too_long),
	    WITH(kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
