/* What is told at once of a line like the one before is what line_parse
 * says of it, for lines that differ in a byte or two. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/line_again.h"

static unsigned seed = 1;

static unsigned
pick(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

#define PICK(list) list[pick(sizeof(list) / sizeof(list)[0])]

static size_t
make_line(char *out, size_t cap)
{
	static const char *const stamps[] = {"Mar  4 13:01:16",
	    "Mar  4 13:01:59", "Mar  4 13:02:00", "Mar 14 13:01:60",
	    "Mar 4 13:01:16", "2026-03-04T13:01:16.123456+01:00",
	    "2026-03-04T13:01:17.654321+01:00",
	    "2026-03-04T13:01:17.654321987+01:00", "2026-03-04T13:01:17Z",
	    "2026-03-04T13:01:17.65Z", "2026-03-04 13:01:17"};
	static const char *const hosts[] = {"mx1", "mx2", "m",
	    "mx1.example.net", "a-rather-long-name.of.a.mail.server.example"};
	static const char *const tags[] = {"postfix/smtpd[41]: ",
	    "postfix/submission/smtpd[123456]: ", "dovecot: imap-login: ",
	    "dovecot: auth: ", "exim[77]: ", "x: ", "kernel: [12.5] ",
	    "postfix/smtpd[]: ", "postfix/smtpd[12345678901]: ", "[1]: ",
	    "postfix/smtpd[12x]: ", "postfix/smtpd[12]", ": ", "a b: "};
	static const char *const messages[] = {"", "x", "connect from x",
	    "4AB: client=unknown[203.0.113.7], and so on and on"};

	return (size_t)snprintf(out, cap, "%s %s %s%s", PICK(stamps),
	    PICK(hosts), PICK(tags), PICK(messages));
}

/* A byte may be another one, or the end missing. */
static size_t
damage(char *s, size_t n)
{
	static const char signs[] = " :[]-T+.0zM\0\xff";

	if (pick(3) == 0)
		s[pick((unsigned)n)] = signs[pick(sizeof signs)];
	return pick(10) == 0 ? pick((unsigned)n + 1) : n;
}

static void
assert_same(struct text a, struct text b)
{
	assert_int_equal(a.n, b.n);
	assert_memory_equal(a.at, b.at, a.n);
}

/* Returns whether it was told at once. */
static bool
check(struct line_again *k, const char *s, size_t n)
{
	/* what is read behind its end shows under ASan */
	char *copy = malloc(n > 0 ? n : 1);
	struct text line = {.at = copy, .n = n};
	struct line parsed;
	struct line_found found;
	bool is_header, told;

	assert_non_null(copy);
	memcpy(copy, s, n);
	is_header = line_parse(line, &parsed);
	told = line_again(k, line, &found) && line_again_message(line, &found);
	if (told) {
		assert_true(is_header);
		assert_int_equal(parsed.form, k->form);
		assert_int_equal(parsed.stamp.n, k->stamp_n);
		if (k->form == LINE_RFC3164)
			assert_int_equal(found.second,
			    (s[13] - '0') * 10 + s[14] - '0');
		if (line_again_has_daemon(&found))
			assert_true(line_again_take_daemon(&found) ==
			            (parsed.piece == 0));
		assert_same(found.program, parsed.program);
		assert_same(found.message, parsed.message);
		assert_memory_equal(
		    k->head + k->stamp_n + 1, parsed.host.at, parsed.host.n);
	}
	if (is_header)
		line_again_keep(k, line, &parsed);
	else
		line_again_drop(k);
	free(copy);
	return told;
}

static void
test_as_line_parse(void **state)
{
	struct line_again k = {0};
	size_t told = 0, n = 0;
	char line[256], again[256];

	for (int i = 0; i < 300000; i++) {
		if (i % 4 == 0)
			n = make_line(line, sizeof line);
		memcpy(again, line, n);
		told += check(&k, again, damage(again, n));
	}
	assert_in_range(told, 10000, 300000);
}

static void
test_most_lines(void **state)
{
	static const char *const lines[] = {
	    "Mar  4 13:01:16 mx1 postfix/qmgr[17]: 4A886CE1B5F: removed",
	    "Mar  4 13:01:17 mx1 postfix/smtpd[1742]: connect from "
	    "unknown[203.0.113.7]",
	    "Mar  4 13:01:59 mx1 dovecot: imap-login: Login: user=<carol>"};
	struct line_again k = {0};

	assert_false(check(&k, lines[0], strlen(lines[0])));
	for (int i = 0; i < 3; i++)
		assert_true(check(&k, lines[i], strlen(lines[i])));
	line_again_drop(&k);
	assert_false(check(&k, lines[1], strlen(lines[1])));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_as_line_parse),
	    cmocka_unit_test(test_most_lines),
	};

	return cmocka_run_group_tests_name("line_again", tests, NULL, NULL);
}
