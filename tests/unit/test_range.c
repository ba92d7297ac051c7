/* Protects ranges as prefixes: the pieces are the range, all of it and
 * nothing else, and no fewer would do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hub/lookup/range.h"
#include "proto/base/addr.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"

static struct addr
addr_of(const char *s)
{
	struct addr a;

	assert_true(addr_parse(text_of(s), &a));
	return a;
}

static void
test_known(void **state)
{
	static const char *const ranges[][3] = {
	    {"192.0.2.7", "192.0.2.7", " 192.0.2.7/32"},
	    {"192.0.2.0", "192.0.2.255", " 192.0.2.0/24"},
	    {"10.0.0.0", "10.0.2.255", " 10.0.0.0/23 10.0.2.0/24"},
	    {"192.0.2.1", "192.0.2.6", " 192.0.2.1/32 192.0.2.2/31"
	                               " 192.0.2.4/31 192.0.2.6/32"},
	    {"0.0.0.0", "255.255.255.255", " 0.0.0.0/0"},
	    {"255.255.255.254", "255.255.255.255", " 255.255.255.254/31"},
	    {"2001:db8::", "2001:db8:1:ffff:ffff:ffff:ffff:ffff",
	        " 2001:db8::/47"},
	    {"2001:db8::1", "2001:db8::2", " 2001:db8::1/128 2001:db8::2/128"},
	};
	struct arena *a = arena_open(0);

	(void)state;
	for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
		struct addr first = addr_of(ranges[i][0]);
		struct addr last = addr_of(ranges[i][1]);
		struct prefixes pieces = {0};
		struct buf b = {0};

		range_pieces(a, &first, &last, &pieces);
		for (size_t j = 0; j < pieces.n; j++) {
			char text[ADDR_TEXT_BYTES];

			buf_printf(&b, " %s", prefix_format(text,
			    &pieces.at[j]));
		}
		buf_putc(&b, '\0');
		assert_string_equal(b.data, ranges[i][2]);
		buf_free(&b);
	}
	arena_close(a);
}

/* Every range within 192.0.2.0/26: each address is in exactly one piece if it
 * is in the range, and in none otherwise; the worst takes few pieces. */
static void
test_all_small(void **state)
{
	struct arena *a = arena_open(0);
	struct addr first = addr_of("192.0.2.0"), last = first, x = first;

	(void)state;
	for (unsigned from = 0; from < 64; from++)
		for (unsigned to = from; to < 64; to++) {
			struct prefixes pieces = {0};

			first.bytes[3] = (uint8_t)from;
			last.bytes[3] = (uint8_t)to;
			range_pieces(a, &first, &last, &pieces);
			assert_true(pieces.n <= 10);
			for (unsigned i = 0; i < 64; i++) {
				size_t held = 0;

				x.bytes[3] = (uint8_t)i;
				for (size_t j = 0; j < pieces.n; j++)
					held += prefix_holds(&pieces.at[j], &x);
				assert_int_equal(held, i >= from && i <= to);
			}
			arena_reset(a);
		}
	arena_close(a);
}

static void
test_within(void **state)
{
	struct addr first = addr_of("192.0.2.0"), last = addr_of("192.0.2.9");
	struct prefix p;
	const char *why;

	(void)state;
	assert_true(prefix_parse("192.0.2.0/28", &p, &why));
	assert_true(range_is_within(&first, &last, &p));
	last = addr_of("192.0.2.16");
	assert_false(range_is_within(&first, &last, &p));
	assert_true(prefix_parse("::/0", &p, &why));
	assert_false(range_is_within(&first, &last, &p));
}

static void
test_at_most(void **state)
{
	static const struct {
		const char *first, *last;
		bool is;
	} cases[] = {{"192.0.2.0", "192.0.2.255", true},
	    {"192.0.2.0", "192.0.3.0", false},
	    {"192.0.2.200", "192.0.3.199", true}, {"0.0.0.0", "0.0.0.0", true},
	    {"0.0.0.0", "255.255.255.255", false},
	    {"2001:db8::", "2001:db8:0:ffff:ffff:ffff:ffff:ffff", true},
	    {"2001:db8::", "2001:db8:1::", false},
	    {"::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct addr first = addr_of(cases[i].first);
		struct addr last = addr_of(cases[i].last);

		assert_int_equal(range_is_at_most(&first, &last, 24, 48),
		    cases[i].is);
		assert_true(range_is_at_most(&first, &last, 0, 0));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_known),
	    cmocka_unit_test(test_all_small),
	    cmocka_unit_test(test_within),
	    cmocka_unit_test(test_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
