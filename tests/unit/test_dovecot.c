/* Protects whoever a login names: in Dovecot's lines the login stands in
 * front of the address, and with auth_verbose_passwords a password behind
 * it; and protects the passwords. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/detect.h"
#include "agent/rules.h"
#include "agent/template.h"
#include "tests/unit/arena_fixture.h"

#define LOGIN "Disconnected{note} (auth failed, {note}: user=<{user}>, {client}"
#define AUTH "{word}({user},{client}): Password mismatch{given}"

/* What it accuses: "" for nobody, "refused" for a template that does not
 * load. */
static const char *
accused(const char *source, enum client_form form, const char *message,
    struct match *m)
{
	static char s[ADDR_TEXT_BYTES];
	const char *why;
	struct template *t =
	    template_compile(arena, text_of(source), form, &why);

	if (t == NULL)
		return "refused";
	return template_match(t, text_of(message), m)
	           ? addr_format(s, &m->source)
	           : "";
}

static void
login_is(const char *message, const char *address, const char *login)
{
	struct match m;

	assert_string_equal(
	    accused(LOGIN, CLIENT_DOVECOT, message, &m), address);
	if (*address != '\0')
		assert_true(text_is(m.login, login));
}

static void
auth_is(const char *message, const char *address, const char *login)
{
	struct match m;

	assert_string_equal(
	    accused(AUTH, CLIENT_DOVECOT_AUTH, message, &m), address);
	if (*address != '\0')
		assert_true(text_is(m.login, login));
}

static void
the_last_address_counts(void **state)
{
	(void)state;
	login_is("Disconnected (auth failed, 1 attempts): user=<x>, "
		 "rip=198.51.100.9, lip=192.0.2.2, session=<a>, "
		 "rip=203.0.113.7, lip=192.0.2.2, session=<b>",
	    "203.0.113.7",
	    "x>, rip=198.51.100.9, lip=192.0.2.2, session=<a");
	login_is("Disconnected (auth failed, 1 attempts): user=<>, "
		 "rip=2001:db8::7",
	    "2001:db8::7", "");
	/* the last is none: not the one before it */
	login_is("Disconnected (auth failed, 1 attempts): user=<x>, "
		 "rip=198.51.100.9, lip=192.0.2.2>, rip=203.0.113, "
		 "lip=192.0.2.2",
	    "", "");
	login_is("Disconnected (auth failed, 1 attempts): user=<x>, "
		 "rip=198.51.100.9, lip=192.0.2.2>, rip=",
	    "", "");
	login_is("Disconnected (auth failed, 1 attempts): user=<x>, rip",
	    "", "");
}

static void
behind_the_addresses(void **state)
{
	static const char *const known[] = {"", ", TLS", ", TLS: Disconnected",
	    ", TLS handshaking: SSL_accept() failed: error:0A0000C1",
	    ", TLS, TLSv1.3 with cipher X (256/256 bits)", ", secured",
	    ", mpid=7, TLS, session=<a>", ", lport=143, rport=40112"};
	static const char *const unknown[] = {", name=x", ", TLS, name=x", " ",
	    ",", ", ", ", session=<a>, name=x", "; TLS", ">"};
	char line[256];

	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		snprintf(line, sizeof line,
		    "Disconnected (auth failed, 1 attempts): user=<c>, "
		    "rip=203.0.113.7, lip=192.0.2.2%s",
		    known[i]);
		login_is(line, "203.0.113.7", "c");
	}
	for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
		snprintf(line, sizeof line,
		    "Disconnected (auth failed, 1 attempts): user=<c>, "
		    "rip=203.0.113.7, lip=192.0.2.2%s",
		    unknown[i]);
		login_is(line, "", "");
	}
}

static void
notes_end_before_a_login(void **state)
{
	struct match m;

	(void)state;
	login_is("Disconnected: Too many (of them) (auth failed, 3 attempts in "
		 "9 secs) (auth_failed): user=<c>, rip=203.0.113.7",
	    "203.0.113.7", "c");
	/* the client cannot write what it did */
	login_is("Disconnected (no auth attempts): user=<x (auth failed, 1 "
		 "attempts): user=<y>, rip=203.0.113.7",
	    "", "");
	login_is("Disconnected (auth failed, 1 <: user=<y>, rip=203.0.113.7",
	    "", "");
	assert_string_equal(accused("a {note}b {ip}", CLIENT_NONE, "", &m),
	    "refused");
	assert_string_equal(accused("from {ip} did {user}, {note} done",
				CLIENT_NONE, "", &m),
	    "refused");
	assert_string_equal(
	    accused("from {ip} did {note}", CLIENT_NONE, "", &m), "refused");
	assert_string_equal(accused("from {ip} did {note}{said}", CLIENT_NONE,
				"", &m),
	    "refused");
}

static void
sides(void **state)
{
	struct match m;

	(void)state;
	assert_string_equal(
	    accused("failed: {client}", CLIENT_DOVECOT, "", &m), "refused");
	assert_string_equal(accused("failed ({client}) {said}",
				CLIENT_DOVECOT_AUTH, "", &m),
	    "refused");
	assert_string_equal(accused("failed from {ip} with it{given}",
				CLIENT_NONE, "", &m),
	    "refused");
}

static void
sessions(void **state)
{
	(void)state;
	auth_is("sql(c,203.0.113.7): Password mismatch", "203.0.113.7", "c");
	auth_is("sql(c,203.0.113.7,): Password mismatch", "203.0.113.7", "c");
	auth_is("sql(c,203.0.113.7,<a>): Password mismatch", "203.0.113.7",
	    "c");
	auth_is("sql(,203.0.113.7,<>): Password mismatch", "203.0.113.7", "");
	auth_is("sql(c,198.51.100.9,<a>,203.0.113.7): Password mismatch",
	    "203.0.113.7", "c,198.51.100.9,<a>");
	auth_is("sql(c): Password mismatch", "", "");
	auth_is("sql(c,): Password mismatch", "", "");
	auth_is("sql(c,<a>): Password mismatch", "", "");
	auth_is("sql(c,203.0.113.7<a>): Password mismatch", "", "");
	auth_is("sql(203.0.113.7): Password mismatch", "", "");
	auth_is("sql(>): Password mismatch", "", "");
}

static void
passwords_behind_the_text(void **state)
{
	struct match m;

	(void)state;
	auth_is("sql(c,203.0.113.7,<a>): Password mismatch (given password: "
		"s3cret)",
	    "203.0.113.7", "c");
	auth_is("sql(c,203.0.113.7,<a>): Password mismatch (SHA1 of given "
		"password: a94a8f)",
	    "203.0.113.7", "c");
	auth_is("sql(c,203.0.113.7,<a>): Password mismatch (given password: )",
	    "203.0.113.7", "c");
	auth_is("sql(c,203.0.113.7,<a>): Password mismatch (given password: "
		"x) y)",
	    "203.0.113.7", "c");
	/* whose they are is not plain */
	auth_is("sql(c,203.0.113.7,<a>): Password mismatch (given password: "
		"x,198.51.100.9): Password mismatch (given password: y)",
	    "", "");
	auth_is("sql(x,198.51.100.9): Password mismatch (given password: y,"
		"203.0.113.7): Password mismatch (given password: z)",
	    "", "");
	/* a login that looks like one, in a line of another kind */
	auth_is("sql(x,198.51.100.9): Password mismatch (given password: y,"
		"203.0.113.7): unknown (user)",
	    "", "");
	auth_is("sql(x,198.51.100.9): Password mismatch (given password: y,"
		"203.0.113.7): Password mismatch",
	    "203.0.113.7",
	    "x,198.51.100.9): Password mismatch (given password: y");
	/* the end of another form */
	auth_is("sql(c,203.0.113.7,<a>): unknown user (given password: x,"
		"198.51.100.9): Password mismatch)",
	    "", "");
	assert_string_equal(
	    accused("{word}({user},{client}): failed (mismatch?){given}",
		CLIENT_DOVECOT_AUTH,
		"sql(c,203.0.113.7): unknown user (given password: x,"
		"198.51.100.9): failed (mismatch?)",
		&m),
	    "");
	/* cut off */
	auth_is("sql(c,203.0.113.7,<a>): Password mismatch (given password: x",
	    "", "");
}

static const char rules_text[] = "[t.verbose]\n"
				 "program = dovecot/auth\n"
				 "kind = auth_failure\n"
				 "client = dovecot-auth\n"
				 "template = " AUTH "\n"
				 "hit = sql(c,203.0.113.7): Password mismatch\n"
				 "ip = 203.0.113.7\nlogin = c\n";

/* With auth_verbose_passwords = plain or sha1, and whatever it is. */
static void
passwords_never_leave(void **state)
{
	static const char *const forms[] = {
	    "auth: sql(c,203.0.113.7,<a>): Password mismatch (given password: "
	    "s3cret)",
	    "auth: Info: sql(c,203.0.113.7): Password mismatch (given "
	    "password: s3cret) s3cret)",
	    "auth: sql(c,203.0.113.7,): Password mismatch (SHA1 of given "
	    "password: s3cret)",
	    "auth: sql(c,203.0.113.7,<a>): Password mismatch (given password: "
	    "\xff\x01s3cret\xe2\x80\xa8s3cret)",
	};
	struct buf errors = {0};
	struct rules *rules = rules_new();
	struct detect_options o = {.zone = "UTC", .site = ""};
	struct detect *d;
	const char *why;

	(void)state;
	assert_int_equal(
	    rules_add(rules, "t", text_of(rules_text), &errors), 0);
	assert_int_equal(rules_check(rules, &errors), 0);
	o.rules = rules;
	d = detect_open(&o, &why);
	assert_non_null(d);
	detect_set_now(d, INT64_C(1780000000000000));
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		char line[512];
		struct event e;

		snprintf(line, sizeof line, "Mar  1 10:00:00 mx1 dovecot: %s",
		    forms[i]);
		assert_int_equal(
		    detect_line(d, text_of(line), arena, &e), DETECT_EVENT);
		assert_null(memmem(e.message.at, e.message.n, "s3cret", 6));
		assert_non_null(
		    memmem(e.message.at, e.message.n, "(removed)", 9));
		assert_true(text_is(e.login, "c"));
		assert_true(text_is(e.service, "dovecot/auth"));
	}
	detect_close(d);
	rules_close(rules);
	buf_free(&errors);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_last_address_counts),
	    cmocka_unit_test(behind_the_addresses),
	    cmocka_unit_test(notes_end_before_a_login),
	    cmocka_unit_test(sides),
	    cmocka_unit_test(sessions),
	    cmocka_unit_test(passwords_behind_the_text),
	    cmocka_unit_test(passwords_never_leave),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
