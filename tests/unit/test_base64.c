/* Protects evidence and attachments: the vectors of RFC 4648, and lines that
 * MIME takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "hub/report/base64.h"
#include "proto/base/buf.h"

static void
vectors(void **state)
{
	static const char *const table[][2] = {{"", ""}, {"f", "Zg=="},
	    {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="},
	    {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"},
	    {"\xff\xfe\xfd", "//79"}, {"\xfb\xf0", "+/A="}};
	struct buf b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		buf_reset(&b);
		base64_add(&b, table[i][0], strlen(table[i][0]));
		assert_string_equal(b.data, table[i][1]);
	}
	buf_free(&b);
}

static void
lines(void **state)
{
	unsigned char bytes[200], back[200];
	struct buf b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)(i * 37);
	for (size_t n = 0; n <= sizeof bytes; n++) {
		size_t got = 0, line = 0;

		buf_reset(&b);
		base64_add_lines(&b, bytes, n);
		assert_int_equal(sodium_base642bin(back, sizeof back, b.data,
		                     b.n, "\r\n", &got, NULL,
		                     sodium_base64_VARIANT_ORIGINAL), 0);
		assert_int_equal(got, n);
		assert_memory_equal(back, bytes, n);
		for (size_t i = 0; i < b.n; i++) {
			assert_true(i - line < 78);
			if (b.data[i] == '\n') {
				assert_int_equal(b.data[i - 1], '\r');
				line = i + 1;
			}
		}
		assert_int_equal(line, b.n);
	}
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(vectors),
	    cmocka_unit_test(lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
