/* Protects what the journal says: a message comes through whole, and nothing
 * in it or in another field becomes a header or a field of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agent/journal.h"
#include "agent/line.h"
#include "proto/base/buf.h"
#include "proto/event.h"
#include "tests/unit/arena_fixture.h"

static void
is(struct text got, const char *want)
{
	if (want == NULL ? got.at != NULL : !text_is(got, want))
		fail_msg("\"%.*s\" instead of \"%s\"", (int)got.n, got.at,
		    want == NULL ? "nothing" : want);
}

#define HEAD                                                                   \
	"\"__REALTIME_TIMESTAMP\":\"1795294946301479\",\"_HOSTNAME\":\"mx1\","

static void
objects(void **state)
{
	struct line l;

	(void)state;
	assert_true(journal_parse(arena,
	    TEXT("{" HEAD "\"SYSLOG_IDENTIFIER\":\"postfix/smtpd\",\"_PID\":"
		 "\"9\",\"SYSLOG_PID\":\"77\",\"X\":[[{\"a\":[1,null]}]],"
		 "\"MESSAGE\":\"a \\\"b\\\\ \\u00e9\\ud83d\\ude00\\u0085\"} "),
	    &l));
	assert_int_equal(l.form, LINE_JOURNAL);
	is(l.stamp, "1795294946301479");
	is(l.host, "mx1");
	is(l.program, "postfix/smtpd");
	assert_int_equal(l.pid, 77);
	is(l.message, "a \"b\\ \xc3\xa9\xf0\x9f\x98\x80\xc2\x85");
	/* bytes, another tag, no pid */
	assert_true(journal_parse(arena,
	    TEXT("{" HEAD "\"_COMM\":\"x\",\"MESSAGE\":[ 72, 255,10 ,105]}"),
	    &l));
	is(l.program, "x");
	is(l.message, "H\xff#012i");
	assert_int_equal(l.pid, EVENT_NO_PID);
	assert_true(journal_parse(arena,
	    TEXT("{" HEAD "\"SYSLOG_IDENTIFIER\":\"dovecot\","
		 "\"MESSAGE\":\"auth: x\"}"),
	    &l));
	is(l.program, "dovecot/auth");
	assert_true(journal_parse(
	    arena, TEXT("{" HEAD "\"_COMM\":\"x\",\"MESSAGE\":[]}"), &l));
	is(l.message, "");
}

static void
no_objects(void **state)
{
	static const char *const bad[] = {"", "{", "{}", "x", "{" HEAD "}",
	    "{" HEAD "\"_COMM\":\"x\",\"MESSAGE\":null}",
	    "{" HEAD "\"_COMM\":\"x\",\"MESSAGE\":[\"a\",\"b\"]}",
	    "{" HEAD "\"_COMM\":\"x\",\"MESSAGE\":[256]}",
	    "{" HEAD "\"_COMM\":\"x\",\"MESSAGE\":\"a\",\"MESSAGE\":\"b\"}",
	    "{" HEAD "\"_COMM\":\"x\",\"MESSAGE\":\"a\"} {",
	    "{" HEAD "\"_COMM\":\"x\",\"MESSAGE\":\"\\ud800\"}",
	    "{" HEAD "\"_COMM\":\"x\",\"MESSAGE\":\"\\x41\"}",
	    "{" HEAD "\"_COMM\":\"x\",\"MESSAGE\":\"a\\",
	    "{" HEAD "\"_COMM\":\"x\",\"MESSAGE\":\"a\\\"}",
	    "{" HEAD "\"_COMM\":\"x\",\"MESSAGE\":\"a\",}",
	    "{" HEAD "\"_COMM\":\"x\",\"MESSAGE\":\"a\n\"}",
	    "{" HEAD "\"_COMM\":\"x\",\"MESSAGE\":\"\","
	    "\"A\":[[[[[[[[[1]]]]]]]]]}",
	    "{\"__REALTIME_TIMESTAMP\":\"17952949463014x9\",\"_COMM\":\"x\","
	    "\"MESSAGE\":\"a\"}",
	    "{\"_COMM\":\"x\",\"MESSAGE\":\"a\"}"};
	struct line l;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (journal_parse(arena, text_of(bad[i]), &l))
			fail_msg("an entry: %s", bad[i]);
}

/* Tags and hosts that hold the signs of a header. */
static void
words(void **state)
{
	struct journal_entry e = {.message = TEXT("m"),
	    .identifier = TEXT("a b[1]: c(d<e"),
	    .host = TEXT("h\"( x:"),
	    .time = TEXT("1795294946301479")};
	struct buf out = {0};
	struct line l;

	(void)state;
	assert_true(journal_write(&out, &e));
	assert_true(
	    line_parse((struct text){.at = out.data, .n = out.n}, &l));
	is(l.host, "h___x_");
	is(l.program, "a_b_1___c_d_e");
	is(l.message, "m");
	buf_free(&out);
}

static void
fields(void **state)
{
	static const char bytes[] = "A=b=c\nMESSAGE\n\x05\0\0\0\0\0\0\0x\nB=y"
				    "\n\n";
	struct text t = {.at = bytes, .n = sizeof bytes - 1};
	struct journal_field f;

	(void)state;
	assert_int_equal(journal_read_field(t, &f), JOURNAL_FIELD);
	is(f.name, "A");
	is(f.value, "b=c");
	t.at += f.used;
	t.n -= f.used;
	for (size_t n = 0; n < t.n - 1; n++)
		assert_int_equal(
		    journal_read_field((struct text){.at = t.at, .n = n}, &f),
		    JOURNAL_MORE);
	/* what looks like a field in it is none */
	assert_int_equal(journal_read_field(t, &f), JOURNAL_FIELD);
	is(f.name, "MESSAGE");
	is(f.value, "x\nB=y");
	t.at += f.used;
	t.n -= f.used;
	assert_int_equal(journal_read_field(t, &f), JOURNAL_END);
	assert_int_equal(f.used, 1);
}

static void
monstrous_fields(void **state)
{
	static char long_line[JOURNAL_FIELD_BYTES + 200];
	struct text t = {.at = long_line, .n = sizeof long_line};
	struct journal_field f;

	(void)state;
	memset(long_line, 'a', sizeof long_line);
	memcpy(long_line, "MESSAGE=", 8);
	assert_int_equal(journal_read_field(t, &f), JOURNAL_LINE);
	/* a name that long is none */
	long_line[7] = 'a';
	long_line[200] = '\n';
	assert_int_equal(journal_read_field(t, &f), JOURNAL_LINE);
	assert_int_equal(
	    journal_read_field(TEXT("A\n\0\0\0\x10\0\0\0\0x"), &f),
	    JOURNAL_LONG);
	assert_int_equal(f.used, 2 + 8 + 0x10000000 + 1);
	assert_int_equal(
	    journal_read_field(
		TEXT("A\n\xff\xff\xff\xff\xff\xff\xff\xff"), &f),
	    JOURNAL_LONG);
	assert_true(f.used == UINT64_MAX);
}

int
main(void)
{
#define IN_ARENA(f) cmocka_unit_test_setup_teardown(f, open_arena, close_arena)
	const struct CMUnitTest tests[] = {
	    IN_ARENA(objects),
	    IN_ARENA(no_objects),
	    cmocka_unit_test(words),
	    cmocka_unit_test(fields),
	    cmocka_unit_test(monstrous_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
