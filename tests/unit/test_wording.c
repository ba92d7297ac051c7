/* Protects the words of a report: each kind has some, services get words of
 * ours and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hub/report/wording.h"
#include "proto/base/buf.h"

static void
each_kind(void **state)
{
	(void)state;
	for (int i = 1; i < KIND_COUNT; i++) {
		enum kind k = (enum kind)i;

		assert_non_null(wording_kind(k));
		assert_non_null(wording_count(k, 1));
		assert_string_not_equal(wording_count(k, 1),
		    wording_count(k, 2));
		if (!kind_is_inner(k))
			assert_memory_equal(wording_explain(k), wording_kind(k),
			    strlen(wording_kind(k)));
	}
}

static void
services(void **state)
{
	static const struct {
		const char *service;
		uint16_t port;
		const char *word;
	} table[] = {
	    {"postfix/smtpd", 0, "smtp"},
	    {"postfix/smtpd", 25, "smtp"},
	    {"postfix/smtpd", 587, "submission"},
	    {"postfix/submission/smtpd", 0, "submission"},
	    {"postfix/submissions/smtpd", 0, "submissions"},
	    {"postfix/smtps/smtpd", 465, "submissions"},
	    {"postfix-out/smtpd", 0, "smtp"},
	    {"postfix/postscreen", 0, "smtp"},
	    {"dovecot/imap-login", 0, "imap"},
	    {"dovecot/pop3-login", 995, "pop3"},
	    {"dovecot/managesieve-login", 0, "sieve"},
	    {"exim", 0, "smtp"},
	    {"sm-mta", 0, "smtp"},
	    {NULL, 993, "imap"},
	    {NULL, 0, "-"},
	    {"", 0, "-"},
	    {"d", 0, "-"},
	    {"x\r\nBcc: a", 0, "-"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		assert_string_equal(wording_service(text_of(table[i].service),
		        table[i].port),
		    table[i].word);
}

static void
counts(void **state)
{
	int64_t n[KIND_COUNT] = {0};
	struct buf b = {0};

	(void)state;
	n[KIND_AUTH_FAILURE] = 12;
	n[KIND_RELAY_DENIED] = 1;
	wording_counts(&b, n);
	assert_string_equal(b.data, "12 login failures, 1 relay attempt");
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_kind),
	    cmocka_unit_test(services),
	    cmocka_unit_test(counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
