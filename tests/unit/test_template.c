/* Protects the template language: what each field takes, and that a template
 * whose address or kind a client could write is refused when it is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agent/template.h"
#include "tests/unit/arena_fixture.h"

static struct template *
compiled(const char *source, enum client_form client)
{
	const char *why = "";
	struct template *t =
	    template_compile(arena, text_of(source), client, &why);

	if (t == NULL)
		fail_msg("%s: %s", source, why);
	return t;
}

static void
refused(const char *source, const char *part_of_why)
{
	const char *why = "accepted";
	struct template *t =
	    template_compile(arena, text_of(source), CLIENT_POSTFIX, &why);

	if (t != NULL || strstr(why, part_of_why) == NULL)
		fail_msg("%s: %s, not: %s", source, why, part_of_why);
}

/* The address that the template accuses in the message, "" for no match. */
static const char *
accused(const char *source, enum client_form client, const char *message,
    struct match *m)
{
	static char s[ADDR_TEXT_BYTES];

	if (!template_match(compiled(source, client), text_of(message), m))
		return "";
	return addr_format(s, &m->source);
}

static void
matches(const char *source, enum client_form client, const char *message,
    const char *address)
{
	struct match m;
	const char *got = accused(source, client, message, &m);

	if (strcmp(got, address) != 0)
		fail_msg("%s\n%s\n\"%s\" instead of \"%s\"", source, message,
		    got, address);
}

static void
is(struct text got, const char *want)
{
	if (!text_equal(got, text_of(want)))
		fail_msg("\"%.*s\" instead of \"%s\"", (int)got.n,
		    got.at == NULL ? "" : got.at, want == NULL ? "" : want);
}

static void
forgeable_is_refused(void **state)
{
	(void)state;
	/* client text on both sides of the address */
	refused("login {user} from {ip}: {said}", "forge the address");
	refused("user=<{user}> rip={ip}, {said}", "forge the address");
	refused("mail {path} from {ip} {rest}", "forge the address");
	/* text that decides, between two texts of the client */
	refused("reject from {client}: <{said}>: Relay access denied; {said}",
	    "write \">: Relay access denied; \" itself");
	refused("reject from {client}: <{path}>: Relay access denied; "
		"from=<{said}",
	    "write \">: Relay access denied; from=<\" itself");
	refused("{client} {said}", "too little text");
	refused("{ip}: {said}", "too little text");
	/* the same with plain limits is fine */
	(void)compiled("reject from {client}: <{again:to}>: Relay access "
		       "denied; from=<{path}> to=<{path:to}> proto={word}",
	    CLIENT_POSTFIX);
	(void)compiled(
	    "login of user=<{user}>, rip={ip}, lip={local}", CLIENT_NONE);
}

static void
malformed_is_refused(void **state)
{
	(void)state;
	refused("nobody is accused: {said}", "no accused address");
	refused("from {ip} to {ip} {rest}", "more than one accused");
	refused("from {client} to {ip} {rest}", "more than one accused");
	refused("from {cleint}: {said}", "is it {client}?");
	refused("from {nonsense}: {said}", "no field {nonsense}");
	refused("from {client: {said}", "take a label");
	refused("from {client", "without its }");
	refused("from client}", "without its {");
	refused("from {word}{client}: {said}", "text between");
	refused("from {client} {said}{user}", "text between");
	refused("from {client} {user} {user} x", "only once");
	refused("from {client} port {port}: {said}", "own name and port");
	refused("from {client} <{again:x}> <{path:y}>", "same label");
	refused("from {client} <{again:x}> {said} <{path:x}> {said}",
	    "cannot have");
	refused("from {client:x}: {said}", "take a label");
	refused("", "no accused address");
	{
		const char *why = "";

		assert_null(template_compile(arena,
		    text_of("from {client}: {said}"), CLIENT_NONE, &why));
		assert_non_null(strstr(why, "client ="));
		assert_null(template_compile(arena,
		    text_of("arg {twice}... denied"), CLIENT_EXIM, &why));
		assert_non_null(strstr(why, "client = sendmail"));
		assert_null(template_compile(arena,
		    text_of("arg {twice}... denied {said}"), CLIENT_SENDMAIL,
		    &why));
		assert_non_null(strstr(why, "all there is of a client"));
		assert_null(template_compile_session(
		    arena, text_of("{qid} failed of {ip}"), true, &why));
		assert_non_null(strstr(why, "the session has it"));
		assert_null(template_compile_session(
		    arena, text_of("failed {qid}"), true, &why));
		assert_non_null(strstr(why, "stand first"));
		/* about the whole process: without an id, and no address */
		assert_non_null(template_compile_session(
		    arena, text_of("no login server: {rest}"), false, &why));
		assert_null(template_compile_session(
		    arena, text_of("no login server at {ip}"), false, &why));
		assert_non_null(strstr(why, "the session has it"));
	}
}

static void
client_of_postfix(void **state)
{
	static const char t[] = "from {client}: {said}";
	struct match m;

	(void)state;
	matches(
	    t, CLIENT_POSTFIX, "from unknown[203.0.113.7]: x", "203.0.113.7");
	is(m.ptr = (struct text){0}, NULL);
	assert_string_equal(accused(t, CLIENT_POSTFIX,
				"from a_b.example[2001:db8::1]:25: x", &m),
	    "2001:db8::1");
	is(m.ptr, "a_b.example");
	assert_int_equal(m.source_port, 25);
	matches(
	    t, CLIENT_POSTFIX, "from a[::ffff:203.0.113.7]: x", "203.0.113.7");
	matches(t, CLIENT_POSTFIX, "from a[64:ff9b::203.0.113.7]: x",
	    "203.0.113.7");
	matches(t, CLIENT_POSTFIX, "from unknown[unknown]: x", "");
	matches(t, CLIENT_POSTFIX, "from [203.0.113.7]: x", "");
	matches(t, CLIENT_POSTFIX, "from a b[203.0.113.7]: x", "");
	matches(t, CLIENT_POSTFIX, "from a[203.0.113]: x", "");
	matches(t, CLIENT_POSTFIX, "from a[203.0.113.7", "");
	matches(t, CLIENT_POSTFIX, "from a[203.0.113.7]:0: x", "");
	matches(t, CLIENT_POSTFIX, "from a[203.0.113.7]:65536: x", "");
	matches(t, CLIENT_POSTFIX, "from a[203.0.113.7]x: x", "");
	/* and from the right */
	matches("said {said} from {client}", CLIENT_POSTFIX,
	    "said b[198.51.100.9] from a[203.0.113.7]:1024", "203.0.113.7");
	matches("said {said} from {client}", CLIENT_POSTFIX,
	    "said b[198.51.100.9] from a[203.0.113.7] ", "");
}

static void
client_of_exim(void **state)
{
	static const char t[] = "failed for {client}: 535 {said}";
	struct match m;

	(void)state;
	matches(
	    t, CLIENT_EXIM, "failed for [203.0.113.7]: 535 x", "203.0.113.7");
	matches(t, CLIENT_EXIM, "failed for (a) [203.0.113.7]:99: 535 x",
	    "203.0.113.7");
	/* a HELO that is an address */
	matches(t, CLIENT_EXIM,
	    "failed for ([198.51.100.9]) [203.0.113.7]: 535 x", "203.0.113.7");
	assert_string_equal(
	    accused(t, CLIENT_EXIM,
		"failed for h.example (a) [203.0.113.7]:99 I=[192.0.2.1]:25: "
		"535 x",
		&m),
	    "203.0.113.7");
	is(m.ptr, "h.example");
	assert_int_equal(m.local.family, 4);
	assert_int_equal(m.local_port, 25);
	matches(t, CLIENT_EXIM, "failed for (a) b [203.0.113.7]: 535 x", "");
}

/* The last host is the client, whatever a client wrote in front of it. */
static void
client_of_exim_from_the_right(void **state)
{
	static const char t[] = "error in \"{said}\" H={client} not advertised";
	struct match m;

	(void)state;
	matches(t, CLIENT_EXIM,
	    "error in \"AUTH\" H=[203.0.113.7] not advertised",
	    "203.0.113.7");
	assert_string_equal(
	    accused(t, CLIENT_EXIM,
		"error in \"AUTH\" H=(x) [198.51.100.9] not advertised\" "
		"H=h.example (a) [203.0.113.7]:99 I=[192.0.2.1]:25 Ci=8003 not "
		"advertised",
		&m),
	    "203.0.113.7");
	is(m.ptr, "h.example");
	assert_int_equal(m.source_port, 99);
	assert_int_equal(m.local_port, 25);
	assert_string_equal(
	    accused(t, CLIENT_EXIM,
		"error in \"x\" H=v.example (h\" H=([198.51.100.9]) "
		"[203.0.113.7]:99 I=[192.0.2.1] not advertised",
		&m),
	    "203.0.113.7");
	is(m.ptr, NULL);
	assert_int_equal(m.local_port, 0);
	matches(t, CLIENT_EXIM,
	    "error in \"x\" H=h.example (a)[203.0.113.7] not advertised", "");
	matches(t, CLIENT_EXIM,
	    "error in \"x\" H=a) [203.0.113.7] not advertised", "");
	matches(t, CLIENT_EXIM,
	    "error in \"x\" H=[203.0.113.7]:0 not advertised", "");
	matches(t, CLIENT_EXIM, "error in \"x\" H=(a) not advertised", "");
	matches(t, CLIENT_EXIM,
	    "error in \"x\" H= I=[192.0.2.1]:25 not advertised", "");
}

/* A client's argument on both sides of the relay. */
static void
written_twice(void **state)
{
	static const char t[] = "arg1={twice}... denied";
	struct match m;

	(void)state;
	assert_string_equal(
	    accused(t, CLIENT_SENDMAIL,
		"arg1=<a@b>, relay=h.example [203.0.113.7] (may be forged), "
		"reject=550 5.7.1 <a@b>... denied",
		&m),
	    "203.0.113.7");
	is(m.ptr, "h.example");
	/* a relay and a reason in the argument */
	matches(t, CLIENT_SENDMAIL,
	    "arg1=<v>, relay=[198.51.100.9], reject=550 5.7.1 <v>... denied, "
	    "relay=[203.0.113.7], reject=550 5.7.1 <v>, relay=[198.51.100.9], "
	    "reject=550 5.7.1 <v>... denied... denied",
	    "203.0.113.7");
	matches(t, CLIENT_SENDMAIL,
	    "arg1=<a>, relay=[198.51.100.9], reject=550 5.7.1 <a>... denied>, "
	    "relay=[203.0.113.7], reject=550 5.7.1 <b>... denied",
	    "");
	matches(t, CLIENT_SENDMAIL,
	    "arg1=<a>, relay=[203.0.113.7], reject=550 5.7.1 <b>... denied",
	    "");
	matches(t, CLIENT_SENDMAIL,
	    "arg1=<a>, relay=[203.0.113.7] x, reject=550 <a>... denied", "");
	matches(t, CLIENT_SENDMAIL,
	    "arg1=<a>, relay=[203.0.113.7], reject=<a>... denied", "");
	matches(t, CLIENT_SENDMAIL, "arg1=, reject=... denied", "");
	matches(t, CLIENT_SENDMAIL, "arg1=... denied", "");
}

static void
account_at_the_right(void **state)
{
	static const char t[] =
	    "failed: {said}, user={account}, relay={client}";
	struct match m;

	(void)state;
	assert_string_equal(
	    accused(t, CLIENT_SENDMAIL,
		"failed: user: x, user=y, relay=[198.51.100.9]@h not found, "
		"user=a=b, relay=[203.0.113.7]",
		&m),
	    "203.0.113.7");
	is(m.login, "a=b");
	matches(t, CLIENT_SENDMAIL,
	    "failed: x, user=a b, relay=[203.0.113.7]", "");
}

/* Syslog cuts a record where the client wants it: then what stands last in
 * it is the client's. */
static void
long_messages(void **state)
{
	static char message[2000];
	struct match m;

	(void)state;
	memset(message, 'x', sizeof message - 1);
	memcpy(message, "failed: ", 8);
	memcpy(message + 700, ", relay=[203.0.113.7]", 22);
	assert_string_equal(accused("failed: {said}, relay={client}",
				CLIENT_SENDMAIL, message, &m),
	    "203.0.113.7");
	memset(message, 'x', sizeof message - 1);
	memcpy(message, "failed: ", 8);
	memcpy(message + 1000, ", relay=[198.51.100.9]", 23);
	matches("failed: {said}, relay={client}", CLIENT_SENDMAIL, message, "");
	/* in front of it all it is the daemon's */
	memcpy(message, "failed: [203.0.113.7] ", 22);
	matches("failed: {client} {said}", CLIENT_SENDMAIL, message,
	    "203.0.113.7");
}

static void
client_of_sendmail(void **state)
{
	static const char t[] = "AUTH failure: user={user}, relay={client}";
	struct match m;

	(void)state;
	assert_string_equal(
	    accused(t, CLIENT_SENDMAIL,
		"AUTH failure: user=x, relay=[198.51.100.9], relay=h.example "
		"[203.0.113.7] (may be forged)",
		&m),
	    "203.0.113.7");
	is(m.ptr, "h.example");
	is(m.login, "x, relay=[198.51.100.9]");
	matches(t, CLIENT_SENDMAIL,
	    "AUTH failure: user=x, relay=[IPv6:2001:db8::1]", "2001:db8::1");
	matches("{client}: possible SMTP attack: command={said}",
	    CLIENT_SENDMAIL,
	    "h.example [203.0.113.7]: possible SMTP attack: command=HELO",
	    "203.0.113.7");
}

static void
address_at_the_right(void **state)
{
	static const char t[] =
	    "failed: user=<{user}>, method={mech}, rip={ip}, lip={local}";
	struct match m;

	(void)state;
	assert_string_equal(
	    accused(t, CLIENT_NONE,
		"failed: user=<x>, method=PLAIN, rip=198.51.100.9, "
		"lip=198.51.100.8>, method=LOGIN, rip=203.0.113.7, "
		"lip=192.0.2.1",
		&m),
	    "203.0.113.7");
	is(m.mechanism, "LOGIN");
	is(m.login, "x>, method=PLAIN, rip=198.51.100.9, lip=198.51.100.8");
}

static void
quoted_addresses(void **state)
{
	static const char t[] = "reject from {client}: <{again:to}>: denied; "
				"from=<{path}> to=<{path:to}> helo=<{helo}>";

	(void)state;
	matches(t, CLIENT_POSTFIX,
	    "reject from a[203.0.113.7]: <a b@c>: denied; from=<\"x> to=<y\"@z>"
	    " to=<\"a b\"@c> helo=<h>",
	    "");
	matches(t, CLIENT_POSTFIX,
	    "reject from a[203.0.113.7]: <a b@c>: denied; from=<\"x <y\"@z>"
	    " to=<\"a b\"@c> helo=<h>",
	    "203.0.113.7");
	/* quotes and backslashes inside the quotes */
	matches(t, CLIENT_POSTFIX,
	    "reject from a[203.0.113.7]: <a\"\\b@c>: denied; from=<> "
	    "to=<\"a\\\"\\\\b\"@c> helo=<>",
	    "203.0.113.7");
	matches(t, CLIENT_POSTFIX,
	    "reject from a[203.0.113.7]: <other@c>: denied; from=<> "
	    "to=<a@c> helo=<h>",
	    "");
}

/* Every prefix of a message, in memory of just its size: for sanitizers. */
static void
cut_anywhere(void **state)
{
	static const char message[] =
	    "reject from a.example[2001:db8::7]:99: <a b@c>: denied; "
	    "from=<\"x\\\"y\"@z> to=<\"a b\"@c> helo=<h>";
	struct template *t =
	    compiled("reject from {client}: <{again:to}>: denied; "
		     "from=<{path}> to=<{path:to}> helo=<{helo}>",
		CLIENT_POSTFIX);
	size_t n = sizeof message - 1;

	(void)state;
	for (size_t i = 0; i <= n; i++) {
		char *copy = test_malloc(i + 1);
		struct match m;

		memcpy(copy, message, i);
		assert_int_equal(
		    template_match(t, (struct text){.at = copy, .n = i}, &m),
		    i == n);
		assert_true(m.stopped <= i);
		test_free(copy);
	}
}

/* The text beside a field delimits it, though the field could hold it. */
static void
neighbours_delimit(void **state)
{
	(void)state;
	matches("{word}: gone from {client}", CLIENT_POSTFIX,
	    "a:b: gone from unknown[203.0.113.7]", "");
	matches("{word}: gone from {client}", CLIENT_POSTFIX,
	    "ab: gone from unknown[203.0.113.7]", "203.0.113.7");
	matches("{client} gave {said}=<{word}>", CLIENT_POSTFIX,
	    "unknown[203.0.113.7] gave x=<b>", "203.0.113.7");
	matches("{client} gave {said}=<{word}>", CLIENT_POSTFIX,
	    "unknown[203.0.113.7] gave x=<a<b>", "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(neighbours_delimit),
	    cmocka_unit_test(forgeable_is_refused),
	    cmocka_unit_test(malformed_is_refused),
	    cmocka_unit_test(client_of_postfix),
	    cmocka_unit_test(client_of_exim),
	    cmocka_unit_test(client_of_exim_from_the_right),
	    cmocka_unit_test(client_of_sendmail),
	    cmocka_unit_test(written_twice),
	    cmocka_unit_test(account_at_the_right),
	    cmocka_unit_test(long_messages),
	    cmocka_unit_test(address_at_the_right),
	    cmocka_unit_test(quoted_addresses),
	    cmocka_unit_test(cut_anywhere),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
