/* Protects composing: what is a mailbox, that facts make the same bytes, that
 * foreign text stays out.  Whole mails: tests/golden. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hub/report/compose.h"
#include "hub/report/redact.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"

static const unsigned char secret[COMPOSE_SECRET_BYTES] = "a key";

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
	    .mode = COMPOSE_TEXT,
	    .contact = 1,
	    .secret = secret,
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
	    .xarf_max = 20,
	    .xarf_max_bytes = 1 << 20,
	    .events = 1,
	    .hosts = 1};

	f.kinds[KIND_AUTH_FAILURE] = 1;
	return f;
}

static size_t
times(struct text t, const char *what)
{
	size_t n = 0;
	const char *at = t.at, *end = t.at + t.n;

	while ((at = memmem(at, (size_t)(end - at), what, strlen(what)))
	    != NULL) {
		at += strlen(what);
		n++;
	}
	return n;
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

/* The first address in it is that of the worst source: programs take it. */
static void
subjects(void **state)
{
	struct arena *a = arena_open(0);
	const struct compose_source s[4] = {
	    one_source("2001:db8:1234:5678:9abc:def0:1234:5678", NULL, 0),
	    one_source("203.0.113.7", NULL, 0),
	    one_source("203.0.113.70", NULL, 0),
	    one_source("203.0.113.77", NULL, 0)};
	struct compose_facts f = some_facts(s, 1);

	(void)state;
	assert_string_equal(subject_of(&f, a),
	    "SMTP login attempts (brute force) from "
	    "2001:db8:1234:5678:9abc:def0:1234:5678 [4f0c8a52]");
	f.source_count = f.listed = 2;
	assert_string_equal(subject_of(&f, a),
	    "SMTP login attempts (brute force) from "
	    "2001:db8:1234:5678:9abc:def0:1234:5678 and one more address "
	    "[4f0c8a52]");
	f.source_count = f.listed = 4;
	assert_string_equal(subject_of(&f, a),
	    "SMTP login attempts (brute force) from "
	    "2001:db8:1234:5678:9abc:def0:1234:5678 and 3 more addresses "
	    "[4f0c8a52]");
	f.sources = s + 1;
	f.source_count = f.listed = 3;
	f.kinds[KIND_AUTH_FAILURE] = 0;
	f.kinds[KIND_RELAY_DENIED] = 1;
	assert_string_equal(subject_of(&f, a),
	    "SMTP relay attempts (open relay probing) from 203.0.113.7 and "
	    "2 more in 203.0.113.0/24 [4f0c8a52]");
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

/* What is not to be guessed depends on the key. */
static void
other_key_other_boundary(void **state)
{
	struct arena *a = arena_open(0);
	const struct compose_source s = one_source("203.0.113.7", NULL, 0);
	struct compose_facts f = some_facts(&s, 1);
	unsigned char other[COMPOSE_SECRET_BYTES] = "another key";
	char x[REDACT_BOUNDARY_BYTES], y[REDACT_BOUNDARY_BYTES];
	struct composed out;
	const char *why;

	(void)state;
	f.mode = COMPOSE_CONSOLIDATED;
	redact_boundary(x, &f, 0);
	assert_int_equal(compose_mails(&f, a, &out, &why), 0);
	/* three parts and the end, and where it is declared */
	assert_int_equal(times(out.mails->mail, x), 5);
	assert_string_not_equal(x, redact_boundary(y, &f, 1));
	f.secret = other;
	assert_string_not_equal(x, redact_boundary(y, &f, 0));
	arena_close(a);
}

/* A compromised agent chooses the service, and everybody the login: no byte
 * of them may get out, and a login does as its token. */
static void
foreign_text_is_never_quoted(void **state)
{
	struct arena *a = arena_open(0);
	const struct compose_event e = {.kind = KIND_AUTH_FAILURE,
	    .service = TEXT("smtpd\r\n\r\nUNIQUE MARK\x1b"),
	    .login = TEXT("UNIQUE\x1b\r\nuser-ffffff")};
	const struct compose_source s = one_source("203.0.113.7", &e, 1);
	struct compose_facts f = some_facts(&s, 1);
	unsigned char key[REDACT_KEY_BYTES];
	char token[REDACT_LOGIN_BYTES];
	struct composed out;
	const char *why;

	(void)state;
	redact_key(key, &f);
	redact_login(token, key, e.login);
	for (int mode = 0; mode < 3; mode++) {
		f.mode = (enum compose_mode)mode;
		assert_int_equal(compose_mails(&f, a, &out, &why), 0);
		assert_int_equal(times(out.mails->mail, "UNIQUE"), 0);
		assert_null(memchr(out.mails->mail.at, 0x1b,
		    out.mails->mail.n));
		assert_true(times(out.mails->mail, token) >= 1);
	}
	arena_close(a);
}

/* The same login is the same word to one contact, and another to another. */
static void
tokens(void **state)
{
	const struct compose_source s = one_source("203.0.113.7", NULL, 0);
	struct compose_facts f = some_facts(&s, 1);
	const struct text login = TEXT("info@isp.example");
	char x[REDACT_LOGIN_BYTES], y[REDACT_LOGIN_BYTES], long_one[5000];
	unsigned char key[REDACT_KEY_BYTES];

	(void)state;
	redact_key(key, &f);
	assert_string_equal(redact_login(x, key, TEXT("")), "-");
	assert_string_equal(redact_login(x, key, (struct text){0}), "-");
	redact_login(x, key, login);
	assert_int_equal(strlen(x), REDACT_LOGIN_BYTES - 1);
	assert_string_equal(x, redact_login(y, key, TEXT("Info@ISP.example")));
	assert_string_not_equal(x, redact_login(y, key, TEXT("info")));
	memset(long_one, 'x', sizeof long_one);
	redact_login(y, key, (struct text){long_one, sizeof long_one});
	assert_string_not_equal(x, y);
	f.uuid = "00000000-19d7-4c0e-9b1a-0a5d3e6f7788";
	redact_key(key, &f);
	assert_string_equal(x, redact_login(y, key, login));
	f.contact = 2;
	redact_key(key, &f);
	assert_string_not_equal(x, redact_login(y, key, login));
}

/* RFC 9562: version 4 and its variant, the rest as given. */
static void
uuid_of_bytes(void **state)
{
	unsigned char b[REDACT_UUID_RAW_BYTES];
	char s[REDACT_UUID_BYTES];

	(void)state;
	memset(b, 0xff, sizeof b);
	b[0] = 0x01;
	b[15] = 0x23;
	assert_string_equal(redact_uuid_text(s, b),
	    "01ffffff-ffff-4fff-bfff-ffffffffff23");
	memset(b, 0, sizeof b);
	assert_string_equal(redact_uuid_text(s, b),
	    "00000000-0000-4000-8000-000000000000");
}

static void
modes(void **state)
{
	struct arena *a = arena_open(0);
	const struct compose_source s[3] = {
	    one_source("203.0.113.7", NULL, 0),
	    one_source("2001:db8::7", NULL, 0),
	    one_source("203.0.113.70", NULL, 0)};
	struct compose_facts f = some_facts(s, 3);
	enum compose_mode m;
	struct composed out;
	const char *why;

	(void)state;
	f.mode = COMPOSE_XARF;
	assert_int_equal(compose_mails(&f, a, &out, &why), 0);
	assert_int_equal(out.count, 3);
	assert_string_equal(out.mails[0].message_id,
	    "4f0c8a52-19d7-4c0e-9b1a-0a5d3e6f7788@hub.example");
	assert_string_equal(out.mails[2].message_id,
	    "4f0c8a52-19d7-4c0e-9b1a-0a5d3e6f7788.3@hub.example");
	assert_non_null(strstr(out.mails[1].subject, "2001:db8::7"));
	/* more than may be sent: one for all, none left out */
	f.xarf_max = 2;
	assert_int_equal(compose_mails(&f, a, &out, &why), 0);
	assert_int_equal(out.count, 1);
	assert_int_equal(times(out.mails->mail, "multipart/mixed"), 1);
	assert_int_equal(times(out.mails->mail, "203.0.113.70\r\n"), 1);
	f.xarf_max = 3;
	f.listed = 2;
	assert_int_equal(compose_mails(&f, a, &out, &why), 0);
	assert_int_equal(out.count, 1);
	assert_true(compose_mode_of_name("form", &m));
	assert_int_equal(m, COMPOSE_TEXT);
	assert_true(compose_mode_of_name("held", &m));
	assert_int_equal(m, COMPOSE_CONSOLIDATED);
	assert_false(compose_mode_of_name("Xarf", &m));
	arena_close(a);
}

static size_t
documents_in(const struct compose_facts *f, struct arena *a)
{
	struct composed out;
	const char *why;

	assert_int_equal(compose_mails(f, a, &out, &why), 0);
	return times(out.mails->mail, "Content-Type: application/json");
}

static void
limits_of_documents(void **state)
{
	struct arena *a = arena_open(0);
	struct compose_event lines[1000];
	struct compose_source s[3];
	struct compose_facts f;

	(void)state;
	for (size_t i = 0; i < 1000; i++)
		lines[i] = (struct compose_event){.port = 65535,
		    .kind = KIND_AUTH_FAILURE, .login = TEXT("x")};
	for (size_t i = 0; i < 3; i++)
		s[i] = one_source("2001:db8:1234:5678:9abc:def0:1234:5678",
		    lines, 1000);
	f = some_facts(s, 3);
	f.mode = COMPOSE_CONSOLIDATED;
	assert_int_equal(documents_in(&f, a), 3);
	f.xarf_max = 2;
	assert_int_equal(documents_in(&f, a), 2);
	f.xarf_max = 0;
	assert_int_equal(documents_in(&f, a), 0);
	f.xarf_max = 20;
	/* the least that the setting can be: always room for one */
	f.xarf_max_bytes = 65536;
	assert_in_range(documents_in(&f, a), 1, 2);
	arena_close(a);
}

static size_t
in_base64(const struct compose_facts *f, struct arena *a)
{
	struct composed out;
	const char *why;

	assert_int_equal(compose_mails(f, a, &out, &why), 0);
	return times(out.mails->mail, "Content-Transfer-Encoding: base64");
}

/* A document is base64 only where it must be: for letters beyond ASCII, for a
 * line of evidence too long to be safe, and as XARF's carrier wants it. */
static void
encodings_of_documents(void **state)
{
	struct arena *a = arena_open(0);
	const struct compose_event lines[20] = {{.kind = KIND_AUTH_FAILURE}};
	const struct compose_source s[2] = {
	    one_source("203.0.113.7", lines, 20),
	    one_source("203.0.113.70", lines, 3)};
	struct compose_facts f = some_facts(s, 2);

	(void)state;
	f.mode = COMPOSE_CONSOLIDATED;
	assert_int_equal(documents_in(&f, a), 2);
	assert_int_equal(in_base64(&f, a), 1);
	f.sources = s + 1;
	f.source_count = f.listed = 1;
	assert_int_equal(in_base64(&f, a), 0);
	f.organisation = "\r\n--=_x\r\n.\r\nFrom x\x1b \"\\";
	assert_int_equal(in_base64(&f, a), 0);
	f.organisation = "M\xc3\xbcller";
	assert_int_equal(in_base64(&f, a), 1);
	f.organisation = "";
	f.mode = COMPOSE_XARF;
	assert_int_equal(in_base64(&f, a), 1);
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
	f.mode = COMPOSE_CONSOLIDATED;
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
	    cmocka_unit_test(other_key_other_boundary),
	    cmocka_unit_test(foreign_text_is_never_quoted),
	    cmocka_unit_test(tokens),
	    cmocka_unit_test(uuid_of_bytes),
	    cmocka_unit_test(modes),
	    cmocka_unit_test(limits_of_documents),
	    cmocka_unit_test(encodings_of_documents),
	    cmocka_unit_test(line_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
