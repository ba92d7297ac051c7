/* Protects: memory of a unit of work, and the cap on what foreigners cause. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdalign.h>
#include <string.h>

#include "proto/base/arena.h"

static void
pieces_are_zeroed_aligned_and_apart(void **state)
{
	struct arena *a = arena_open(0);
	unsigned char *p[400];

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < 400; i++) {
			size_t n = i * 37 % 9000 + 1;

			p[i] = arena_alloc(a, n);
			assert_int_equal((uintptr_t)p[i] %
			    alignof(max_align_t), 0);
			for (size_t k = 0; k < n; k++)
				assert_int_equal(p[i][k], 0);
			memset(p[i], (int)(i % 250 + 1), n);
		}
		for (size_t i = 0; i < 400; i++)
			assert_int_equal(p[i][i * 37 % 9000], i % 250 + 1);
		assert_true(arena_used(a) > 400);
		arena_reset(a);
		assert_int_equal(arena_used(a), 0);
	}
	arena_close(a);
	arena_close(NULL);
}

static void
cap_holds(void **state)
{
	struct arena *a = arena_open(1000);

	(void)state;
	assert_non_null(arena_try(a, 600));
	assert_null(arena_try(a, 600));
	assert_null(arena_try(a, SIZE_MAX));
	assert_null(arena_try(a, SIZE_MAX / 2));
	assert_non_null(arena_try(a, 300));
	arena_reset(a);
	assert_non_null(arena_try(a, 900));
	arena_close(a);
}

static void
texts_are_copied(void **state)
{
	struct arena *a = arena_open(0);
	char s[600];

	(void)state;
	/* memory that was used before is not zeroed for a copy */
	memset(arena_alloc(a, 5000), 'y', 5000);
	arena_reset(a);
	assert_string_equal(arena_copy(a, "abc", 2), "ab");
	assert_string_equal(arena_copy(a, NULL, 0), "");
	assert_string_equal(arena_string(a, "abc"), "abc");
	assert_string_equal(arena_printf(a, "%d%s", 4, "x"), "4x");
	for (size_t n = 0; n < sizeof s; n++) {
		memset(s, 'x', n);
		s[n] = '\0';
		assert_string_equal(arena_printf(a, "%s", s), s);
	}
	arena_close(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
	    cmocka_unit_test(cap_holds),
	    cmocka_unit_test(texts_are_copied),
	};

	return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
