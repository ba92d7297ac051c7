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
	is(l.program, "dovecot/auth");
	is(l.message, "x[1]: y");
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

/* One line of each: what rules see does not depend on how it was logged. */
static void
dovecot(void **state)
{
	static const struct {
		const char *line, *program, *message;
	} rows[] = {
	    {"Mar  4 13:01:16 mx1 dovecot: imap-login: Aborted login",
	        "dovecot/imap-login", "Aborted login"},
	    {"Mar  4 13:01:16 mx1 dovecot[7]: imap-login: Info: Aborted login",
	        "dovecot/imap-login", "Aborted login"},
	    {"Mar  4 13:01:16 imap-login: Info: Aborted login",
	        "dovecot/imap-login", "Aborted login"},
	    {"2025-03-24 13:01:16 pop3-login: Info: Aborted login",
	        "dovecot/pop3-login", "Aborted login"},
	    {"2025-03-24T13:01:16+0100 auth: Error: x", "dovecot/auth", "x"},
	    {"@400000004c91b044077a9e94 imap-login: Info: Aborted login",
	        "dovecot/imap-login", "Aborted login"},
	    {"Mar  4 13:01:16 mx1 dovecot: auth-worker(304): pam(a,b): c",
	        "dovecot/auth-worker", "pam(a,b): c"},
	    {"Mar  4 13:01:16 auth-worker(304): Info: pam(a,b): c",
	        "dovecot/auth-worker", "pam(a,b): c"},
	    {"Mar  4 13:01:16 mx1 dovecot[9]: "
	     "dovecot: auth(default): pam(a,b): c",
	        "dovecot/auth", "pam(a,b): c"},
	    {"Mar  4 13:01:16 mx1 dovecot: auth(a,b,sasl:plain)<x>: sql: c",
	        "dovecot/auth", "(a,b,sasl:plain)<x>: sql: c"},
	    /* a login may look like what is taken off */
	    {"Mar  4 13:01:16 mx1 dovecot: "
	     "auth(304): pam(a,192.0.2.9): c,b,sasl:plain)<x>: sql: c",
	        "dovecot/auth",
	        "(304): pam(a,192.0.2.9): c,b,sasl:plain)<x>: sql: c"},
	    {"Mar  4 13:01:16 mx1 dovecot: anvil: x", "dovecot", "x"},
	    {"Mar  4 13:01:16 mx1 auth: pam_unix(dovecot:auth): x", "auth",
	        "pam_unix(dovecot:auth): x"},
	    {"@400000004c91b044077a9e94 dovecot-auth: pam_unix(x): y",
	        "dovecot-auth", "pam_unix(x): y"},
	    /* a login in the place of the host is none */
	    {"Mar  4 13:01:16 auth(x postfix/smtpd[1]: warning: y,192.0.2.9,"
	     "sasl:plain)<s>: Info: sql: c",
	        "dovecot/auth",
	        "(x postfix/smtpd[1]: warning: y,192.0.2.9,sasl:plain)<s>: "
	        "Info: sql: c"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct line l = parsed(rows[i].line);

		is(l.program, rows[i].program);
		is(l.message, rows[i].message);
	}
}

static void
exim(void **state)
{
	static const struct {
		const char *line, *message;
		int64_t pid;
	} rows[] = {
	    {"2025-03-24 13:01:16 H=[192.0.2.9] x", "H=[192.0.2.9] x",
	        EVENT_NO_PID},
	    {"2025-03-24 13:01:16.123 [77] H=[192.0.2.9] x", "H=[192.0.2.9] x",
	        77},
	    {"2025-03-24 13:01:16 +0100 [77] H=(a b[1]: c) x",
	        "H=(a b[1]: c) x", 77},
	    {"2025-03-24 13:01:16 login authenticator failed for x",
	        "login authenticator failed for x", EVENT_NO_PID},
	    {"2025-03-24 13:01:16 mx1 exim[12]: login x", "login x", 12},
	    {"2025-03-24 13:01:16 mx1 exim[12]: [13] login x", "login x", 12},
	    {"Mar  4 13:01:16 mx1 exim[12]: 2025-03-04 13:01:16 login x",
	        "login x", 12},
	    {"Mar  4 13:01:16 mx1 exim[12]: "
	     "2025-03-04 13:01:16.123 +0100 [9] login x",
	        "login x", 12},
	    {"Mar  4 13:01:16 mx1 exim[12]: login x", "login x", 12},
	    {"mx1.example exim[12]: 2025-03-04 13:01:16 login x", "login x",
	        12},
	    {"Mar  4 13:01:16 mx1 exim[12]: [1\\2] 2025-03-04 13:01:16 login x",
	        "login x", 12},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct line l = parsed(rows[i].line);

		is(l.program, "exim");
		is(l.message, rows[i].message);
		assert_int_equal(l.pid, rows[i].pid);
		assert_int_equal(l.piece, 0);
	}
	/* raw header lines in a reject log */
	refused("  exim[1]: 2025-03-04 13:01:16 login x");
	refused("F exim[1]: 2025-03-04 13:01:16 login x");
	refused(" mx1 exim[1]: 2025-03-04 13:01:16 login x");
	refused("mx1 exim[1]: login x");
}

static void
exim_pieces(void **state)
{
	static const struct {
		const char *message;
		int piece, pieces;
		bool is_cut;
		const char *rest;
	} rows[] = {
	    {"[1/2] 2025-03-04 13:01:16 login x", 1, 2, true, "login x"},
	    {"[1/12] [9] login x", 1, 12, true, "login x"},
	    /* nothing is taken off but the mark */
	    {"[2\\2] 2025-03-04 13:01:16 [9] x", 2, 2, false,
	        "2025-03-04 13:01:16 [9] x"},
	    {"[12/12] [9] x", 12, 12, true, "[9] x"},
	    {"[1/2]x", 0, 0, false, "[1/2]x"},
	    {"[a/2] x", 0, 0, false, "[a/2] x"},
	    {"[1/] x", 0, 0, false, "[1/] x"},
	    {"[1/2 x", 0, 0, false, "[1/2 x"},
	    {"[111/222] x", 0, 0, false, "[111/222] x"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char s[128] = "Mar  4 13:01:16 mx1 exim[12]: ";
		struct line l = parsed(strcat(s, rows[i].message));

		is(l.message, rows[i].rest);
		assert_int_equal(l.piece, rows[i].piece);
		if (l.piece == 0)
			continue;
		assert_int_equal(l.pieces, rows[i].pieces);
		assert_int_equal(l.is_cut, rows[i].is_cut);
	}
}

static void
without_host(void **state)
{
	struct line l = parsed("Feb 20 17:23:32 cyrus/pop3[42]: badlogin");

	(void)state;
	is(l.program, "cyrus/pop3");
	assert_null(l.host.at);
	assert_int_equal(l.pid, 42);
	is(parsed("Jun 17 14:37:39 <mail.notice> mx1 a[2]: x").host, "mx1");
	is(parsed("Jun 17 14:37:39.123456 mx1 sm-mta[2]: x").stamp,
	    "Jun 17 14:37:39.123456");
	is(parsed("1795294951.637443 mx1 sm-mta[2]: x").program, "sm-mta");
}

static void
rare(void **state)
{
	static const char *const lines[] = {
	    "<22>1 2025-03-24T13:01:16.5Z mx1 a/b 9 - - hello",
	    "<22>1 2025-03-24T13:01:16Z mx1 a/b 9 ID47 "
	    "[x y=\"] \\\" [z\"][u v=\"w\"] hello",
	    "<22>1 2025-03-24T13:01:16Z mx1 a/b 9 - -  hello",
	    "<22>1 2025-03-24T13:01:16Z mx1 a/b 9 - - \xef\xbb\xbfhello",
	    "<22>Mar  4 13:01:16 mx1 a/b[9]: hello",
	    "<22>2025-03-24T13:01:16Z mx1 a/b[9]: hello",
	    "Mon 2025-03-24 13:01:16 CET mx1 a/b[9]: hello",
	    "Mon 2025-03-24 13:01:16.123456 UTC mx1 a/b[9]: hello",
	    "1795294951637443 mx1 a/b[9]: hello",
	};

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		struct line l = parsed(lines[i]);

		is(l.host, "mx1");
		is(l.program, "a/b");
		is(l.message, "hello");
		assert_int_equal(l.pid, 9);
	}
	is(parsed(lines[6]).stamp, "2025-03-24 13:01:16");
	is(parsed(lines[7]).stamp, "2025-03-24 13:01:16.123456 UTC");
	is(parsed("<22>1 2025-03-24T13:01:16Z - dovecot - - - "
		  "imap-login: x").program,
	    "dovecot/imap-login");
	is(parsed("Apr-07-13 07:08:36 [SSL-out] x").program, "assp");
	is(parsed("[17/Jun/2011 17:00:45] IP x").message, "IP x");
	refused("<22>1 - mx1 a/b 9 - - hello");
	refused("<22>1 2025-03-24T13:01:16Z mx1 a/b 9 - [x y=\"] hello");
	refused("<22>1 2025-03-24T13:01:16Z mx1 a/b 9 -");
	refused("<22><22>Mar  4 13:01:16 mx1 a/b[9]: hello");
	refused("<2222>Mar  4 13:01:16 mx1 a/b[9]: hello");
	refused("1795294951 mx1 a/b[9]: hello");
}

/* Every prefix of a line, in memory of just its size: for sanitizers. */
static void
cut_anywhere(void **state)
{
	static const char *const lines[] = {
	    "Mar  4 13:01:16 mx1 postfix/smtpd[254]: connect",
	    "2025-03-24T13:01:16.123456+01:00 mx1 postfix/smtpd[254]: connect",
	    "2025-03-24 13:01:16.123 +0100 [77] H=[192.0.2.9] x",
	    "Mar  4 13:01:16 mx1 exim[1]: [1\\2] 2025-03-24 13:01:16.1 [7] x",
	    "mx1.example exim[12]: 2025-03-04 13:01:16 login x",
	    "Mar  4 13:01:16 mx1 dovecot: dovecot: auth(default): Info: pam(a",
	    "@400000004c91b044077a9e94 auth-worker(12): Info: x",
	    "Jun 17 14:37:39.123456 <mail.notice> mx1 sm-mta[2]: x",
	    "1795294951.637443 mx1 sm-mta[2]: x",
	    "<22>1 2025-03-24T13:01:16Z mx1 a 9 - [x y=\"]\"] \xef\xbb\xbf" "b",
	    "Mon 2025-03-24 13:01:16 CET mx1 a/b[9]: hello",
	    "1795294951637443 mx1 a/b[9]: hello",
	    "[17/Jun/2011 17:00:45] IP x",
	    "Apr-07-13 07:08:36 [SSL-out] x",
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
	    cmocka_unit_test(dovecot),
	    cmocka_unit_test(exim),
	    cmocka_unit_test(exim_pieces),
	    cmocka_unit_test(without_host),
	    cmocka_unit_test(rare),
	    cmocka_unit_test(nothing_further_right),
	    cmocka_unit_test(cut_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
