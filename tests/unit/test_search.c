/* Protects: a text is found where memmem() finds it, and nothing is read
 * behind the end of what is searched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "agent/search.h"

static unsigned seed = 1;

static unsigned
pick(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

/* The last place where memmem() finds it. */
static const char *
last_of(const char *in, size_t n, const char *what, size_t k)
{
	const char *last = NULL, *at = memmem(in, n, what, k);

	for (; at != NULL; at = memmem(at + 1, n - (size_t)(at + 1 - in),
			       what, k))
		last = at;
	return last;
}

static void
finds_what_memmem_finds(void **state)
{
	(void)state;
	for (int i = 0; i < 100000; i++) {
		size_t n = pick(100), k = 1 + pick(pick(3) == 0 ? 40 : 4);
		/* what is read behind its end shows under ASan */
		char *in = malloc(n > 0 ? n : 1), what[41];

		assert_non_null(in);
		for (size_t at = 0; at < n; at++)
			in[at] = "ab\xff"[pick(3)];
		for (size_t at = 0; at < k; at++)
			what[at] = "ab\xff"[pick(3)];
		/* more often than not it is there */
		if (k <= n && pick(2) == 0)
			memcpy(what, in + pick((unsigned)(n - k) + 1), k);
		assert_ptr_equal(search((struct text){.at = in, .n = n},
				     (struct text){.at = what, .n = k}),
		    memmem(in, n, what, k));
		assert_ptr_equal(search_last((struct text){.at = in, .n = n},
				     (struct text){.at = what, .n = k}),
		    last_of(in, n, what, k));
		free(in);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds_what_memmem_finds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
