/* Protects the words of a report: each language has them all, what programs
 * look for is the same in all, services get words of ours and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "hub/report/wording.h"
#include "proto/base/buf.h"

/* Every wording can be said in every language; those that programs look for
 * are the same in all. */
static void
each_wording(void **state)
{
	(void)state;
	for (int w = 0; w < WORDING_COUNT; w++)
		for (int l = 0; l < LANGUAGE_COUNT; l++) {
			const char *s = wording_texts[l][w];

			assert_non_null(s);
			assert_true(text_is_utf8(s, strlen(s)));
			assert_true(s[0] != '\0');
			if (w >= WORDING_subject_one && w <= WORDING_zone_note)
				assert_string_equal(s,
				    wording_texts[LANGUAGE_EN][w]);
		}
}

static void
each_kind(void **state)
{
	int64_t n[KIND_COUNT] = {0};
	struct buf b = {0};

	(void)state;
	for (int i = 0; i < KIND_COUNT; i++) {
		enum kind k = (enum kind)i;

		assert_non_null(wording_kind(k));
		n[i] = 3;
		for (int l = 0; l < LANGUAGE_COUNT; l++) {
			buf_reset(&b);
			wording_say_kinds(&b, (enum language)l, n);
			assert_memory_equal(b.data, "3 ", 2);
			buf_reset(&b);
			wording_say(&b, (enum language)l, wording_explain(k),
			    WORDING_FIELDS({"word", wording_kind(k)}));
			assert_memory_equal(b.data, wording_kind(k),
			    strlen(wording_kind(k)));
		}
		n[i] = 0;
	}
	buf_free(&b);
}

/* A value is not looked into. */
static void
fields(void **state)
{
	struct buf b = {0};

	(void)state;
	wording_say(&b, LANGUAGE_EN, WORDING_group,
	    WORDING_FIELDS({"events", "{prefix}"}, {"prefix", "{n} %s"},
	        {"addresses", "{"}));
	assert_string_equal(b.data, "{n} %s: {, {prefix}");
	buf_free(&b);
}

static void
subjects(void **state)
{
	(void)state;
	for (int i = 1; i < KIND_COUNT; i++) {
		int64_t n[KIND_COUNT] = {0};
		const char *s;

		n[i] = 1;
		s = wording_texts[LANGUAGE_EN][wording_subject(n)];
		/* a parser of abuse desks drops those */
		assert_int_not_equal(strncasecmp(s, "re:", 3), 0);
		if (i == KIND_AUTH_FAILURE) {
			assert_non_null(strstr(s, "SMTP"));
			assert_non_null(strstr(s, "login attempts"));
			assert_non_null(strstr(s, "brute force"));
		}
	}
}

static void
countries(void **state)
{
	(void)state;
	assert_int_equal(language_of_country("DE"), LANGUAGE_DE);
	assert_int_equal(language_of_country("ch"), LANGUAGE_DE);
	assert_int_equal(language_of_country("LU"), LANGUAGE_FR);
	assert_int_equal(language_of_country("SN"), LANGUAGE_FR);
	assert_int_equal(language_of_country("BE"), LANGUAGE_EN);
	assert_int_equal(language_of_country("US"), LANGUAGE_EN);
	assert_int_equal(language_of_country(""), LANGUAGE_EN);
	assert_int_equal(language_of_country(" D"), LANGUAGE_EN);
	assert_int_equal(language_of_country("DEU"), LANGUAGE_EN);
	assert_int_equal(language_choose("fr", "DE"), LANGUAGE_FR);
	assert_int_equal(language_choose(NULL, "DE"), LANGUAGE_DE);
	assert_int_equal(language_choose("", "AT"), LANGUAGE_DE);
	assert_int_equal(language_choose("xx", NULL), LANGUAGE_EN);
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
	wording_say_kinds(&b, LANGUAGE_EN, n);
	assert_string_equal(b.data, "12 login failures, 1 relay attempt");
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_wording),
	    cmocka_unit_test(each_kind),
	    cmocka_unit_test(fields),
	    cmocka_unit_test(subjects),
	    cmocka_unit_test(countries),
	    cmocka_unit_test(services),
	    cmocka_unit_test(counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
