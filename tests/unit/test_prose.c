/* Protects the layout of texts: lines of 75 columns, no word cut, blanks that
 * mean something kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hub/report/prose.h"
#include "proto/base/buf.h"

#define TEN "123456789 "
#define SEVENTY TEN TEN TEN TEN TEN TEN TEN
#define WORD "----------------------------------------"

static void
wraps(const char *text, const char *indent, const char *expected)
{
	struct buf b = {0};

	prose_wrap(&b, text, strlen(text), indent);
	assert_string_equal(b.data, expected);
	buf_free(&b);
}

static void
lines(void **state)
{
	(void)state;
	wraps("", "", "\n");
	wraps("", "  ", "  \n");
	wraps("a", "", "a\n");
	wraps("a b", "  ", "  a b\n");
	/* 75 columns fit, 76 do not */
	wraps(SEVENTY "12345", "", SEVENTY "12345\n");
	wraps(SEVENTY "123456", "", TEN TEN TEN TEN TEN TEN "123456789\n"
	      "123456\n");
	wraps(SEVENTY "123", "  ", "  " SEVENTY "123\n");
	wraps(SEVENTY "1234", "  ", "  " TEN TEN TEN TEN TEN TEN
	      "123456789\n  1234\n");
	/* characters count, not bytes */
	wraps(SEVENTY "\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc", "",
	    SEVENTY "\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\n");
}

static void
blanks_and_long_words(void **state)
{
	(void)state;
	/* a text's own first blank stays, those at a break go */
	wraps("  a  b ", "", "  a  b \n");
	wraps(WORD "   " WORD, "", WORD "\n" WORD "\n");
	wraps(" " WORD WORD WORD " a", " ", "  " WORD WORD WORD "\n a\n");
	wraps(WORD WORD " " WORD WORD, "", WORD WORD "\n" WORD WORD "\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines),
	    cmocka_unit_test(blanks_and_long_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
