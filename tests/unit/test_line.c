/* Protects the header of a log line: what is stamp, host, program, pid and
 * message, and that nothing further right is ever taken for them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agent/line.h"
#include "proto/event.h"

static struct line
parsed(const char *s)
{
	struct line l;

	if (!line_parse(text_of(s), &l))
		fail_msg("no header in: %s", s);
	return l;
}

static void
is(struct text got, const char *want)
{
	if (!text_is(got, want))
		fail_msg(
		    "\"%.*s\" instead of \"%s\"", (int)got.n, got.at, want);
}

static void
refused(const char *s)
{
	struct line l;

	if (line_parse(text_of(s), &l))
		fail_msg("took this for a header: %s", s);
}

static void
rfc3164(void **state)
{
	struct line l =
	    parsed("Mar  4 13:01:16 mx1 postfix/smtpd[254]: connect");

	(void)state;
	assert_int_equal(l.form, LINE_RFC3164);
	is(l.stamp, "Mar  4 13:01:16");
	is(l.host, "mx1");
	is(l.program, "postfix/smtpd");
	assert_int_equal(l.pid, 254);
	is(l.message, "connect");
	is(parsed("Mar 04 13:01:16 mx1 a[1]: b").stamp, "Mar 04 13:01:16");
	is(parsed("Mar 7 02:09:33 mx1 a[1]: b").stamp, "Mar 7 02:09:33");
	is(parsed("Mar 17 02:09:33 mx1 a[1]: b").host, "mx1");
}

static void
rfc3339(void **state)
{
	static const char *const stamps[] = {
	    "2025-03-24T13:01:16.123456+01:00",
	    "2025-03-24T13:01:16+0100",
	    "2025-03-24T13:01:16Z",
	    "2025-03-24T13:01:16.1-05:30",
	};

	(void)state;
	for (size_t i = 0; i < sizeof stamps / sizeof stamps[0]; i++) {
		char s[128] = "";
		struct line l;

		strcat(strcat(s, stamps[i]), " mx1 postfix/smtpd[9]: hello");
		l = parsed(s);
		assert_int_equal(l.form, LINE_RFC3339);
		is(l.stamp, stamps[i]);
		is(l.host, "mx1");
		is(l.message, "hello");
	}
}

static void
tags(void **state)
{
	struct line l = parsed("Mar  4 13:01:16 mx1 dovecot: auth: x[1]: y");

	(void)state;
	is(l.program, "dovecot");
	is(l.message, "auth: x[1]: y");
	assert_int_equal(l.pid, EVENT_NO_PID);
	is(parsed("Mar  4 13:01:16 mx1 a/b/c[4294967296]: x").program, "a/b/c");
	is(parsed("Mar  4 13:01:16 mx1 a[1]:").message, "");
	is(parsed("Mar  4 13:01:16 mx1 a[1]:x").message, "x");
	/* a carriage return is part of the text */
	is(parsed("Mar  4 13:01:16 mx1 a[1]: x\r").message, "x\r");
}

static void
nothing_further_right(void **state)
{
	(void)state;
	refused("");
	refused("x");
	refused(" Mar  4 13:01:16 mx1 a[1]: x");
	refused("x Mar  4 13:01:16 mx1 a[1]: x");
	refused(" 2025-03-24T13:01:16Z mx1 a[1]: x");
	refused("Mar  4 13:01:16");
	refused("Mar  4 13:01:16 ");
	refused("Mar  4 13:01:16 mx1");
	refused("Mar  4 13:01:16 mx1 ");
	refused("Mar  4 13:01:16 mx1 some words");
	refused("Mar  4 13:01:16 mx1 a b[1]: x");
	refused("Mar  4 13:01:16 mx1 a[x]: x");
	refused("Mar  4 13:01:16 mx1 a[]: x");
	refused("Mar  4 13:01:16 mx1 a[1: x");
	refused("Mar  4 13:01:16 mx1 a[12345678901]: x");
	refused("Mar  4 13:01:16 mx1 : x");
	refused("2025-03-24T13:01:16Z");
	refused("2025-03-24T13:01:16.99999999999999999999999999 mx1 a[1]: x");
	refused("2025-03-24 13:01:16Z mx1 a[1]: x");
}

/* Every prefix of a line, in memory of just its size: for sanitizers. */
static void
cut_anywhere(void **state)
{
	static const char *const lines[] = {
	    "Mar  4 13:01:16 mx1 postfix/smtpd[254]: connect",
	    "2025-03-24T13:01:16.123456+01:00 mx1 postfix/smtpd[254]: connect",
	};

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		for (size_t n = 0; n <= strlen(lines[i]); n++) {
			char *copy = test_malloc(n + 1);
			struct line l;

			memcpy(copy, lines[i], n);
			copy[n] = '\0';
			if (line_parse((struct text){.at = copy, .n = n}, &l))
				assert_true(
				    l.message.at + l.message.n == copy + n);
			test_free(copy);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rfc3164),
	    cmocka_unit_test(rfc3339),
	    cmocka_unit_test(tags),
	    cmocka_unit_test(nothing_further_right),
	    cmocka_unit_test(cut_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
