/* Looking at sixteen bytes at once finds what looking at each finds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/signs.h"

static unsigned seed = 1;

static unsigned
pick(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

static size_t
first_of(const char *s)
{
	size_t n = 0;

	while (n < SIGNS_BYTES && s[n] != '[' && s[n] != ':' && s[n] != ' ')
		n++;
	return n;
}

static void
test_first(void **state)
{
	/* neighbours of the signs, and bytes that differ in one bit */
	static const char bytes[] = "[:  ;9Z\\z\x1a\xba\xdb\xa0!\x1f\0";
	char s[SIGNS_BYTES];

	for (int i = 0; i < 200000; i++) {
		for (size_t k = 0; k < sizeof s; k++)
			s[k] = pick(3) == 0 ? bytes[pick(sizeof bytes)] : 'x';
		assert_int_equal(signs_first(s, '[', ':', ' '), first_of(s));
		assert_int_equal(
		    signs_first_plain(s, '[', ':', ' '), first_of(s));
	}
}

static void
test_digits(void **state)
{
	static const char others[] = "/:\0\xff\xb0\xb9 a";
	char s[SIGNS_BYTES];

	for (int i = 0; i < 200000; i++) {
		for (size_t k = 0; k < sizeof s; k++)
			s[k] = pick(8) == 0 ? others[pick(sizeof others)]
			                    : (char)('0' + pick(10));
		assert_int_equal(signs_digits(s), signs_digits_plain(s));
	}
	assert_int_equal(signs_digits("0123456789012345"), SIGNS_BYTES);
}

static void
test_alphabets(void **state)
{
	static const char others[] = "/:,@[`{\0\xff\xb0\xc1\xe1\x7f !";
	static const char name[] = "azAZ09._-mM5";
	char s[SIGNS_BYTES];

	(void)state;
	for (int i = 0; i < 200000; i++) {
		for (size_t k = 0; k < sizeof s; k++)
			s[k] = pick(16) == 0 ? others[pick(sizeof others)]
			    : pick(2) == 0   ? (char)('0' + pick(10))
			                     : name[pick(sizeof name - 1)];
		assert_int_equal(signs_name(s), signs_name_plain(s));
	}
	/* each byte alone */
	for (int c = 0; c < 256; c++) {
		memset(s, c, sizeof s);
		assert_int_equal(signs_name(s), signs_name_plain(s));
	}
}

static void
test_same(void **state)
{
	char a[80], b[80];

	(void)state;
	for (size_t i = 0; i < sizeof a; i++)
		a[i] = (char)pick(256);
	/* each length, each place that may differ, and those around it */
	for (size_t n = 0; n < 40; n++) {
		memcpy(b, a, sizeof b);
		assert_true(signs_same(a + 8, b + 8, n));
		for (size_t at = 0; at < n + 16; at++) {
			b[at] ^= (char)(1 << pick(8));
			assert_int_equal(signs_same(a + 8, b + 8, n),
			    at < 8 || at >= n + 8);
			b[at] = a[at];
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_first),
	    cmocka_unit_test(test_digits),
	    cmocka_unit_test(test_alphabets),
	    cmocka_unit_test(test_same),
	};

	return cmocka_run_group_tests_name("signs", tests, NULL, NULL);
}
