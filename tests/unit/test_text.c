/* Protects: foreign text never breaks a line, a terminal or a UTF-8 column. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

#include "proto/base/arena.h"
#include "proto/base/buf.h"
#include "proto/base/text.h"

static void
utf8_is_strict(void **state)
{
	static const struct {
		const char *s;
		size_t n;
		bool ok;
	} all[] = {
	    {"", 0, true}, {"abc", 3, true}, {"\xc3\xa9", 2, true},
	    {"\xe2\x82\xac", 3, true}, {"\xf0\x9f\x98\x80", 4, true},
	    {"\0", 1, false},                   /* NUL */
	    {"\xc0\xaf", 2, false},             /* overlong */
	    {"\xe0\x80\xaf", 3, false},
	    {"\xf0\x80\x80\xaf", 4, false},
	    {"\xed\xa0\x80", 3, false},         /* surrogate */
	    {"\xf4\x90\x80\x80", 4, false},     /* above U+10FFFF */
	    {"\xc3", 1, false}, {"\xe2\x82", 2, false},
	    {"\x80", 1, false}, {"\xff", 1, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		assert_int_equal(text_is_utf8(all[i].s, all[i].n), all[i].ok);
}

static void
clean_is_always_utf8_within_the_limit(void **state)
{
	struct arena *a = arena_open(0);
	char bytes[600];
	uint32_t x = 1;

	(void)state;
	for (int round = 0; round < 500; round++) {
		size_t n, max = (size_t)round % 300;
		struct text t;

		for (n = 0; n < sizeof bytes; n++) {
			x = x * 1664525 + 1013904223;
			bytes[n] = (char)(x >> 24);
		}
		t = text_clean(a, (struct text){.at = bytes, .n = n}, max);
		assert_true(t.n <= max);
		assert_true(text_is_utf8(t.at, t.n));
	}
	arena_close(a);
}

static void
clean_keeps_what_is_right(void **state)
{
	struct arena *a = arena_open(0);
	struct text t = text_clean(a, TEXT("a\xc3\xa9\xff\tz"), 100);

	(void)state;
	assert_true(text_is(t, "a\xc3\xa9\\xff\tz"));
	/* never cut inside a character or an escape */
	t = text_clean(a, TEXT("a\xc3\xa9"), 2);
	assert_true(text_is(t, "a"));
	t = text_clean(a, TEXT("a\xff"), 4);
	assert_true(text_is(t, "a"));
	t = text_clean(a, (struct text){0}, 4);
	assert_null(t.at);
	t = text_clean(a, TEXT(""), 4);
	assert_non_null(t.at);
	arena_close(a);
}

static void
neuter_lets_no_control_through(void **state)
{
	char in[4], out[64];

	(void)state;
	for (uint32_t c = 0; c < 0x10000; c++) {
		size_t len, n;

		if (c < 0x80) {
			in[0] = (char)c;
			len = 1;
		} else if (c < 0x800) {
			in[0] = (char)(0xc0 | c >> 6);
			in[1] = (char)(0x80 | (c & 0x3f));
			len = 2;
		} else {
			in[0] = (char)(0xe0 | c >> 12);
			in[1] = (char)(0x80 | (c >> 6 & 0x3f));
			in[2] = (char)(0x80 | (c & 0x3f));
			len = 3;
		}
		n = text_neuter(out, sizeof out, in, len);
		for (size_t i = 0; i < n; i++)
			assert_false((unsigned char)out[i] < 0x20 ||
			    out[i] == 0x7f);
		/* C1 and bidirectional controls become plain ASCII */
		if ((c >= 0x80 && c < 0xa0) || (c >= 0x202a && c <= 0x202e) ||
		    (c >= 0x2066 && c <= 0x2069) || c == 0x2028)
			assert_memory_equal(out, "\\x", 2);
	}
}

static void
nearest_knows_a_slip(void **state)
{
	static const char *const list[] = {"section", "source", "hub"};

	(void)state;
	assert_string_equal(text_nearest("sorce", list, 3), "source");
	assert_string_equal(text_nearest("hbu", list, 3), "hub");
	assert_null(text_nearest("zebra", list, 3));
	assert_null(text_nearest("", list, 0));
}

static void
json_is_escaped(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_json(&b, "a\"\\\n\0\xff\xc3\xa9", 8);
	assert_string_equal(b.data, "a\\\"\\\\\\u000a\\u0000\\u00ff\xc3\xa9");
	buf_reset(&b);
	buf_printf(&b, "%d-%s", 7, "x");
	assert_int_equal(b.n, 3);
	assert_string_equal(b.data, "7-x");
	buf_free(&b);
	assert_null(b.data);
}

/* From the first byte on, through every growth, with the NUL behind. */
static void
buffer_holds_what_was_added(void **state)
{
	static const int64_t numbers[] = {0, 7, -1, 10, 1000000, INT64_MAX,
	    INT64_MIN};
	struct buf b = {0}, n = {0};

	(void)state;
	buf_add(&b, NULL, 0);
	assert_string_equal(b.data, "");
	for (size_t i = 0; i < 5000; i++) {
		buf_putc(&b, (char)('a' + i % 26));
		assert_int_equal(b.data[b.n], '\0');
		assert_true(b.n < b.cap);
	}
	for (size_t i = 0; i < 5000; i++)
		assert_int_equal(b.data[i], 'a' + i % 26);
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		buf_reset(&b);
		buf_reset(&n);
		buf_printf(&b, "x%" PRId64, numbers[i]);
		buf_puts(&n, "x");
		buf_number(&n, numbers[i]);
		assert_string_equal(n.data, b.data);
		assert_int_equal(n.n, b.n);
	}
	buf_free(&n);
	buf_free(&b);
}

/* As many as there are, wherever the first other byte stands. */
static void
ascii_is_counted(void **state)
{
	char s[40];

	(void)state;
	for (size_t n = 0; n <= sizeof s; n++) {
		memset(s, 'x', sizeof s);
		assert_int_equal(text_ascii_length(s, n), n);
		for (size_t i = 0; i < n; i++) {
			s[i] = i % 2 == 0 ? '\0' : '\x80';
			assert_int_equal(text_ascii_length(s, n), i);
			s[i] = '\x7f';
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(utf8_is_strict),
	    cmocka_unit_test(clean_is_always_utf8_within_the_limit),
	    cmocka_unit_test(clean_keeps_what_is_right),
	    cmocka_unit_test(neuter_lets_no_control_through),
	    cmocka_unit_test(nearest_knows_a_slip),
	    cmocka_unit_test(json_is_escaped),
	    cmocka_unit_test(buffer_holds_what_was_added),
	    cmocka_unit_test(ascii_is_counted),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
