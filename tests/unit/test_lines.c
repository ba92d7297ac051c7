/* Protects: lines end at LF only, and no length of line costs memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "agent/lines.h"
#include "agent/source.h"

static void
feed(struct lines *l, const char *bytes, size_t n)
{
	while (n != 0) {
		size_t room, some;
		char *to = lines_room(l, &room);

		assert_true(room != 0);
		some = n < room ? n : room;
		memcpy(to, bytes, some);
		lines_fill(l, some);
		bytes += some;
		n -= some;
	}
}

static void
lines_end_at_lf_only(void **state)
{
	struct lines l = {0};
	struct text t;
	int64_t bytes;

	(void)state;
	assert_false(lines_next(&l, &t, &bytes));
	assert_false(lines_last(&l, &t, &bytes));
	feed(&l, "a\r\n\n\0b\xe2\x80\xa8z\nrest", 15);
	assert_true(lines_next(&l, &t, &bytes));
	assert_true(text_is(t, "a\r") && bytes == 3);
	assert_true(lines_next(&l, &t, &bytes));
	assert_true(t.n == 0 && bytes == 1);
	assert_true(lines_next(&l, &t, &bytes));
	assert_true(t.n == 6 && memcmp(t.at, "\0b\xe2\x80\xa8z", 6) == 0);
	assert_false(lines_next(&l, &t, &bytes));
	feed(&l, "ed\n", 3);
	assert_true(lines_next(&l, &t, &bytes));
	assert_true(text_is(t, "rested") && bytes == 7);
	feed(&l, "end", 3);
	assert_false(lines_next(&l, &t, &bytes));
	assert_true(lines_last(&l, &t, &bytes));
	assert_true(text_is(t, "end") && bytes == 3);
	lines_free(&l);
}

static void
any_length_is_counted(void **state)
{
	static char x[100000];
	struct lines l = {0};
	struct text t;
	int64_t bytes, total;

	(void)state;
	memset(x, 'x', sizeof x);
	for (int kib = 0; kib < 20; kib++) {
		total = 1;
		for (int i = 0; i < kib; i++, total += (int64_t)sizeof x) {
			feed(&l, x, sizeof x);
			assert_false(lines_next(&l, &t, &bytes));
		}
		feed(&l, "\nnext\n", 6);
		assert_true(lines_next(&l, &t, &bytes));
		assert_true(bytes == total);
		if (kib != 0)
			assert_true(t.n > SOURCE_LINE_BYTES);
		assert_true(t.n < LINES_BYTES);
		assert_true(lines_next(&l, &t, &bytes));
		assert_true(text_is(t, "next") && bytes == 5);
	}
	lines_free(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines_end_at_lf_only),
	    cmocka_unit_test(any_length_is_counted),
	};

	return cmocka_run_group_tests_name("lines", tests, NULL, NULL);
}
