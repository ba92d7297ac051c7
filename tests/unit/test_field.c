/* Protects: a field reads many bytes at once as it reads each, from the left
 * and from the right, and a mail address says itself without its quoting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "agent/field.h"

enum { MOST = 80 };

static unsigned seed = 1;

static unsigned
pick(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

/* Does the field take this byte?  One alone is looked at by itself. */
static bool
takes(enum field f, const char *byte, int stop)
{
	struct match m;

	return field_read(f, CLIENT_NONE, (struct text){.at = byte, .n = 1}, 0,
		   1, stop, &m) == 1;
}

static void
reads_as_each_byte(enum field f, struct text in, size_t from, size_t to,
    int stop)
{
	bool may_be_empty = f == FIELD_PLAIN || f == FIELD_HELO;
	size_t end = from, start = to;
	struct match m;

	while (end < to && takes(f, in.at + end, stop))
		end++;
	if (end == from && !may_be_empty)
		end = FIELD_NOWHERE;
	assert_int_equal(
	    field_read(f, CLIENT_NONE, in, from, to, stop, &m), end);
	while (start > from && takes(f, in.at + start - 1, stop))
		start--;
	if (start == to && !may_be_empty)
		start = FIELD_NOWHERE;
	assert_int_equal(
	    field_read_back(f, CLIENT_NONE, in, from, to, stop, &m), start);
}

static void
test_runs(void **state)
{
	static const enum field fields[] = {FIELD_WORD, FIELD_PLAIN,
	    FIELD_HELO, FIELD_NUM, FIELD_SID};
	static const char signs[] = "\"()<> \t!'*:;=?\x7f\x80\xff,";

	(void)state;
	for (int i = 0; i < 100000; i++) {
		enum field f = fields[pick(sizeof fields / sizeof *fields)];
		size_t n = pick(MOST), from = n == 0 ? 0 : pick((unsigned)n);
		size_t to = from + pick((unsigned)(n - from) + 1);
		int stop = pick(3) == 0 ? -1 : (int)pick(256);
		/* what is read behind its end shows under ASan */
		char *in = malloc(n > 0 ? n : 1);

		assert_non_null(in);
		for (size_t at = 0; at < n; at++)
			in[at] = pick(24) == 0 ? signs[pick(sizeof signs)]
			    : pick(24) == 0    ? (char)pick(256)
			                       : "01aZ"[pick(4)];
		reads_as_each_byte(f, (struct text){.at = in, .n = n}, from,
		    to, stop);
		free(in);
	}
}

/* Each byte, wherever it stands among many that are taken. */
static void
test_each_byte(void **state)
{
	static const enum field fields[] = {
	    FIELD_WORD, FIELD_PLAIN, FIELD_HELO};
	char in[MOST];

	(void)state;
	for (size_t f = 0; f < sizeof fields / sizeof *fields; f++)
		for (int c = 0; c < 256; c++)
			for (size_t at = 0; at < 40; at++) {
				memset(in, 'a', sizeof in);
				in[at] = (char)c;
				reads_as_each_byte(fields[f],
				    (struct text){.at = in, .n = 40}, 0, 40,
				    -1);
				reads_as_each_byte(fields[f],
				    (struct text){.at = in, .n = 40}, 0, 40,
				    c);
			}
}

static void
says(const char *quoted, const char *plain, bool does)
{
	assert_int_equal(
	    field_path_says(text_of(quoted), text_of(plain)), does);
	if (does)
		assert_int_equal(
		    field_path_length(text_of(quoted)), strlen(plain));
}

static void
test_paths(void **state)
{
	(void)state;
	says("", "", true);
	says("", "a", false);
	says("a@b", "a@b", true);
	says("a@b", "a@c", false);
	says("a@b", "a@", false);
	says("a@", "a@b", false);
	says("a\\b@c", "a\\b@c", true);
	says("a\"b\"@c", "a\"b\"@c", true);
	says("\"a b\"@c", "a b@c", true);
	says("\"a b\"@c", "\"a b\"@c", false);
	says("\"a\\\"b\"@c", "a\"b@c", true);
	says("\"a\\\\b\"@c", "a\\b@c", true);
	says("\"\"@c", "@c", true);
	says("\"a\"@c", "a@d", false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_runs),
	    cmocka_unit_test(test_each_byte),
	    cmocka_unit_test(test_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
