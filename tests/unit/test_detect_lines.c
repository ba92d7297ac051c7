/* Protects: many lines at once are what they are one by one, whatever a
 * client or a broken logger writes; the same events, and the same memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/detect.h"
#include "agent/rules.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"

static const char rules_text[] =
    "[t.sasl]\n"
    "program = postfix*/smtpd\n"
    "kind = auth_failure\n"
    "client = postfix\n"
    "template = warning: {client}: SASL {mech} authentication failed: {said}, "
    "sasl_username={user}\n"
    "hit = warning: unknown[203.0.113.7]: SASL LOGIN authentication failed: "
    "x, sasl_username=y\n"
    "ip = 203.0.113.7\nlogin = y\nmechanism = LOGIN\n"
    "template = warning: {client}: SASL {mech} authentication failed:{said}\n"
    "hit = warning: unknown[203.0.113.7]: SASL LOGIN authentication failed:\n"
    "ip = 203.0.113.7\nmechanism = LOGIN\n"
    "[t.reject]\n"
    "program = postfix*/smtpd\n"
    "kind = policy_reject\n"
    "client = postfix\n"
    "template = {qid}: reject: {word} from {client}: {num} {said}\n"
    "hit = NOQUEUE: reject: RCPT from unknown[203.0.113.7]: 554 no\n"
    "ip = 203.0.113.7\n"
    "[t.dovecot]\n"
    "program = dovecot/*-login\n"
    "kind = auth_failure\n"
    "client = dovecot\n"
    "template = Aborted login: user=<{user}>, {client}\n"
    "hit = Aborted login: user=<x>, rip=203.0.113.7\n"
    "ip = 203.0.113.7\nlogin = x\n"
    "[t.auth]\n"
    "program = dovecot/auth\n"
    "kind = auth_failure\n"
    "template = {ip}: Password mismatch{said}\n"
    "hit = 203.0.113.7: Password mismatch\n"
    "ip = 203.0.113.7\n"
    "[t.exim]\n"
    "program = exim*\n"
    "kind = probe\n"
    "client = exim\n"
    "template = no MAIL in SMTP connection from {client} D={said}\n"
    "hit = no MAIL in SMTP connection from [203.0.113.7] D=1s\n"
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
    "login = carol\n";

enum {
	LINES = 400,
	ROUNDS = 50,
	BYTES = LINES * 1024,
};

static unsigned seed = 1;

static unsigned
pick(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

#define PICK(list) list[pick(sizeof(list) / sizeof(list)[0])]

static const char *const messages[] = {"", "x", "connect from x",
    "4AB: client=unknown[203.0.113.7], and so on and on",
    "warning: unknown[203.0.113.7]: SASL LOGIN authentication failed: a, "
    "sasl_username=carol",
    "warning: unknown[203.0.113.7]: SASL LOGIN authentication failed: ",
    "warning: a.example[2001:db8::7]: SASL LOGIN authentication failed: "
    "\xe2\x82\xac, sasl_username=\xff\x01",
    "NOQUEUE: reject: RCPT from b.example[203.0.113.9]: 554 5.7.1 <x>",
    "4ABCDEF: reject: nothing of the kind",
    "imap-login: Aborted login: user=<dave>, rip=203.0.113.7",
    "imap-login: Info: Aborted login: user=<dave>, rip=203.0.113.7",
    "imap-login: Infos are no level: user=<dave>, rip=203.0.113.7",
    "imap(dave)<1><x>: Disconnected: Logged out in=1 out=2",
    "auth: 203.0.113.7: Password mismatch",
    "auth(default): 203.0.113.7: Password mismatch",
    "auth(1234): 203.0.113.7: Password mismatch",
    "dovecot: imap-login: Aborted login: user=<dave>, rip=203.0.113.7",
    "Aborted login: user=<dave>, rip=203.0.113.7",
    "no MAIL in SMTP connection from [203.0.113.7] D=1s",
    "[1/2] no MAIL in SMTP connection ", "[2/2] from [203.0.113.7] D=1s",
    "a1 connected address=203.0.113.7",
    "a1 authentication user=carol result=permfail",
    "removed, which is a short message"};

static const char *const tags[] = {"postfix/smtpd[41]: ",
    "postfix/submission/smtpd[123456]: ", "dovecot: ", "dovecot[9]: ",
    "exim[77]: ", "smtpd[5]: ", "x: ", "kernel: [12.5] ",
    "postfix/smtpd[]: ", "postfix/smtpd[12345678901]: ", "[1]: ",
    "postfix/smtpd[12x]: ", "postfix/smtpd[12]", ": ", "a b: ",
    "a-program-with-a-name-that-is-rather-long[1]: "};

/* A line that is mostly like the one before. */
static size_t
make_line(char *out, size_t cap)
{
	static const char *const stamps[][2] = {{"Mar  4 13:01", ""},
	    {"Mar  4 13:02", ""}, {"Mar 4 13:01", ""},
	    {"2026-03-04T13:01", ".123456+01:00"},
	    {"2026-03-04T13:01", ".654321987+01:00"},
	    {"2026-03-05T13:01", "Z"}, {"2026-03-04 13:01", ""}};
	static const char *const hosts[] = {"mx1", "mx2", "m",
	    "mx1.example.net", "a-rather-long-name.of.a.mail.server.example",
	    "one-that-does-not-fit-into-sixty-four-bytes-with-its-stamp.test"};
	static unsigned stamp, host;
	size_t n;

	if (pick(40) == 0)
		stamp = pick(sizeof stamps / sizeof stamps[0]);
	if (pick(40) == 0)
		host = pick(sizeof hosts / sizeof hosts[0]);
	n = (size_t)snprintf(out, cap, "%s:%02u%s %s %s%s", stamps[stamp][0],
	    pick(62), stamps[stamp][1], hosts[host], PICK(tags),
	    PICK(messages));
	/* now and then another byte, or no end */
	if (pick(8) == 0)
		out[pick((unsigned)n)] = " :[]-T+.0zM\xff\x01"[pick(13)];
	if (pick(12) == 0)
		n = pick((unsigned)n + 1);
	out[n++] = '\n';
	return n;
}

static struct detect *
opened(const struct rules *rules, bool brief, bool outer_only)
{
	struct detect_options o = {.rules = rules,
	    .zone = "Europe/Berlin",
	    .site = "",
	    .brief = brief,
	    .outer_only = outer_only};
	const char *why = "";
	struct detect *d = detect_open(&o, &why);

	assert_non_null(d);
	detect_set_now(d, INT64_C(1775000000) * CLOCK_SECOND_US);
	return d;
}

static void
assert_text(struct text a, struct text b)
{
	assert_int_equal(a.at == NULL, b.at == NULL);
	assert_int_equal(a.n, b.n);
	if (a.n > 0)
		assert_memory_equal(a.at, b.at, a.n);
}

static void
assert_event(const struct event *a, const struct event *b)
{
	assert_memory_equal(a->id, b->id, sizeof a->id);
	assert_true(a->time_us == b->time_us && a->read_us == b->read_us);
	assert_true(a->kind == b->kind && a->pid == b->pid);
	assert_true(addr_equal(&a->source, &b->source));
	assert_int_equal(a->source_port, b->source_port);
	assert_int_equal(a->local.family, b->local.family);
	assert_int_equal(a->ordinal, b->ordinal);
	assert_text(a->host, b->host);
	assert_text(a->program, b->program);
	assert_text(a->service, b->service);
	assert_text(a->ptr, b->ptr);
	assert_text(a->login, b->login);
	assert_text(a->mechanism, b->mechanism);
	assert_text(a->rule, b->rule);
	assert_text(a->message, b->message);
}

static void
assert_same_memory(const struct detect *a, const struct detect *b)
{
	struct buf x = {0}, y = {0};

	detect_save(a, &x);
	detect_save(b, &y);
	assert_int_equal(x.n, y.n);
	assert_memory_equal(x.data, y.data, x.n);
	buf_free(&x);
	buf_free(&y);
}

/* Returns how many events there were. */
static unsigned
compare(struct detect *one, struct detect *many, struct text bytes)
{
	struct arena *a = arena_open(0), *b = arena_open(0);
	struct detect_lines l;
	struct text rest = bytes;
	unsigned events = 0;
	bool more = true;

	detect_begin(&l, bytes);
	while (more) {
		uint64_t ignored = 0, passed = 0;
		struct event x, y;
		enum detect_result was = DETECT_IGNORED,
		    is = detect_lines(many, &l, a, &x, &ignored);

		while (was == DETECT_IGNORED) {
			const char *lf = memchr(rest.at, '\n', rest.n);

			if (lf == NULL)
				break;
			arena_reset(b);
			was = detect_line(one,
			    (struct text){.at = rest.at,
				.n = (size_t)(lf - rest.at)},
			    b, &y);
			rest.n -= (size_t)(lf + 1 - rest.at);
			rest.at = lf + 1;
			passed += was == DETECT_IGNORED;
		}
		assert_int_equal(is, was);
		assert_int_equal(ignored, passed);
		assert_ptr_equal(l.left.at, rest.at);
		if (is == DETECT_EVENT)
			assert_event(&x, &y);
		events += is == DETECT_EVENT;
		more = is != DETECT_IGNORED;
	}
	assert_same_memory(one, many);
	arena_close(a);
	arena_close(b);
	return events;
}

static void
many_are_as_one_by_one(void **state)
{
	struct buf errors = {0};
	struct rules *rules = rules_new();
	char *bytes = malloc(BYTES);
	unsigned events = 0;

	(void)state;
	assert_non_null(bytes);
	if (rules_add(rules, "t", text_of(rules_text), &errors) < 0 ||
	    rules_check(rules, &errors) < 0)
		fail_msg("%s", errors.data);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct detect *one = opened(rules, i & 1, i & 2);
		struct detect *many = opened(rules, i & 1, i & 2);

		/* their memory goes on from block to block */
		for (unsigned block = 0; block < 3; block++) {
			size_t n = 0, lines = 1 + pick(LINES - 1);
			char *copy;

			while (lines-- > 0)
				n += make_line(bytes + n, BYTES - n);
			if (pick(3) == 0)
				n -= 1 + pick((unsigned)n / 2);
			/* what is read behind its end shows under ASan */
			copy = malloc(n > 0 ? n : 1);
			assert_non_null(copy);
			memcpy(copy, bytes, n);
			events += compare(one, many,
			    (struct text){.at = copy, .n = n});
			free(copy);
		}
		detect_close(one);
		detect_close(many);
	}
	assert_true(events > 500);
	free(bytes);
	rules_close(rules);
	buf_free(&errors);
}

/* Each byte of a header is each other byte once, in a line behind an attack
 * with the header as it was.  Returns how many events there were. */
static unsigned
compare_headers(
    const struct rules *rules, const char *header, const char *message)
{
	struct buf log = {0};
	struct detect *one = opened(rules, true, false);
	struct detect *many = opened(rules, true, false);
	unsigned events;

	for (size_t at = 0; at < strlen(header); at++) {
		for (int c = 0; c < 256; c++) {
			buf_puts(&log, header);
			buf_puts(&log, messages[4]);
			buf_putc(&log, '\n');
			buf_puts(&log, header);
			log.data[log.n - strlen(header) + at] = (char)c;
			buf_puts(&log, message);
			buf_putc(&log, '\n');
		}
	}
	events = compare(one, many, (struct text){.at = log.data, .n = log.n});
	detect_close(one);
	detect_close(many);
	buf_free(&log);
	return events;
}

static void
each_byte_of_a_header(void **state)
{
	struct buf errors = {0};
	struct rules *rules = rules_new();
	static const char *const headers[] = {
	    "Mar  4 13:01:16 mx1.example.net postfix/smtpd[41]: ",
	    "2026-03-04T13:01:16.123456+01:00 mx1.example.net "
	    "postfix/smtpd[41]: ",
	    "Mar  4 13:01:16 a-host-with-a-name-that-does-not-fit-into-"
	    "sixty-four-bytes.example postfix/submission/smtpd[1234]: "};

	(void)state;
	assert_int_equal(
	    rules_add(rules, "t", text_of(rules_text), &errors), 0);
	for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
		unsigned attacks = 256 * (unsigned)strlen(headers[i]);

		assert_in_range(
		    compare_headers(rules, headers[i], messages[4]),
		    attacks + 1, 2 * attacks - 1);
		/* of a line that is nothing, whether it has a header */
		assert_in_range(
		    compare_headers(rules, headers[i], messages[2]),
		    attacks, attacks);
	}
	rules_close(rules);
	buf_free(&errors);
}

/* The last line is short, and ends with the last window or anywhere near. */
static void
short_last_lines(void **state)
{
	static const char header[] = "Mar  4 13:01:16 mx1 ";
	struct buf errors = {0}, log = {0};
	struct rules *rules = rules_new();
	struct detect *one, *many;
	char *copy;

	(void)state;
	assert_int_equal(
	    rules_add(rules, "t", text_of(rules_text), &errors), 0);
	one = opened(rules, true, false);
	many = opened(rules, true, false);
	for (unsigned more = 0; more < 300; more++) {
		buf_reset(&log);
		buf_printf(&log, "%s%s%s%*s\n", header, tags[0], messages[4],
		    (int)more, "");
		for (unsigned i = 0; i < 10; i++)
			buf_printf(
			    &log, "%s%s%s\n", header, tags[0], messages[2]);
		buf_printf(&log, "%s%s\n", header, PICK(tags));
		copy = malloc(log.n);
		assert_non_null(copy);
		memcpy(copy, log.data, log.n);
		assert_int_equal(compare(one, many,
				     (struct text){.at = copy, .n = log.n}),
		    1);
		free(copy);
	}
	detect_close(one);
	detect_close(many);
	rules_close(rules);
	buf_free(&log);
	buf_free(&errors);
}

/* Windows without a line end, and lines longer than any. */
static void
long_lines(void **state)
{
	struct buf errors = {0}, log = {0};
	struct rules *rules = rules_new();
	struct detect *one, *many;
	unsigned attacks = 60;

	(void)state;
	assert_int_equal(
	    rules_add(rules, "t", text_of(rules_text), &errors), 0);
	one = opened(rules, true, false);
	many = opened(rules, true, false);
	for (int i = 0; i < 60; i++) {
		static const size_t sizes[] = {
		    0, 1, 1000, 1024, 5000, 65000, 65400, 65536, 70000};
		size_t n = PICK(sizes);

		buf_puts(&log, "Mar  4 13:01:16 mx1 postfix/smtpd[1]: ");
		if (pick(2) == 0) {
			buf_puts(&log, messages[4]);
			attacks++;
		}
		while (n-- > 0)
			buf_putc(&log, 'x');
		buf_puts(&log, "\nMar  4 13:01:16 mx1 postfix/smtpd[1]: ");
		buf_puts(&log, messages[4]);
		buf_putc(&log, '\n');
	}
	/* of those that are too long there are fewer */
	assert_in_range(compare(one, many,
			    (struct text){.at = log.data, .n = log.n}),
	    61, attacks - 1);
	detect_close(one);
	detect_close(many);
	rules_close(rules);
	buf_free(&log);
	buf_free(&errors);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(many_are_as_one_by_one),
	    cmocka_unit_test(each_byte_of_a_header),
	    cmocka_unit_test(short_last_lines),
	    cmocka_unit_test(long_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
