/* Protects what is certain of a mail after each word a server can say, and
 * after a cut at each point: taken, not taken, or nobody knows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/deliver/smtp_talk.h"
#include "proto/base/arena.h"

static const struct smtp_ask ask = {
    .sender = "a@b.example",
    .recipient = "c@d.example",
    .mail = TEXT("Subject: x\r\n\r\n.dot\r\n..two\r\n.\r\nend"),
    .tag = 7,
};

static const char wire_body[] =
    "Subject: x\r\n\r\n..dot\r\n...two\r\n..\r\nend\r\n";

/* Writes whatever may be written now; returns it. */
static const char *
wrote(struct smtp_talk *t, struct arena *a)
{
	const char *all = "";
	struct text out;

	while ((out = smtp_talk_out(t)).n != 0) {
		all = arena_printf(a, "%s%.*s", all, (int)out.n, out.at);
		smtp_talk_writing(t);
		smtp_talk_wrote(t, out.n);
	}
	return all;
}

static void
said(struct smtp_talk *t, const char *s)
{
	smtp_talk_in(t, s, strlen(s));
}

static void
step_by_step(void **state)
{
	struct arena *a = arena_open(0);
	struct smtp_talk t;

	(void)state;
	smtp_talk_begin(&t, &ask, false, false, a);
	assert_string_equal(wrote(&t, a), "MAIL FROM:<a@b.example>\r\n");
	said(&t, "250-one\r\n250 two\r");
	assert_string_equal(wrote(&t, a), "");
	said(&t, "\n");
	assert_string_equal(wrote(&t, a), "RCPT TO:<c@d.example>\r\n");
	said(&t, "250 ok\r\n");
	assert_string_equal(wrote(&t, a), "DATA\r\n");
	assert_false(smtp_talk_has_begun(&t));
	said(&t, "354 go\r\n");
	assert_string_equal(wrote(&t, a),
	    arena_printf(a, "%s.\r\n", wire_body));
	assert_true(smtp_talk_has_begun(&t));
	assert_false(t.over);
	said(&t, "250 2.0.0 queued\x1b[2J\r\n");
	assert_true(t.over && t.usable && !t.reset);
	assert_int_equal(t.done.result, SMTP_SENT);
	assert_int_equal(t.done.tag, 7);
	assert_string_equal(t.done.said, "250 2.0.0 queued\\x1b[2J");
	arena_close(a);
}

static void
pipelined(void **state)
{
	struct arena *a = arena_open(0);
	struct smtp_talk t;

	(void)state;
	smtp_talk_begin(&t, &ask, true, true, a);
	assert_string_equal(wrote(&t, a), "RSET\r\nMAIL FROM:<a@b.example>\r\n"
	                                  "RCPT TO:<c@d.example>\r\nDATA\r\n");
	said(&t, "250 ok\r\n250 ok\r\n250 ok\r\n");
	assert_string_equal(wrote(&t, a), "");
	said(&t, "354 go\r\n");
	wrote(&t, a);
	said(&t, "250 ok\r\n");
	assert_int_equal(t.done.result, SMTP_SENT);
	arena_close(a);
}

/* "M4": replies so far were yes, then MAIL gets a 4xx. */
static void
each_no(void **state)
{
	static const struct {
		const char *replies;
		bool pipelining;
		enum smtp_result result;
		bool usable, reset, recipient;
		const char *status;
	} table[] = {
	    {"451 4.3.0 no\n", false, SMTP_LATER, true, false, false, "4.3.0"},
	    {"554 5.7.1 no\n", false, SMTP_REFUSED, true, false, false,
	        "5.7.1"},
	    {"530 5.7.0 TLS first\n", false, SMTP_LATER, true, false, false,
	        "5.7.0"},
	    {"421 4.3.2 bye\n", false, SMTP_LATER, false, false, false,
	        "4.3.2"},
	    {"250 ok\n550 5.1.1 who\n", false, SMTP_REFUSED, true, true, true,
	        "5.1.1"},
	    {"250 ok\n550 who\n", false, SMTP_REFUSED, true, true, true, ""},
	    {"250 ok\n450 4.2.0 grey\n", false, SMTP_LATER, true, true, false,
	        "4.2.0"},
	    {"250 ok\n250 ok\n452 no\n", false, SMTP_LATER, true, true, false,
	        ""},
	    {"250 ok\n250 ok\n250 what\n", false, SMTP_LATER, false, true,
	        false, ""},
	    {"250 ok\n250 ok\n354 go\n451 no\n", false, SMTP_LATER, true, false,
	        false, ""},
	    {"250 ok\n250 ok\n354 go\n554 5.7.1 spam\n", false, SMTP_REFUSED,
	        true, false, false, "5.7.1"},
	    {"250 ok\n250 ok\n354 go\nhello?\n", false, SMTP_UNSURE, false,
	        false, false, ""},
	    {"250 ok\n250 ok\n354 go\n354 x\n", false, SMTP_UNSURE, false,
	        false, false, ""},
	    {"250 ok\n250 ok\n354 go\n421 4.3.2 bye\n", false, SMTP_LATER,
	        false, false, false, "4.3.2"},
	    /* what was written ahead has its answers, too */
	    {"451 no\n503 no\n503 no\n", true, SMTP_LATER, true, false, false,
	        ""},
	    {"250 ok\n550 5.1.1 who\n554 no recipients\n", true, SMTP_REFUSED,
	        true, true, true, "5.1.1"},
	    {"250 ok\n550 5.1.1 who\n354 go\n", true, SMTP_REFUSED, false, true,
	        true, "5.1.1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct arena *a = arena_open(0);
		const char *p = table[i].replies;
		struct smtp_talk t;

		smtp_talk_begin(&t, &ask, table[i].pipelining, false, a);
		while (*p != '\0') {
			size_t n = strcspn(p, "\n") + 1;

			assert_false(t.over);
			wrote(&t, a);
			smtp_talk_in(&t, p, n);
			p += n;
		}
		assert_true(t.over);
		assert_int_equal(t.done.result, table[i].result);
		assert_int_equal(t.usable, table[i].usable);
		if (t.usable)
			assert_int_equal(t.reset, table[i].reset);
		assert_int_equal(t.done.recipient, table[i].recipient);
		assert_string_equal(t.done.status, table[i].status);
		arena_close(a);
	}
}

/* Cut after each byte that was written: what the server cannot have seen
 * whole was certainly not taken. */
static void
each_cut(void **state)
{
	const size_t body = sizeof wire_body - 1;

	(void)state;
	for (size_t cut = 0; cut <= body + 3; cut++) {
		struct arena *a = arena_open(0);
		struct smtp_talk t;
		size_t left = cut;
		struct text out;

		smtp_talk_begin(&t, &ask, true, false, a);
		wrote(&t, a);
		said(&t, "250 ok\r\n250 ok\r\n354 go\r\n");
		while (left != 0 && (out = smtp_talk_out(&t)).n != 0) {
			size_t n = out.n < left ? out.n : left;

			smtp_talk_writing(&t);
			smtp_talk_wrote(&t, n);
			left -= n;
		}
		smtp_talk_cut(&t, "gone");
		assert_true(t.over && !t.usable);
		assert_int_equal(t.done.result,
		    cut > body ? SMTP_UNSURE : SMTP_LATER);
		arena_close(a);
	}
}

/* Of a large mail the end is offered only with the last of it; a write that
 * wrote nothing leaves nothing in doubt, and one of which nothing is known
 * does. */
static void
large(void **state)
{
	struct arena *a = arena_open(0);
	char *mail = arena_alloc(a, 100000);
	struct smtp_ask big = ask;
	struct smtp_talk t;
	struct text out;

	(void)state;
	memset(mail, 'x', 100000);
	big.mail = (struct text){.at = mail, .n = 100000};
	for (int how = 0; how < 3; how++) {
		smtp_talk_begin(&t, &big, true, false, a);
		wrote(&t, a);
		said(&t, "250 ok\r\n250 ok\r\n354 go\r\n");
		out = smtp_talk_out(&t);
		assert_true(out.n > 50000 && out.n < 100000);
		smtp_talk_writing(&t);
		assert_false(t.ended);
		smtp_talk_wrote(&t, out.n);
		out = smtp_talk_out(&t);
		assert_string_equal(arena_copy(a, out.at + out.n - 6, 6),
		    "x\r\n.\r\n");
		smtp_talk_writing(&t);
		assert_true(t.ended);
		if (how == 1)
			smtp_talk_wrote(&t, 0);
		if (how == 2)
			smtp_talk_wrote(&t, out.n - 3);
		smtp_talk_cut(&t, "gone");
		assert_int_equal(t.done.result,
		    how == 0 ? SMTP_UNSURE : SMTP_LATER);
	}
	arena_close(a);
}

/* A word that nobody asked for must not pass for an answer. */
static void
out_of_turn(void **state)
{
	struct arena *a = arena_open(0);
	struct smtp_talk t;

	(void)state;
	smtp_talk_begin(&t, &ask, false, false, a);
	said(&t, "250 ok\r\n");
	assert_true(t.over && !t.usable);
	assert_int_equal(t.done.result, SMTP_LATER);

	/* yes to a mail of which half was written */
	smtp_talk_begin(&t, &ask, true, false, a);
	wrote(&t, a);
	said(&t, "250 ok\r\n250 ok\r\n354 go\r\n");
	smtp_talk_writing(&t);
	smtp_talk_wrote(&t, 3);
	said(&t, "250 queued\r\n");
	assert_true(t.over && !t.usable);
	assert_int_equal(t.done.result, SMTP_LATER);

	/* nonsense to it: its end was not written */
	smtp_talk_begin(&t, &ask, true, false, a);
	wrote(&t, a);
	said(&t, "250 ok\r\n250 ok\r\n354 go\r\n");
	smtp_talk_writing(&t);
	smtp_talk_wrote(&t, 3);
	said(&t, "25\r\n");
	assert_true(t.over && !t.usable);
	assert_int_equal(t.done.result, SMTP_LATER);

	/* and no to it is a no */
	smtp_talk_begin(&t, &ask, true, false, a);
	wrote(&t, a);
	said(&t, "250 ok\r\n250 ok\r\n354 go\r\n");
	smtp_talk_writing(&t);
	smtp_talk_wrote(&t, 3);
	said(&t, "552 5.3.4 too big\r\n");
	assert_true(t.over && !t.usable);
	assert_int_equal(t.done.result, SMTP_REFUSED);
	arena_close(a);
}

/* A line without end costs no memory. */
static void
endless_line(void **state)
{
	struct arena *a = arena_open(0);
	struct smtp_talk t;

	(void)state;
	smtp_talk_begin(&t, &ask, false, false, a);
	wrote(&t, a);
	said(&t, "550 ");
	for (int i = 0; i < 100000; i++)
		said(&t, "x");
	assert_false(t.over);
	said(&t, "\r\n");
	assert_true(t.over);
	assert_int_equal(t.done.result, SMTP_REFUSED);
	arena_close(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(step_by_step),
	    cmocka_unit_test(pipelined),
	    cmocka_unit_test(each_no),
	    cmocka_unit_test(each_cut),
	    cmocka_unit_test(large),
	    cmocka_unit_test(out_of_turn),
	    cmocka_unit_test(endless_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
