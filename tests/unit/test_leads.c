/* The tree of literal beginnings finds exactly what looking at each one
 * after the other finds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "agent/leads.h"

enum { TEXTS = 40, LETTERS = 9 };

static unsigned seed;

static unsigned
pick(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

/* Few letters, so that many texts begin alike. */
static struct text
random_text(char s[LETTERS])
{
	size_t n = pick(LETTERS);

	for (size_t i = 0; i < n; i++)
		s[i] = (char)("ab\xff"[pick(3)]);
	return (struct text){.at = s, .n = n};
}

static void
check_one(const struct leads *l, const struct lead *all, size_t n,
    struct text message)
{
	const uint32_t *found = leads_find(l, message);
	size_t wanted = 0, i;

	for (i = 0; found[i] != LEADS_END; i++) {
		if (i > 0)
			assert_true(found[i - 1] < found[i]);
		for (size_t k = 0; k < n; k++)
			if (all[k].entry == found[i]) {
				assert_true(all[k].text.n <= message.n);
				assert_memory_equal(all[k].text.at, message.at,
				    all[k].text.n);
			}
	}
	for (size_t k = 0; k < n; k++)
		wanted += all[k].text.n <= message.n &&
		          memcmp(all[k].text.at, message.at, all[k].text.n) ==
		              0;
	assert_int_equal(i, wanted);
}

static void
test_as_one_by_one(void **state)
{
	for (seed = 1; seed < 100000; seed += 1000) {
		char bytes[TEXTS][LETTERS], message[LETTERS];
		struct lead all[TEXTS];
		struct leads *l;
		size_t n = pick(TEXTS);

		for (size_t i = 0; i < n; i++) {
			all[i].text = random_text(bytes[i]);
			all[i].entry = (uint32_t)(i * 7 % TEXTS);
		}
		l = leads_open(all, n);
		for (int i = 0; i < 200; i++)
			check_one(l, all, n, random_text(message));
		leads_close(l);
	}
}

static void
test_nothing(void **state)
{
	struct leads *l = leads_open(NULL, 0);

	assert_int_equal(*leads_find(l, TEXT("warning: x")), LEADS_END);
	assert_int_equal(*leads_find(l, TEXT("")), LEADS_END);
	leads_close(l);
	leads_close(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_as_one_by_one),
	    cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests_name("leads", tests, NULL, NULL);
}
