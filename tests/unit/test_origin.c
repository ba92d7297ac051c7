/* Protects what is believed of who announces an address: only a text in the
 * known form whose prefix holds that very address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hub/lookup/ask.h"
#include "hub/lookup/origin.h"

static struct ask_origin
read_of(const char *address, const char *one, const char *two)
{
	struct text texts[2] = {text_of(one), text_of(two)};
	struct ask_origin out;
	struct addr a;

	assert_true(addr_parse(text_of(address), &a));
	origin_read(texts, two == NULL ? 1 : 2, &a, &out);
	return out;
}

static void
test_good(void **state)
{
	struct ask_origin o = read_of("192.0.2.7",
	    "64500 | 192.0.2.0/24 | DE | ripencc | 2012-02-29", NULL);

	(void)state;
	assert_true(o.known);
	assert_int_equal(o.asn, 64500);
	assert_int_equal(o.route.bits, 24);
	assert_string_equal(o.country, "DE");
	/* several systems; none of the rest */
	o = read_of("2001:db8::1", "64501 64502 | 2001:db8::/32", NULL);
	assert_true(o.known);
	assert_int_equal(o.asn, 64501);
	assert_string_equal(o.country, "");
	/* the narrowest, in whatever order */
	o = read_of("192.0.2.7", "1 | 192.0.2.0/24 | DE | x | y",
	    "2 | 192.0.0.0/16 | AT | x | y");
	assert_int_equal(o.asn, 1);
	o = read_of("192.0.2.7", "2 | 192.0.0.0/16 | AT | x | y",
	    "4294967295 | 192.0.2.0/25 |  | x | y");
	assert_int_equal(o.asn, UINT32_MAX);
	assert_string_equal(o.country, "");
}

static void
test_bad(void **state)
{
	static const char *const bad[] = {"", "|", "1", "1|",
	    "x | 192.0.2.0/24",
	    "NA | 192.0.2.0/24 | DE", "-1 | 192.0.2.0/24", "1 | 192.0.3.0/24",
	    "1 | 192.0.2.1/24", "1 | 192.0.2.0/33", "1 | ::/0",
	    "4294967296 | 192.0.2.0/24", "99999999999999999999 | 192.0.2.0/24",
	    "1x | 192.0.2.0/24", "1 | 192.0.2.0/24x", "1,2 | 192.0.2.0/24",
	    "1 | 192.0.2.0/24 192.0.2.0/24 | DE"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (read_of("192.0.2.7", bad[i], NULL).known)
			fail_msg("\"%s\" was believed", bad[i]);
	assert_string_equal(
	    read_of("192.0.2.7", "1 | 192.0.2.0/24 | de | x", NULL).country,
	    "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good),
	    cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
