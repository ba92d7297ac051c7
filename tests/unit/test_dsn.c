/* Protects contacts that read their mail from being taken for gone: what a
 * status and the words beside it mean together.  Whole messages: tests/live/
 * test_bounce_corpus.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hub/bounce/dsn.h"
#include "hub/bounce/parse.h"
#include "proto/base/arena.h"

static struct dsn
judge(struct arena *a, const struct parse_group *g)
{
	struct parsed m = {.report = PARSE_DELIVERY, .groups = {*g},
	    .groups_n = 1, .text = TEXT("")};
	struct dsn d;

	dsn_judge(a, &m, TEXT("abuse@isp.example"), &d);
	return d;
}

static void
statuses_and_words(void **state)
{
	static const struct {
		const char *status, *said;
		enum dsn_class class;
	} table[] = {
	    {"5.1.1", "550 5.1.1 user unknown", DSN_HARD},
	    {"5.1.0", "550 address rejected", DSN_HARD},
	    {"5.1.10", "556 nullMX", DSN_HARD},
	    {"5.1.7", "550 bad sender", DSN_POLICY},
	    {"5.1.8", "550 sender domain", DSN_POLICY},
	    {"5.2.1", "550 disabled", DSN_HARD},
	    {"5.2.2", "552 user unknown", DSN_SOFT},
	    {"5.2.3", "552", DSN_POLICY},
	    {"5.3.4", "552", DSN_POLICY},
	    {"5.3.0", "550 user unknown", DSN_SOFT},
	    {"5.4.4", "host not found", DSN_HARD},
	    {"5.4.4", "connection refused", DSN_SOFT},
	    {"5.4.6", "too many hops", DSN_SOFT},
	    {"5.6.0", "550", DSN_POLICY},
	    {"5.7.1", "550 5.7.1 user unknown", DSN_POLICY},
	    {"5.7.999", "", DSN_POLICY},
	    {"4.1.1", "450 4.1.1 user unknown", DSN_SOFT},
	    {"4.7.1", "450 4.7.1 greylisted", DSN_SOFT},
	    /* the words say otherwise */
	    {"5.1.1", "550 5.1.1 mailbox full", DSN_SOFT},
	    {"5.1.1", "550 5.1.1 blocked, see a spam blocklist", DSN_POLICY},
	    {"5.1.2", "550 5.1.2 relaying denied", DSN_POLICY},
	    {"5.1.1", "550 5.1.1 access denied", DSN_POLICY},
	    {"5.1.1", "550 5.1.1 user unknown, access denied", DSN_HARD},
	    /* a status that says nothing */
	    {"5.0.0", "550 5.1.1 nope", DSN_HARD},
	    {"5.0.0", "450 4.2.0 nope", DSN_SOFT},
	    {"5.0.0", "550 Unrouteable address", DSN_HARD},
	    {"5.0.0", "550 nope", DSN_SOFT},
	    {"5.0.0", "", DSN_SOFT},
	    {"5.5.0", "550 no such user", DSN_HARD},
	    {NULL, "550 5.1.1 nope", DSN_HARD},
	    {NULL, "450 user unknown", DSN_SOFT},
	    {"garbage", "550 no such user here", DSN_HARD},
	    {"5.1.1.1", "550 nope", DSN_SOFT},
	    {"2.0.0", "250 ok", DSN_RELAYED},
	    /* not codes: an address, a version, a longer number */
	    {NULL, "550 from 5.1.1.7 by version 5.1.1", DSN_SOFT},
	    {NULL, "1550 5.1.1 nope", DSN_HARD},
	};
	struct arena *a = arena_open(0);

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct parse_group g = {.final = TEXT("abuse@isp.example"),
		    .action = TEXT("failed"),
		    .status = text_of(table[i].status),
		    .diagnostic = text_of(table[i].said)};
		struct dsn d = judge(a, &g);

		if (d.class != table[i].class)
			fail_msg("%s \"%s\": %d", table[i].status,
			    table[i].said, (int)d.class);
		assert_true(d.own);
	}
	arena_close(a);
}

static void
whom_it_speaks_of(void **state)
{
	static const struct {
		const char *original, *final;
		bool own;
	} table[] = {
	    {NULL, "abuse@isp.example", true},
	    {NULL, "Abuse@ISP.example", true},
	    {"abuse@isp.example", "bob@elsewhere.example", true},
	    {NULL, "abuse@mx1.isp.example", true},
	    {NULL, NULL, true},
	    {NULL, "bob@isp.example", false},
	    {NULL, "abuse@notisp.example", false},
	    {NULL, "xabuse@isp.example", false},
	    {"bob@isp.example", "carol@isp.example", false},
	    {NULL, "abuse", false},
	};
	struct arena *a = arena_open(0);

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct parse_group g = {.original = text_of(table[i].original),
		    .final = text_of(table[i].final), .action = TEXT("failed"),
		    .status = TEXT("5.1.1")};

		if (judge(a, &g).own != table[i].own)
			fail_msg("%s %s", table[i].original, table[i].final);
	}
	arena_close(a);
}

/* Of several recipients, ours counts, wherever it stands. */
static void
several_recipients(void **state)
{
	struct arena *a = arena_open(0);
	struct parsed m = {.report = PARSE_DELIVERY, .text = TEXT(""),
	    .groups = {{.final = TEXT("bob@isp.example"),
	                   .action = TEXT("failed"), .status = TEXT("5.1.1")},
	        {.final = TEXT("abuse@isp.example"),
	            .action = TEXT("delivered"), .status = TEXT("2.0.0")}},
	    .groups_n = 2};
	struct dsn d;

	dsn_judge(a, &m, TEXT("abuse@isp.example"), &d);
	assert_int_equal(d.class, DSN_RELAYED);
	dsn_judge(a, &m, TEXT("carol@isp.example"), &d);
	assert_int_equal(d.class, DSN_HARD);
	assert_false(d.own);
	arena_close(a);
}

static void
answers_are_no_bounces(void **state)
{
	struct arena *a = arena_open(0);
	struct parsed m = {.from = TEXT("Desk <desk@isp.example>"),
	    .sender = TEXT("desk@isp.example"),
	    .subject = TEXT("Re: failure notice"),
	    .text = TEXT("550 5.1.1 user unknown, you write?")};
	struct dsn d;

	dsn_judge(a, &m, TEXT("abuse@isp.example"), &d);
	assert_int_equal(d.class, DSN_NO_BOUNCE);
	/* a null sender alone is an automatic answer */
	m.null_sender = true;
	m.subject = TEXT("Out of office");
	dsn_judge(a, &m, TEXT("abuse@isp.example"), &d);
	assert_int_equal(d.class, DSN_NO_BOUNCE);
	m.subject = TEXT("failure notice");
	dsn_judge(a, &m, TEXT("abuse@isp.example"), &d);
	assert_int_equal(d.class, DSN_HARD);
	/* a report about reading is none about delivery */
	m.report = PARSE_DISPOSITION;
	dsn_judge(a, &m, TEXT("abuse@isp.example"), &d);
	assert_int_equal(d.class, DSN_NO_BOUNCE);
	arena_close(a);
}

static void
fields_of_a_report(void **state)
{
	static const char mail[] =
	    "From: MAILER-DAEMON@x.example\n"
	    "Content-Type: multipart/report; report-type=delivery-status;\n"
	    " boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n"
	    "Reporting-MTA: dns; x.example\n\n"
	    "final-recipient: RFC822; <abuse@isp.example>\n"
	    "ACTION: Failed (bad mailbox)\nStatus: 5.1.1 (unknown)\n"
	    "Diagnostic-Code: smtp;\n 550 5.1.1\n   unknown\n\n"
	    "Final-Recipient: rfc822;bob@isp.example\nAction: delayed\n--b--\n";
	struct arena *a = arena_open(0);
	struct parsed m;

	parse_open();
	parse_message(a, text_of(mail), &m);
	assert_int_equal(m.report, PARSE_DELIVERY);
	assert_int_equal(m.groups_n, 2);
	assert_true(text_is(m.groups[0].final, "abuse@isp.example"));
	assert_true(text_is(m.groups[0].action, "Failed"));
	assert_true(text_is(m.groups[0].status, "5.1.1"));
	assert_true(text_is(m.groups[0].diagnostic, "550 5.1.1 unknown"));
	assert_true(text_is(m.groups[1].final, "bob@isp.example"));
	arena_close(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(statuses_and_words),
	    cmocka_unit_test(whom_it_speaks_of),
	    cmocka_unit_test(several_recipients),
	    cmocka_unit_test(answers_are_no_bounces),
	    cmocka_unit_test(fields_of_a_report),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
