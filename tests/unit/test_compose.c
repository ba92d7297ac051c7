/* Protects composing: what is a mailbox, that facts make the same bytes, that
 * foreign text stays out.  Whole mails: tests/golden. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hub/report/compose.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"

static struct compose_source
one_source(const char *a, const struct compose_event *lines, size_t n)
{
	struct compose_source s = {.events = 1, .hosts = 1, .lines = lines,
	    .line_count = n};

	assert_true(addr_parse(text_of(a), &s.address));
	s.kinds[KIND_AUTH_FAILURE] = 1;
	return s;
}

static struct compose_facts
some_facts(const struct compose_source *s, size_t n)
{
	struct compose_facts f = {
	    .uuid = "4f0c8a52-19d7-4c0e-9b1a-0a5d3e6f7788",
	    .made_us = 1795219200 * CLOCK_SECOND_US,
	    .organisation = "",
	    .from = "from@hub.example",
	    .reply_to = "reply@hub.example",
	    .domain = "hub.example",
	    .to = "abuse@isp.example",
	    .sources = s,
	    .source_count = n,
	    .listed = n,
	    .events = 1,
	    .hosts = 1};

	f.kinds[KIND_AUTH_FAILURE] = 1;
	return f;
}

static void
mailboxes(void **state)
{
	static const char *const good[] = {"abuse@isp.example", "a@b",
	    "abuse+tag@isp.example", "a.b-c_d@x-y.example",
	    "!#$&'*+/=?^_`{|}~@isp.example", "abuse@xn--bcher-kva.example",
	    "0@1.example"};
	static const char *const bad[] = {"", "@", "a", "a@", "@b", "a@b@c",
	    "a b@c", "a@b c", "<a@b>", "a@b\r\nBcc: c@d", "a@b\n", "\"a\"@b",
	    "a@[192.0.2.1]", "a@b, c@d", "a@b,c@d", "@x,@y:z@w", ".a@b",
	    "a.@b", "a..b@c", "a@.b", "a@b.", "a@b..c", "a@-b", "a@b-.c",
	    "a@b_c", "a%b@c", "a\\b@c", "a(b)@c", "a@b(c)", "a:b@c", "a;b@c",
	    "-fx@b", "\xc3\xbc@b", "a@\xc3\xbc", "a\x1b[m@b", "a@b\x7f",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "a@b",
	    "a@bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	    "bb"};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_true(compose_mailbox_is_plain(good[i]));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(compose_mailbox_is_plain(bad[i]));
}

static void
refusals(void **state)
{
	struct arena *a = arena_open(0);
	const struct compose_source s = one_source("203.0.113.7", NULL, 0);
	struct compose_facts f;
	struct composed out;
	const char *why;

	(void)state;
	f = some_facts(&s, 1);
	assert_int_equal(compose_mails(&f, a, &out, &why), 0);
	f.to = "abuse@isp.example\r\nBcc: x@y.example";
	assert_int_equal(compose_mails(&f, a, &out, &why), -1);
	assert_string_equal(why, "the recipient is no plain mailbox");
	f = some_facts(&s, 1);
	f.from = "root";
	assert_int_equal(compose_mails(&f, a, &out, &why), -1);
	f = some_facts(&s, 1);
	f.reply_to = "a@b, c@d";
	assert_int_equal(compose_mails(&f, a, &out, &why), -1);
	f = some_facts(&s, 1);
	f.domain = "a>b";
	assert_int_equal(compose_mails(&f, a, &out, &why), -1);
	f = some_facts(&s, 0);
	assert_int_equal(compose_mails(&f, a, &out, &why), -1);
	assert_string_equal(why, "there is nothing to report");
	arena_close(a);
}

static const char *
subject_of(const struct compose_facts *f, struct arena *a)
{
	struct composed out;
	const char *why;

	assert_int_equal(compose_mails(f, a, &out, &why), 0);
	return out.mails->subject;
}

static void
subjects(void **state)
{
	struct arena *a = arena_open(0);
	const struct compose_source s[2] = {
	    one_source("2001:db8:1234:5678:9abc:def0:1234:5678", NULL, 0),
	    one_source("203.0.113.7", NULL, 0)};
	struct compose_facts f = some_facts(s, 1);

	(void)state;
	assert_string_equal(subject_of(&f, a),
	    "SMTP login attempts (brute force) from "
	    "2001:db8:1234:5678:9abc:def0:1234:5678");
	f.source_count = f.listed = 2;
	assert_string_equal(subject_of(&f, a),
	    "SMTP login attempts (brute force) from 2 addresses of yours "
	    "[4f0c8a52]");
	f.kinds[KIND_AUTH_FAILURE] = 0;
	f.kinds[KIND_RELAY_DENIED] = 1;
	assert_string_equal(subject_of(&f, a),
	    "SMTP relay attempts (open relay probing) from 2 addresses of "
	    "yours [4f0c8a52]");
	/* whatever the kinds are: a parser of abuse desks drops "re:" */
	for (int k = 1; k < KIND_COUNT; k++) {
		memset(f.kinds, 0, sizeof f.kinds);
		f.kinds[k] = 1;
		assert_int_not_equal(strncasecmp(subject_of(&f, a), "re:", 3),
		    0);
	}
	arena_close(a);
}

/* Equal facts, equal bytes; and the bytes are in the caller's arena. */
static void
same_facts_same_bytes(void **state)
{
	struct arena *a = arena_open(0);
	const struct compose_source s = one_source("203.0.113.7", NULL, 0);
	const struct compose_facts f = some_facts(&s, 1);
	struct composed x, y;
	const char *why;

	(void)state;
	assert_int_equal(compose_mails(&f, a, &x, &why), 0);
	assert_int_equal(compose_mails(&f, a, &y, &why), 0);
	assert_true(text_equal(x.mails->mail, y.mails->mail));
	assert_string_equal(x.mails->message_id,
	    "4f0c8a52-19d7-4c0e-9b1a-0a5d3e6f7788@hub.example");
	arena_close(a);
}

/* A compromised agent chooses the service: no byte of it may get out. */
static void
service_is_never_quoted(void **state)
{
	struct arena *a = arena_open(0);
	const struct compose_event e = {.kind = KIND_AUTH_FAILURE,
	    .service = TEXT("smtpd\r\n\r\nUNIQUE MARK\x1b")};
	const struct compose_source s = one_source("203.0.113.7", &e, 1);
	const struct compose_facts f = some_facts(&s, 1);
	struct composed out;
	const char *why;

	(void)state;
	assert_int_equal(compose_mails(&f, a, &out, &why), 0);
	assert_null(memmem(out.mails->mail.at, out.mails->mail.n, "UNIQUE", 6));
	assert_null(memchr(out.mails->mail.at, 0x1b, out.mails->mail.n));
	arena_close(a);
}

/* Every line ends in CRLF, none is bare, none too long for SMTP. */
static void
line_ends(void **state)
{
	struct arena *a = arena_open(0);
	const struct compose_source s = one_source("203.0.113.7", NULL, 0);
	struct compose_facts f = some_facts(&s, 1);
	struct composed out;
	const char *why;
	char greeting[5000];
	size_t line = 0;

	(void)state;
	memset(greeting, 'x', sizeof greeting);
	f.greeting = (struct text){.at = greeting, .n = sizeof greeting};
	assert_int_equal(compose_mails(&f, a, &out, &why), 0);
	for (size_t i = 0; i < out.mails->mail.n; i++) {
		bool cr = out.mails->mail.at[i] == '\r';

		assert_true(i - line <= 998);
		if (cr)
			assert_true(i + 1 < out.mails->mail.n &&
			    out.mails->mail.at[i + 1] == '\n');
		if (out.mails->mail.at[i] == '\n') {
			assert_true(i > 0 && out.mails->mail.at[i - 1] == '\r');
			line = i + 1;
		}
	}
	assert_int_equal(line, out.mails->mail.n);
	arena_close(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(mailboxes),
	    cmocka_unit_test(refusals),
	    cmocka_unit_test(subjects),
	    cmocka_unit_test(same_facts_same_bytes),
	    cmocka_unit_test(service_is_never_quoted),
	    cmocka_unit_test(line_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
