/* Protects the books from a "fixed" that nobody said: what is quoted, what is
 * ours, what is only possible.  Whole answers: tests/live/
 * test_bounce_corpus.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hub/bounce/parse.h"
#include "hub/bounce/reply.h"
#include "hub/bounce/words.h"
#include "proto/base/arena.h"

static enum reply_kind
kind_of(struct arena *a, const char *text, bool automatic)
{
	struct parsed m = {.text = text_of(text), .automatic = automatic,
	    .subject = TEXT("Re: SMTP login attempts")};
	struct reply r;

	reply_judge(a, &m, TEXT(""), &r);
	return r.kind;
}

static void
what_is_plain_and_what_is_not(void **state)
{
	static const struct {
		const char *text;
		enum reply_kind kind;
	} table[] = {
	    {"The account has been suspended.", REPLY_FIXED},
	    {"HAS BEEN FIXED!", REPLY_FIXED},
	    {"It was infected.\nIt has been cleaned.\n", REPLY_FIXED},
	    {"Wurde behoben.", REPLY_FIXED},
	    {"Le probl\xc3\xa8me a \xc3\xa9t\xc3\xa9 r\xc3\xa9solu.",
	        REPLY_FIXED},
	    {"If it has been fixed, say so.", REPLY_HUMAN},
	    {"It has not been fixed.", REPLY_HUMAN},
	    {"It hasn\xe2\x80\x99t been fixed, but it has been blocked?",
	        REPLY_HUMAN},
	    {"It will be fixed once the account has been suspended.",
	        REPLY_HUMAN},
	    {"Your report has been resolved.", REPLY_HUMAN},
	    {"prefixed and wellfixed", REPLY_HUMAN},
	    {"If the address is not ours we tell you.", REPLY_HUMAN},
	    {"It is not ours.", REPLY_NOT_OURS},
	    {"It may be forwarded to our customer.", REPLY_HUMAN},
	    {"It was forwarded to our customer.", REPLY_FORWARDED},
	    {"", REPLY_HUMAN},
	};
	struct arena *a = arena_open(0);

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (kind_of(a, table[i].text, false) != table[i].kind)
			fail_msg("\"%s\": %s", table[i].text, reply_kind_name(
			    kind_of(a, table[i].text, false)));
	/* a program does not mend anything */
	assert_int_equal(kind_of(a, "It has been fixed.", true),
	    REPLY_RECEIPT);
	arena_close(a);
}

/* All of these quote a sentence that would be "fixed". */
static void
quotes_are_not_theirs(void **state)
{
	static const char *const quoting[] = {
	    "What?\n> It has been fixed.\n",
	    "  > It has been fixed.\nWhat?\n",
	    "What?\n\nOn Monday, us wrote:\nIt has been fixed.\n",
	    "What?\n\nOn Monday,\nus@hub.example wrote:\n\nIt has been fixed.",
	    "Was?\n\nAm 1.1. schrieb us <us@hub.example>:\nIt has been fixed.",
	    "Quoi ?\n\nLe 1 mai, nous a \xc3\xa9""crit :\nIt has been fixed.\n",
	    "What?\n\n-----Original Message-----\nIt has been fixed.\n",
	    "What?\n\nFrom: us\nSent: Monday\nTo: you\n\nIt has been fixed.\n",
	    "Was?\n\nVon: us\nGesendet: Montag\nAn: x\n\nIt has been fixed.\n",
	    "What?\n________________________________\nIt has been fixed.\n",
	    "What?\n-- \nIt has been fixed, Inc.\n",
	};
	struct arena *a = arena_open(0);

	for (size_t i = 0; i < sizeof quoting / sizeof quoting[0]; i++)
		if (kind_of(a, quoting[i], false) != REPLY_HUMAN)
			fail_msg("\"%s\"", quoting[i]);
	/* an answer below what it quotes is one */
	assert_int_equal(kind_of(a, "On Monday, us wrote:\n> What about it?\n\n"
	    "It has been fixed.\n", false), REPLY_FIXED);
	arena_close(a);
}

static void
our_lines_are_not_theirs(void **state)
{
	struct arena *a = arena_open(0);
	struct parsed m = {.text = TEXT("Hello\n  It has been   fixed.\n")};
	struct reply r;

	reply_judge(a, &m, TEXT("x\nit has been fixed.\n"), &r);
	assert_int_equal(r.kind, REPLY_HUMAN);
	assert_true(text_is(r.text, "Hello\n"));
	reply_judge(a, &m, TEXT("x\n"), &r);
	assert_int_equal(r.kind, REPLY_FIXED);
	arena_close(a);
}

static void
tickets(void **state)
{
	static const struct {
		const char *subject, *text, *ticket;
	} table[] = {
	    {"[isp.example #481516] Re: x", "", "481516"},
	    {"[Ticket#2026112810000123] x", "", "2026112810000123"},
	    {"x", "Your Ticket ID is ABC-1234.", "ABC-1234"},
	    {"x", "Case number: C0048213\n", "C0048213"},
	    {"x", "Vorgangsnummer AB-99/7", "AB-99"},
	    {"x", "in this case 203.0.113.7 did it", NULL},
	    {"x", "ticket to abuse1@isp.example", NULL},
	    {"x", "reference: none", NULL},
	    {"x from 203.0.113.7", "", NULL},
	    {"x [4f0c8a52]", "", NULL},
	};
	struct arena *a = arena_open(0);

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct parsed m = {.subject = text_of(table[i].subject),
		    .text = text_of(table[i].text)};
		struct reply r;

		reply_judge(a, &m, TEXT(""), &r);
		if (!text_equal(r.ticket, text_of(table[i].ticket)))
			fail_msg("\"%s\" \"%s\": %.*s", table[i].subject,
			    table[i].text, (int)r.ticket.n, r.ticket.at);
	}
	arena_close(a);
}

static void
folding(void **state)
{
	static const char *const one[] = {"ete*", NULL}, *const whole[] =
	    {"ete", NULL};
	struct arena *a = arena_open(0);
	struct text t = words_fold(a, TEXT("  \xc3\x89T\xc3\x89S \xe2\x80\x99\n"
	    " Stra\xc3\x9f""e \xff"));

	assert_true(text_is(t, "etes ' strasse \xff"));
	assert_true(words_have(t, one));
	assert_false(words_have(t, whole));
	arena_close(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_plain_and_what_is_not),
	    cmocka_unit_test(quotes_are_not_theirs),
	    cmocka_unit_test(our_lines_are_not_theirs),
	    cmocka_unit_test(tickets),
	    cmocka_unit_test(folding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
