/* Protects: one machine has one address, and no special range is missed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <string.h>

#include "proto/base/addr.h"
#include "proto/base/arena.h"

static void
forms_of_an_address_are_one(void **state)
{
	static const struct {
		const char *in, *out; /* NULL: refused */
	} all[] = {
	    {"192.0.2.1", "192.0.2.1"},
	    {"::ffff:192.0.2.1", "192.0.2.1"},
	    {"::FFFF:c000:0201", "192.0.2.1"},
	    {"64:ff9b::192.0.2.1", "192.0.2.1"},
	    {"IPv6:2001:DB8:0:0::1", "2001:db8::1"},
	    {"ipv6:::ffff:192.0.2.1", "192.0.2.1"},
	    {"fe80::1%eth0", "fe80::1"},
	    {"2001:db8::1", "2001:db8::1"},
	    {"192.0.2.1%eth0", NULL},
	    {"192.0.2.256", NULL},
	    {"192.0.2", NULL},
	    {"0x7f000001", NULL},
	    {"127.1", NULL},
	    {"192.0.2.1 ", NULL},
	    {" 192.0.2.1", NULL},
	    {"192.0.2.01", NULL},
	    {"", NULL},
	    {"IPv6:", NULL},
	    {"::1::", NULL},
	    {"1:2:3:4:5:6:7:8:9", NULL},
	    {"host.example", NULL},
	};
	char text[ADDR_TEXT_BYTES];
	struct addr a;

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		bool ok = addr_parse(text_of(all[i].in), &a);

		assert_int_equal(ok, all[i].out != NULL);
		if (ok)
			assert_string_equal(addr_format(text, &a), all[i].out);
	}
	/* a NUL does not end the text */
	assert_false(addr_parse((struct text){.at = "192.0.2.1\0x", .n = 11},
	    &a));
	assert_false(addr_from_bytes("12345", 5, &a));
}

/* Against inet_pton: texts of all lengths of the signs that addresses have and
 * of some they do not, most of them nearly addresses. */
static void
dotted_numbers_are_those_of_inet_pton(void **state)
{
	static const char signs[] = "0012.34567.899.25.5./:\xb0\0x";
	uint32_t random = 1, right = 0;

	(void)state;
	for (unsigned i = 0; i < 400000; i++) {
		char s[20];
		struct in_addr expected;
		struct addr a;
		size_t n = 0;
		bool is_right;

		/* four numbers, of which something is changed, or any signs */
		for (int part = 0; part < 4 && i % 4 != 0; part++) {
			unsigned digits;

			random = random * 1664525 + 1013904223;
			digits = 1 + (random >> 8) % 3;
			for (unsigned d = 0; d < digits; d++)
				s[n++] = (char)('0' + (random >> (12 + 3 * d)) %
				    (d == 0 && digits == 3 ? 3 : 10));
			s[n++] = '.';
		}
		n -= n > 0;
		for (unsigned k = i % 4 == 0 ? 17 : (i % 4) - 1; k > 0; k--) {
			size_t at;

			random = random * 1664525 + 1013904223;
			at = i % 4 == 0 ? n++ : (random >> 20) % n;
			s[at] = signs[(random >> 8) % (sizeof signs - 1)];
		}
		if (i % 4 == 0)
			n = (random >> 16) % 18;
		s[n] = '\0';
		is_right = strlen(s) == n && inet_pton(AF_INET, s, &expected);
		right += is_right;
		assert_int_equal(addr_parse((struct text){.at = s, .n = n}, &a)
		    && a.family == 4, is_right);
		if (is_right)
			assert_memory_equal(a.bytes, &expected, 4);
	}
	assert_in_range(right, 40000, 200000);
}

static void
prefixes_are_strict(void **state)
{
	const char *why = NULL;
	struct prefix p;
	struct addr a;
	char text[ADDR_TEXT_BYTES];

	(void)state;
	assert_true(prefix_parse("192.0.2.0/24", &p, &why));
	assert_true(addr_parse(TEXT("192.0.2.255"), &a));
	assert_true(prefix_holds(&p, &a));
	assert_true(addr_parse(TEXT("::ffff:192.0.2.255"), &a));
	assert_true(prefix_holds(&p, &a));
	assert_true(addr_parse(TEXT("192.0.3.0"), &a));
	assert_false(prefix_holds(&p, &a));
	assert_true(prefix_parse("192.0.2.128/25", &p, &why));
	assert_true(addr_parse(TEXT("192.0.2.127"), &a));
	assert_false(prefix_holds(&p, &a));
	assert_true(prefix_parse("::ffff:192.0.2.0/120", &p, &why));
	assert_string_equal(prefix_format(text, &p), "192.0.2.0/24");
	assert_true(prefix_parse("2001:db8::7", &p, &why));
	assert_int_equal(p.bits, 128);
	assert_false(prefix_parse("192.0.2.1/24", &p, &why));
	assert_string_equal(why, "bits set behind the prefix length");
	assert_false(prefix_parse("192.0.2.0/33", &p, &why));
	assert_false(prefix_parse("192.0.2.0/-1", &p, &why));
	assert_false(prefix_parse("192.0.2.0/", &p, &why));
	assert_false(prefix_parse("192.0.2.0/24x", &p, &why));
	assert_false(prefix_parse("::ffff:192.0.2.0/90", &p, &why));
	assert_false(prefix_parse("x", &p, &why));
}

static void
zero_prefix_holds_its_family(void **state)
{
	const char *why;
	struct prefix p;
	struct addr v4, v6;

	(void)state;
	assert_true(prefix_parse("0.0.0.0/0", &p, &why));
	assert_true(addr_parse(TEXT("203.0.113.9"), &v4));
	assert_true(addr_parse(TEXT("2001:db8::1"), &v6));
	assert_true(prefix_holds(&p, &v4));
	assert_false(prefix_holds(&p, &v6));
}

static void
special_ranges_in_every_form(void **state)
{
	static const char *const inside[] = {"0.0.0.0", "10.255.255.255",
	    "100.127.0.1", "127.0.0.1", "169.254.169.254", "172.31.0.1",
	    "192.0.0.1", "192.0.2.1", "192.168.255.255", "198.19.0.1",
	    "198.51.100.1", "203.0.113.1", "224.0.0.1", "255.255.255.255",
	    "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
	    "64:ff9b::10.0.0.1", "64:ff9b:1::1", "2001::1", "2001:db8::1",
	    "2002:a00:1::", "fc00::1", "fdff::1", "fe80::1", "fec0::1",
	    "ff02::1", "5f00::1", "3fff::1", "100::1"};
	static const char *const outside[] = {"1.1.1.1", "9.9.9.9",
	    "100.128.0.1", "172.32.0.1", "192.0.3.1", "198.20.0.1",
	    "223.255.255.255", "2001:200::1", "2400::1", "2620:4f:8001::1",
	    "::ffff:9.9.9.9", "64:ff9b::9.9.9.9"};
	struct arena *a = arena_open(0);
	struct prefixes list = {0};
	struct addr addr;

	(void)state;
	assert_non_null(prefixes_missing_special(&list));
	prefixes_add_special(a, &list);
	assert_null(prefixes_missing_special(&list));
	for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++) {
		assert_true(addr_parse(text_of(inside[i]), &addr));
		assert_true(prefixes_hold(&list, &addr));
	}
	for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
		assert_true(addr_parse(text_of(outside[i]), &addr));
		assert_false(prefixes_hold(&list, &addr));
	}
	/* the first one taken away is missed */
	list.at++;
	list.n--;
	assert_string_equal(prefixes_missing_special(&list), "0.0.0.0/8");
	arena_close(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(forms_of_an_address_are_one),
	    cmocka_unit_test(dotted_numbers_are_those_of_inet_pton),
	    cmocka_unit_test(prefixes_are_strict),
	    cmocka_unit_test(zero_prefix_holds_its_family),
	    cmocka_unit_test(special_ranges_in_every_form),
	};

	return cmocka_run_group_tests_name("addr", tests, NULL, NULL);
}
