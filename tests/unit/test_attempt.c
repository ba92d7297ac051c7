/* Protects the accused from being accused more than once of one login
 * attempt, and the accusers from losing one of two. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/attempt.h"
#include "agent/detect.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"
#include "proto/event.h"

static struct attempts *attempts;

static int
begin(void **state)
{
	(void)state;
	attempts = attempts_open();
	return 0;
}

static int
end(void **state)
{
	(void)state;
	attempts_close(attempts);
	return 0;
}

static bool
is_told(int second, enum rule_attempt line, const char *address,
    const char *login, const char *session)
{
	struct event e = {.time_us = second * CLOCK_SECOND_US,
	    .host = TEXT("mx1"),
	    .login = text_of(login)};

	assert_true(addr_parse(text_of(address), &e.source));
	return attempts_is_told(attempts, line, &e,
	    session == NULL ? (struct text){0} : text_of(session));
}

#define A "203.0.113.7"
#define B "203.0.113.8"

static void
three_lines(void **state)
{
	(void)state;
	assert_false(is_told(1, RULE_FIRST_LINE, A, "carol", NULL));
	assert_true(is_told(2, RULE_ONE_ATTEMPT, A, "carol", "s"));
	assert_true(is_told(9, RULE_ALL_ATTEMPTS, A, "carol", "s"));
}

static void
each_attempt_of_a_session(void **state)
{
	(void)state;
	assert_false(is_told(1, RULE_ONE_ATTEMPT, A, "carol", "s"));
	assert_false(is_told(3, RULE_ONE_ATTEMPT, A, "carol", "s"));
	assert_false(is_told(5, RULE_ONE_ATTEMPT, A, "dave", "s"));
	assert_true(is_told(9, RULE_ALL_ATTEMPTS, A, "dave", "s"));
}

static void
others_are_not_the_same(void **state)
{
	(void)state;
	assert_false(is_told(1, RULE_ONE_ATTEMPT, A, "carol", "s"));
	assert_false(is_told(1, RULE_ALL_ATTEMPTS, A, "carol", "t"));
	assert_false(is_told(1, RULE_ALL_ATTEMPTS, A, "carol", NULL));
	assert_false(is_told(2, RULE_FIRST_LINE, A, "carol", NULL));
	assert_false(is_told(3, RULE_ONE_ATTEMPT, B, "carol", "u"));
	assert_false(is_told(3, RULE_ONE_ATTEMPT, A, "carole", "v"));
	assert_false(is_told(3, RULE_ALL_ATTEMPTS, B, "carol", "w"));
}

/* Without a session, as for a client of another mail server's login. */
static void
no_session(void **state)
{
	(void)state;
	assert_false(is_told(1, RULE_ONE_ATTEMPT, A, "carol", NULL));
	assert_false(is_told(2, RULE_ONE_ATTEMPT, A, "carol", NULL));
	assert_false(is_told(2, RULE_ALL_ATTEMPTS, A, "carol", NULL));
}

/* Two attempts, two lines each: none of them is lost. */
static void
one_to_one(void **state)
{
	(void)state;
	assert_false(is_told(1, RULE_FIRST_LINE, A, "carol", NULL));
	assert_false(is_told(1, RULE_FIRST_LINE, A, "carol", NULL));
	assert_true(is_told(2, RULE_ONE_ATTEMPT, A, "carol", "s"));
	assert_true(is_told(2, RULE_ONE_ATTEMPT, A, "carol", "t"));
	assert_false(is_told(2, RULE_ONE_ATTEMPT, A, "carol", "u"));
}

static void
without_lines_of_auth(void **state)
{
	(void)state;
	assert_false(is_told(1, RULE_FIRST_LINE, A, "carol", NULL));
	assert_false(is_told(4, RULE_FIRST_LINE, A, "carol", NULL));
	assert_true(is_told(60, RULE_ALL_ATTEMPTS, A, "carol", "s"));
	assert_false(is_told(61, RULE_ALL_ATTEMPTS, A, "carol", "t"));
}

static void
too_late(void **state)
{
	(void)state;
	assert_false(is_told(1, RULE_FIRST_LINE, A, "carol", NULL));
	assert_false(is_told(17, RULE_ONE_ATTEMPT, A, "carol", NULL));
	assert_false(is_told(20, RULE_ONE_ATTEMPT, B, "carol", "s"));
	assert_false(is_told(321, RULE_ALL_ATTEMPTS, B, "carol", "s"));
}

/* A flood makes it forget, and then it counts twice; it never merges. */
static void
flood(void **state)
{
	unsigned told = 0, merged = 0;
	char session[16];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		snprintf(session, sizeof session, "s%d", i);
		merged += is_told(1, RULE_ONE_ATTEMPT, A, "carol", session);
	}
	for (int i = 0; i < 20000; i++) {
		snprintf(session, sizeof session, "s%d", i);
		told += is_told(2, RULE_ALL_ATTEMPTS, A, "carol", session);
	}
	assert_int_equal(merged, 0);
	assert_in_range(told, 1000, 2048);
}

/* The way from the line: sessions as Dovecot writes them. */
static const char rules_text[] =
    "[t.login]\nprogram = dovecot/imap-login\nkind = auth_failure\n"
    "attempt = all\nclient = dovecot\n"
    "template = Disconnected{note}: user=<{user}>, {client}\n"
    "hit = Disconnected: user=<c>, rip=203.0.113.7\n"
    "ip = 203.0.113.7\nlogin = c\n"
    "[t.auth]\nprogram = dovecot/auth\nkind = auth_failure\n"
    "attempt = one\nclient = dovecot-auth\n"
    "template = {word}({user},{client}): unknown user\n"
    "hit = sql(c,203.0.113.7): unknown user\n"
    "ip = 203.0.113.7\nlogin = c\n"
    "template = ({user},{ip},sasl:{mech})<{sid}>: {helo}: unknown user\n"
    "hit = (c,203.0.113.7,sasl:plain)<ab+/9=>: sql: unknown user\n"
    "ip = 203.0.113.7\nlogin = c\nmechanism = plain\n"
    "miss = (c,203.0.113.7,sasl:plain)<a,b>: sql: unknown user\n";

static void
from_lines(void **state)
{
	static const struct {
		const char *line;
		enum detect_result result;
	} lines[] = {
	    {"auth: sql(c,203.0.113.7,<aB+/9>): unknown user", DETECT_EVENT},
	    {"imap-login: Disconnected: user=<c>, rip=203.0.113.7, TLS, "
	     "session=<aB+/9>",
	        DETECT_TOLD},
	    {"auth(c,203.0.113.7,sasl:plain)<dd>: sql: unknown user",
	        DETECT_EVENT},
	    {"imap-login: Disconnected: user=<c>, rip=203.0.113.7, "
	     "session=<dd>",
	        DETECT_TOLD},
	    {"imap-login: Disconnected: user=<c>, rip=203.0.113.7, "
	     "session=<ee>",
	        DETECT_EVENT},
	    {"auth: sql(c,203.0.113.7,): unknown user", DETECT_EVENT},
	    {"imap-login: Disconnected: user=<c>, rip=203.0.113.7",
	        DETECT_EVENT},
	    {"imap-login: Disconnected: no", DETECT_IGNORED},
	};
	struct buf errors = {0};
	struct rules *rules = rules_new();
	struct arena *arena = arena_open(0);
	struct detect_options o = {.rules = rules, .zone = "UTC", .site = ""};
	struct detect *d;
	struct event e;
	const char *why;
	char line[512];

	(void)state;
	assert_int_equal(
	    rules_add(rules, "t", text_of(rules_text), &errors), 0);
	assert_int_equal(rules_check(rules, &errors), 0);
	for (int brief = 0; brief < 2; brief++) {
		o.brief = brief;
		d = detect_open(&o, &why);
		assert_non_null(d);
		detect_set_now(d, INT64_C(1780000000000000));
		for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
			enum detect_result want = lines[i].result;

			/* scan shows each line */
			if (brief && want == DETECT_TOLD)
				want = DETECT_EVENT;
			snprintf(line, sizeof line,
			    "Mar  1 10:00:00 mx1 dovecot: %s", lines[i].line);
			assert_int_equal(
			    detect_line(d, text_of(line), arena, &e), want);
		}
		detect_close(d);
	}
	arena_close(arena);
	rules_close(rules);
	buf_free(&errors);
}

int
main(void)
{
#define WITH_ATTEMPTS(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
	    WITH_ATTEMPTS(three_lines),
	    WITH_ATTEMPTS(each_attempt_of_a_session),
	    WITH_ATTEMPTS(others_are_not_the_same),
	    WITH_ATTEMPTS(no_session),
	    WITH_ATTEMPTS(one_to_one),
	    WITH_ATTEMPTS(without_lines_of_auth),
	    WITH_ATTEMPTS(too_late),
	    WITH_ATTEMPTS(flood),
	    cmocka_unit_test(from_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
