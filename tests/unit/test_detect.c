/* Protects who is accused, of what and when, whatever a client writes: the
 * address, the kind and the login come from where the daemon writes them.
 * The ancestors' ways are run on the same lines and shown to be wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <regex.h>

#include <cmocka.h>

#include "agent/detect.h"
#include "agent/rules.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"

static const char rules_text[] =
    "[t.sasl]\n"
    "program = postfix*/smtpd\n"
    "kind = auth_failure\n"
    "client = postfix\n"
    "no-login = (unavailable)\n"
    "template = warning: {client}: SASL {mech} authentication failed: {said}, "
    "sasl_username={user}\n"
    "hit = warning: unknown[203.0.113.7]: SASL LOGIN authentication failed: "
    "x, sasl_username=y\n"
    "ip = 203.0.113.7\nlogin = y\nmechanism = LOGIN\n"
    "[t.relay]\n"
    "program = postfix*/smtpd\n"
    "kind = relay_denied\n"
    "client = postfix\n"
    "template = {qid}: reject: {word} from {client}: {num} {num} <{again:to}>:"
    " Relay access denied; from=<{path}> to=<{path:to}> proto={word} "
    "helo=<{helo}>\n"
    "hit = NOQUEUE: reject: RCPT from unknown[203.0.113.7]: 554 5.7.1 <a@b>: "
    "Relay access denied; from=<c@d> to=<a@b> proto=ESMTP helo=<h>\n"
    "ip = 203.0.113.7\n"
    "[t.verbose]\n"
    "program = dovecot/auth\n"
    "kind = auth_failure\n"
    "template = {ip}: Password mismatch{said}\n"
    "hit = 203.0.113.7: Password mismatch\n"
    "ip = 203.0.113.7\n"
    "[t.begins]\n"
    "program = smtpd\n"
    "session = begins\n"
    "template = {qid} connected address={ip}\n"
    "hit = a1 connected address=203.0.113.7\n"
    "ip = 203.0.113.7\n"
    "[t.inside]\n"
    "program = smtpd\n"
    "kind = auth_failure\n"
    "session = inside\n"
    "template = {qid} authentication user={user} result=permfail\n"
    "hit = a1 authentication user=carol result=permfail\n"
    "login = carol\n"
    "[t.ends]\n"
    "program = smtpd\n"
    "session = ends\n"
    "template = {qid} disconnected\n"
    "hit = a1 disconnected\n";

#define SASL(login)                                                            \
	"warning: unknown[203.0.113.7]: SASL LOGIN authentication failed: "    \
	"authentication failure, sasl_username=" login
#define RELAY(internal, sender, recipient, helo)                               \
	"NOQUEUE: reject: RCPT from unknown[203.0.113.7]: 554 5.7.1 "          \
	"<" internal ">: Relay access denied; from=<" sender                   \
	"> to=<" recipient "> proto=ESMTP helo=<" helo ">"

static struct rules *rules;
static struct arena *arena;
static struct detect *detect;

static int
begin(void **state)
{
	struct buf errors = {0};

	(void)state;
	arena = arena_open(0);
	rules = rules_new();
	if (rules_add(rules, "test", text_of(rules_text), &errors) < 0 ||
	    rules_check(rules, &errors) < 0) {
		fputs(errors.data, stderr);
		return -1;
	}
	return 0;
}

static int
end(void **state)
{
	(void)state;
	rules_close(rules);
	arena_close(arena);
	return 0;
}

static int64_t
at(const char *rfc3339)
{
	int64_t us;

	if (clock_parse(rfc3339, strlen(rfc3339), &us) == 0)
		fail_msg("not a time: %s", rfc3339);
	return us;
}

static struct detect *
opened(const char *zone, const char *now)
{
	struct detect_options o = {.rules = rules, .zone = zone, .site = ""};
	const char *why = "";
	struct detect *d = detect_open(&o, &why);

	if (d == NULL)
		fail_msg("%s: %s", zone, why);
	detect_set_now(d, at(now));
	return d;
}

static int
open_detect(void **state)
{
	(void)state;
	detect = opened("UTC", "2025-06-01T12:00:00Z");
	return 0;
}

static int
close_detect(void **state)
{
	(void)state;
	detect_close(detect);
	arena_reset(arena);
	return 0;
}

static enum detect_result
see(struct detect *d, const char *stamp, const char *message, struct event *e)
{
	const char *line =
	    arena_printf(arena, "%s mx1 postfix/smtpd[9]: %s", stamp, message);

	return detect_line(d, text_of(line), arena, e);
}

/* What the ancestors would have accused. */
static bool
naively_wrong(const char *line)
{
	static const char *const patterns[] = {
	    ".*\\[([0-9.]+)\\]: SASL",
	    ".*\\[([0-9.]+)\\]: [45][0-9][0-9] .*Relay access denied",
	};
	bool wrong = false;

	for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
		regmatch_t m[2];
		regex_t re;

		assert_int_equal(regcomp(&re, patterns[i], REG_EXTENDED), 0);
		if (regexec(&re, line, 2, m, 0) == 0 &&
		    strncmp(line + m[1].rm_so, "203.0.113.7]", 12) != 0)
			wrong = true;
		regfree(&re);
	}
	return wrong;
}

static void
forged_text(void **state)
{
	static const struct {
		const char *message;
		enum kind kind;
		const char *login;
		bool naive_is_wrong;
	} cases[] = {
	    {SASL("carol"), KIND_AUTH_FAILURE, "carol", false},
	    {SASL("x[198.51.100.9]: SASL LOGIN authentication failed"),
		KIND_AUTH_FAILURE,
		"x[198.51.100.9]: SASL LOGIN authentication failed", true},
	    {SASL("x[198.51.100.9]: SASL LOGIN authentication failed: a, "
		  "sasl_username=root"),
		KIND_AUTH_FAILURE,
		"x[198.51.100.9]: SASL LOGIN authentication failed: a, "
		"sasl_username=root",
		true},
	    /* a line separator of Unicode is no end of line */
	    {SASL("a\xe2\x80\xa8Jun  1 00:00:00 mx1 postfix/smtpd[9]: warning: "
		  "x[198.51.100.9]: SASL LOGIN authentication failed: y"),
		KIND_AUTH_FAILURE,
		"a\xe2\x80\xa8Jun  1 00:00:00 mx1 postfix/smtpd[9]: warning: "
		"x[198.51.100.9]: SASL LOGIN authentication failed: y",
		true},
	    {SASL("a\rJun  1 00:00:00 mx1 postfix/smtpd[9]: x[198.51.100.9]: "
		  "SASL"),
		KIND_AUTH_FAILURE,
		"a\rJun  1 00:00:00 mx1 postfix/smtpd[9]: x[198.51.100.9]: "
		"SASL",
		true},
	    {SASL("(unavailable)"), KIND_AUTH_FAILURE, NULL, false},
	    {RELAY("a@b", "c@d", "a@b", "h"), KIND_RELAY_DENIED, NULL, false},
	    {RELAY("a@b",
		 "\\\"x[198.51.100.9]: 554 5.7.1 <x>: Relay access "
	         "denied\\\"@d",
		 "a@b", "h"),
		KIND_NONE, NULL, true},
	    {RELAY("a@b",
		 "\"x[198.51.100.9]: 554 5.7.1 <x>: Relay access denied; "
		 "from=\"@d",
		 "a@b", "h"),
		KIND_RELAY_DENIED, NULL, true},
	    {RELAY("x@far>: Relay access denied; from=<u[198.51.100.9]: 554 @b",
		 "c@d",
		 "\"x@far>: Relay access denied; from=<u[198.51.100.9]: 554 "
		 "\"@b",
		 "h"),
		KIND_RELAY_DENIED, NULL, true},
	    {RELAY("a@b", "c@d", "a@b", "x[198.51.100.9]:?554"),
		KIND_RELAY_DENIED, NULL, false},
	    /* refused for another reason, with a recipient that names one */
	    {"NOQUEUE: reject: RCPT from unknown[203.0.113.7]: 554 5.7.1 "
	     "<x@l>: "
	     "Relay access denied; from=<y@l>: Recipient address rejected: "
	     "Access denied; from=<c@d> to=<\"x@l>: Relay access denied; "
	     "from=<y\"@l> proto=ESMTP helo=<h>",
		KIND_NONE, NULL, false},
	    {"warning: unknown[unknown]: SASL LOGIN authentication failed: x, "
	     "sasl_username=y[198.51.100.9]: SASL",
		KIND_NONE, NULL, true},
	    {"4F1B72E0A33: message-id=<x>: warning: x[198.51.100.9]: SASL "
	     "LOGIN "
	     "authentication failed: x, sasl_username=y",
		KIND_NONE, NULL, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct event e;
		char ip[ADDR_TEXT_BYTES];
		enum detect_result got =
		    see(detect, "Jun  1 10:00:00", cases[i].message, &e);

		if ((got == DETECT_EVENT) != (cases[i].kind != KIND_NONE))
			fail_msg("%d for %s", got, cases[i].message);
		assert_int_equal(
		    naively_wrong(cases[i].message), cases[i].naive_is_wrong);
		if (got != DETECT_EVENT)
			continue;
		assert_string_equal(addr_format(ip, &e.source), "203.0.113.7");
		assert_int_equal(e.kind, cases[i].kind);
		if (!text_equal(e.login, text_of(cases[i].login)))
			fail_msg("login %.*s of %s", (int)e.login.n,
			    e.login.at == NULL ? "" : e.login.at,
			    cases[i].message);
		assert_true(event_id_is_true(&e, text_of("")));
	}
}

static void
every_member(void **state)
{
	struct event e;
	char ip[ADDR_TEXT_BYTES];
	static const char line[] =
	    "2025-05-31T23:59:59.5+02:00 mx1.example postfix/submission/"
	    "smtpd[254]: warning: h-7.example[2001:db8::7]:40112: SASL PLAIN "
	    "authentication failed: x, sasl_username=carol";

	(void)state;
	assert_int_equal(
	    detect_line(detect, TEXT(line), arena, &e), DETECT_EVENT);
	assert_string_equal(addr_format(ip, &e.source), "2001:db8::7");
	assert_int_equal(e.time_us, at("2025-05-31T21:59:59.5Z"));
	assert_int_equal(e.source_port, 40112);
	assert_int_equal(e.pid, 254);
	assert_int_equal(e.ordinal, 0);
	assert_true(text_is(e.host, "mx1.example"));
	assert_true(text_is(e.program, "postfix/submission/smtpd"));
	assert_true(text_is(e.service, "postfix/submission/smtpd"));
	assert_true(text_is(e.ptr, "h-7.example"));
	assert_true(text_is(e.mechanism, "PLAIN"));
	assert_true(text_is(e.rule, "t.sasl"));
	assert_int_equal(e.message.n, strlen(strstr(line, "warning")));
}

static void
ordinals(void **state)
{
	struct detect *other = opened("UTC", "2025-06-01T12:00:00Z");
	struct buf saved = {0};
	struct event first, second, again, third;

	(void)state;
	assert_int_equal(
	    see(detect, "Jun  1 10:00:00", SASL("x"), &first), DETECT_EVENT);
	assert_int_equal(
	    see(detect, "Jun  1 10:00:00", SASL("y"), &again), DETECT_EVENT);
	assert_int_equal(again.ordinal, 0);
	assert_int_equal(
	    see(detect, "Jun  1 10:00:00", SASL("x"), &second), DETECT_EVENT);
	assert_int_equal(first.ordinal, 0);
	assert_int_equal(second.ordinal, 1);
	assert_memory_not_equal(first.id, second.id, EVENT_ID_BYTES);
	/* another life goes on where this one was */
	detect_save(detect, &saved);
	assert_int_equal(
	    detect_load(other, (struct text){.at = saved.data, .n = saved.n}),
	    0);
	assert_int_equal(
	    see(other, "Jun  1 10:00:00", SASL("x"), &third), DETECT_EVENT);
	assert_int_equal(third.ordinal, 2);
	/* without that it would take the third for the first */
	detect_close(other);
	other = opened("UTC", "2025-06-01T12:00:00Z");
	assert_int_equal(
	    see(other, "Jun  1 10:00:00", SASL("x"), &again), DETECT_EVENT);
	assert_memory_equal(again.id, first.id, EVENT_ID_BYTES);
	for (size_t n = 0; n < saved.n; n++)
		assert_int_equal(
		    detect_load(
			other, (struct text){.at = saved.data, .n = n}) == 0,
		    n == 17 || n == 34);
	detect_close(other);
	buf_free(&saved);
}

static void
ordinals_in_a_flood(void **state)
{
	struct buf saved = {0};
	struct event e;

	(void)state;
	for (int i = 0; i < 40000; i++) {
		char stamp[64], message[256];

		(void)snprintf(stamp, sizeof stamp, "Jun  1 %02d:%02d:%02d",
		    i / 3600 % 24, i / 60 % 60, i % 60);
		(void)snprintf(message, sizeof message, SASL("%d"), i);
		assert_int_equal(see(detect, stamp, message, &e), DETECT_EVENT);
		assert_int_equal(e.ordinal, 0);
		assert_int_equal(see(detect, stamp, message, &e), DETECT_EVENT);
		assert_int_equal(e.ordinal, 1);
		arena_reset(arena);
	}
	detect_save(detect, &saved);
	/* a minute of it, not all */
	assert_in_range(saved.n, 17 + 61 * 17, 17 + 61 * 17);
	buf_free(&saved);
}

static void
monstrous_lines(void **state)
{
	static char line[1 << 20];
	static const char head[] =
	    "Jun  1 10:00:00 mx1 postfix/smtpd[9]: " SASL("");
	struct event e;
	size_t n = sizeof head - 1;

	(void)state;
	memset(line, 'a', sizeof line);
	memcpy(line, head, n);
	assert_int_equal(
	    detect_line(
		detect, (struct text){.at = line, .n = sizeof line}, arena, &e),
	    DETECT_IGNORED);
	/* the longest that is looked at gives a short event */
	assert_int_equal(detect_line(detect,
			     (struct text){.at = line, .n = 65536}, arena, &e),
	    DETECT_EVENT);
	assert_int_equal(e.message.n, EVENT_MESSAGE_BYTES);
	assert_int_equal(e.login.n, EVENT_TEXT_BYTES);
	/* NUL and broken UTF-8 come out clean */
	memcpy(line + n, "\0\xff\xc3(\0", 5);
	assert_int_equal(detect_line(detect,
			     (struct text){.at = line, .n = n + 5}, arena, &e),
	    DETECT_EVENT);
	assert_true(text_is(e.login, "\\x00\\xff\\xc3(\\x00"));
	assert_true(text_is_utf8(e.message.at, e.message.n));
	line[3] = '\0';
	assert_int_equal(detect_line(detect,
			     (struct text){.at = line, .n = n + 5}, arena, &e),
	    DETECT_UNPARSABLE);
}

static void
passwords(void **state)
{
	static const char line[] =
	    "Jun  1 10:00:00 mx1 dovecot: auth: 203.0.113.7: Password "
	    "mismatch (given password: s3cret) really)";
	struct event e;

	(void)state;
	assert_int_equal(
	    detect_line(detect, TEXT(line), arena, &e), DETECT_EVENT);
	assert_true(text_is(e.message, "203.0.113.7: Password mismatch "
				       "(given password: (removed)"));
}

static enum detect_result
see_smtpd(struct detect *d, const char *host, const char *message,
    struct event *e)
{
	const char *line = arena_printf(
	    arena, "Jun  1 10:00:00 %s smtpd[84]: %s", host, message);

	return detect_line(d, text_of(line), arena, e);
}

/* The address is in another line of the session, also after a restart. */
static void
sessions(void **state)
{
	static const char failure[] =
	    "a1 authentication user=x\\040a2\\040connected result=permfail";
	struct detect *other = opened("UTC", "2025-06-01T12:00:00Z");
	struct buf saved = {0};
	struct event e;
	char ip[ADDR_TEXT_BYTES];

	(void)state;
	assert_int_equal(
	    see_smtpd(detect, "mx1", failure, &e), DETECT_IGNORED);
	assert_int_equal(see_smtpd(detect, "mx1",
			     "a1 connected address=203.0.113.7", &e),
	    DETECT_IGNORED);
	assert_int_equal(see_smtpd(detect, "mx2",
			     "a1 connected address=203.0.113.8", &e),
	    DETECT_IGNORED);
	/* an id in a client's text names no session */
	assert_int_equal(see_smtpd(detect, "mx1",
			     "a9 authentication user=a1 connected "
			     "address=198.51.100.9 result=permfail",
			     &e),
	    DETECT_IGNORED);
	detect_save(detect, &saved);
	assert_int_equal(
	    detect_load(other, (struct text){.at = saved.data, .n = saved.n}),
	    0);
	buf_free(&saved);
	assert_int_equal(see_smtpd(other, "mx1", failure, &e), DETECT_EVENT);
	assert_string_equal(addr_format(ip, &e.source), "203.0.113.7");
	assert_true(text_is(e.message, failure));
	assert_int_equal(see_smtpd(other, "mx2", failure, &e), DETECT_EVENT);
	assert_string_equal(addr_format(ip, &e.source), "203.0.113.8");
	assert_int_equal(
	    see_smtpd(other, "mx1", "a1 disconnected", &e), DETECT_IGNORED);
	assert_int_equal(see_smtpd(other, "mx1", failure, &e), DETECT_IGNORED);
	detect_close(other);
}

/* More programs than a mail server has. */
static void
many_programs(void **state)
{
	struct event e;
	int events = 0;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		char line[256];

		(void)snprintf(line, sizeof line,
		    "Jun  1 10:00:00 mx1 postfix%d/smtpd[9]: " SASL("x"), i);
		events += detect_line(detect, text_of(line), arena, &e) ==
		          DETECT_EVENT;
	}
	assert_int_equal(events, 2000);
}

int
main(void)
{
#define WITH_DETECT(f)                                                         \
	cmocka_unit_test_setup_teardown(f, open_detect, close_detect)
	const struct CMUnitTest tests[] = {
	    WITH_DETECT(forged_text),
	    WITH_DETECT(every_member),
	    WITH_DETECT(ordinals),
	    WITH_DETECT(ordinals_in_a_flood),
	    WITH_DETECT(monstrous_lines),
	    WITH_DETECT(passwords),
	    WITH_DETECT(sessions),
	    WITH_DETECT(many_programs),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
