/* Protects who is accused where the address stands in another line: only a
 * line of the same host, program, process and session gives it, and only for
 * as long as a session lives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/session.h"
#include "agent/template.h"

static struct sessions *sessions;

static int
open_sessions(void **state)
{
	(void)state;
	sessions = sessions_open();
	return 0;
}

static int
close_sessions(void **state)
{
	(void)state;
	sessions_close(sessions);
	return 0;
}

static struct session_line
line(const char *host, const char *program, int64_t pid, const char *id)
{
	return (struct session_line){.host = text_of(host),
	    .program = text_of(program),
	    .id = text_of(id),
	    .pid = pid,
	    .time_us = INT64_C(1780000000000000),
	    .at_bytes = SESSION_BYTES};
}

static void
begin(const struct session_line *l, const char *ip)
{
	struct match m = {.source_port = 25};

	if (!addr_parse(text_of(ip), &m.source))
		fail_msg("no address: %s", ip);
	session_begin(sessions, l, &m);
}

/* The address that the session has, "" for none. */
static const char *
client(struct sessions *of, const struct session_line *l)
{
	static char s[ADDR_TEXT_BYTES];
	struct match m = {0};

	return session_client(of, l, &m) ? addr_format(s, &m.source) : "";
}

static void
one_session(void **state)
{
	struct session_line l = line("mx1", "smtpd", 84, "1c2de51070a980a8");
	struct match m = {.login = TEXT("carol")};

	(void)state;
	assert_string_equal(client(sessions, &l), "");
	begin(&l, "203.0.113.7");
	assert_true(session_client(sessions, &l, &m));
	assert_int_equal(m.source_port, 25);
	assert_true(text_is(m.login, "carol"));
	session_end(sessions, &l);
	assert_string_equal(client(sessions, &l), "");
}

static void
only_its_own(void **state)
{
	static const struct {
		const char *host, *program;
		int64_t pid;
		const char *id;
	} others[] = {{"mx2", "smtpd", 84, "a1"}, {"mx1", "smtpd", 85, "a1"},
	    {"mx1", "sm-mta", 84, "a1"}, {"mx1", "smtpd", 84, "a2"},
	    {"mx1", "smtpd", 84, "a"}, {"mx1", "smtpd", 84, ""},
	    {"mx1s", "mtpd", 84, "a1"}};
	struct session_line l = line("mx1", "smtpd", 84, "a1");

	(void)state;
	begin(&l, "203.0.113.7");
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		struct session_line other = line(others[i].host,
		    others[i].program, others[i].pid, others[i].id);

		assert_string_equal(client(sessions, &other), "");
	}
	/* equal ids on two hosts, in turn */
	{
		struct session_line other = line("mx2", "smtpd", 84, "a1");

		begin(&other, "203.0.113.8");
		assert_string_equal(client(sessions, &l), "203.0.113.7");
		assert_string_equal(client(sessions, &other), "203.0.113.8");
	}
}

static void
ends_by_itself(void **state)
{
	struct session_line l = line("mx1", "smtpd", 84, "a1"), later = l;

	(void)state;
	begin(&l, "203.0.113.7");
	later.time_us += SESSION_TIME_US;
	assert_string_equal(client(sessions, &later), "203.0.113.7");
	/* each line prolongs it */
	later.time_us += SESSION_TIME_US;
	assert_string_equal(client(sessions, &later), "203.0.113.7");
	later.time_us += SESSION_TIME_US + 1;
	assert_string_equal(client(sessions, &later), "");
	begin(&l, "203.0.113.7");
	l.at_bytes += SESSION_BYTES;
	assert_string_equal(client(sessions, &l), "203.0.113.7");
	l.at_bytes += SESSION_BYTES + 1;
	assert_string_equal(client(sessions, &l), "");
}

static void
marks(void **state)
{
	struct session_line l = line("mx1", "sm-mta", 131, "6ALKMXZ6000131");
	struct session_line other = line("mx1", "sm-mta", 132, l.id.at);

	(void)state;
	assert_false(session_take_mark(sessions, &l));
	session_mark(sessions, &l);
	session_mark(sessions, &l);
	/* what was said of it is no address */
	assert_string_equal(client(sessions, &l), "");
	assert_false(session_take_mark(sessions, &other));
	assert_true(session_take_mark(sessions, &l));
	assert_false(session_take_mark(sessions, &l));
}

/* Somebody who opens many sessions makes us forget the silent ones, and
 * nothing else. */
static void
too_many(void **state)
{
	char id[32] = "";
	struct session_line l = line("mx1", "smtpd", 84, id);
	int known = 0;

	(void)state;
	for (int i = 0; i < 10 * SESSION_COUNT; i++) {
		(void)snprintf(id, sizeof id, "a%d", i);
		l.id = text_of(id);
		l.at_bytes += 100;
		begin(&l, "203.0.113.7");
	}
	for (int i = 0; i < 10 * SESSION_COUNT; i++) {
		(void)snprintf(id, sizeof id, "a%d", i);
		l.id = text_of(id);
		known += client(sessions, &l)[0] != '\0';
	}
	assert_int_equal(known, SESSION_COUNT);
	assert_string_equal(client(sessions, &l), "203.0.113.7");
}

static void
long_names(void **state)
{
	char host[400] = "";
	struct session_line l = line(host, "smtpd", 84, "a1");

	(void)state;
	memset(host, 'h', sizeof host - 1);
	l.host = text_of(host);
	begin(&l, "203.0.113.7");
	assert_string_equal(client(sessions, &l), "");
	session_mark(sessions, &l);
	assert_false(session_take_mark(sessions, &l));
	session_end(sessions, &l);
}

static void
another_life(void **state)
{
	struct sessions *other = sessions_open();
	struct session_line a = line("mx1", "smtpd", 84, "a1"),
			    b = line("mx1", "sm-mta", 9, "b1"), c = a;
	struct buf saved = {0}, again = {0};
	size_t good = 0;

	(void)state;
	begin(&a, "2001:db8::7");
	session_mark(sessions, &b);
	sessions_save(sessions, a.at_bytes + 10, &saved);
	assert_int_equal(sessions_load(other, 5,
	    (struct text){.at = saved.data, .n = saved.n}), 0);
	/* counted anew there */
	c.at_bytes = b.at_bytes = 6;
	assert_string_equal(client(other, &c), "2001:db8::7");
	assert_true(session_take_mark(other, &b));
	c.at_bytes = 6 + SESSION_BYTES + 1;
	assert_string_equal(client(other, &c), "");
	/* what is cut is refused, and nothing is left of it */
	for (size_t n = 0; n < saved.n; n++) {
		if (sessions_load(other, 5,
			(struct text){.at = saved.data, .n = n}) == 0) {
			good++;
			continue;
		}
		sessions_save(other, 5, &again);
		assert_int_equal(again.n, 0);
	}
	/* none, and the first of the two */
	assert_int_equal(good, 2);
	sessions_close(other);
	buf_free(&saved);
	buf_free(&again);
}

int
main(void)
{
#define WITH_SESSIONS(f)                                                       \
	cmocka_unit_test_setup_teardown(f, open_sessions, close_sessions)
	const struct CMUnitTest tests[] = {
	    WITH_SESSIONS(one_session),
	    WITH_SESSIONS(only_its_own),
	    WITH_SESSIONS(ends_by_itself),
	    WITH_SESSIONS(marks),
	    WITH_SESSIONS(too_many),
	    WITH_SESSIONS(long_names),
	    WITH_SESSIONS(another_life),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
