/* Protects the operator's template: fields are filled in, what is none is
 * refused before a mail is made, a report's facts are not looked into. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hub/report/compose.h"
#include "hub/report/greeting.h"
#include "hub/report/wording.h"
#include "proto/base/buf.h"

static const char *
written(struct buf *b, const char *template, enum language l)
{
	const struct compose_facts f = {.language = l, .source_count = 1,
	    .events = 12, .hosts = 2, .first_us = 0, .last_us = 1000000,
	    .organisation = "{events}", .reply_to = "r@hub.example",
	    .uuid = "4f0c8a52", .greeting = text_of(template)};

	buf_reset(b);
	greeting_write(b, &f);
	return b->data;
}

static void
fields(void **state)
{
	struct buf b = {0};

	(void)state;
	assert_string_equal(written(&b, "{addresses}, {events}, {servers}",
	        LANGUAGE_EN),
	    "1 address, 12 events, 2 mail servers of ours\n");
	assert_string_equal(written(&b, "{addresses}, {events}",
	        LANGUAGE_DE), "1 Adresse, 12 Ereignisse\n");
	assert_string_equal(written(&b, "{first} {last} {report_id}\n"
	                                "{reply_to} {organisation}",
	        LANGUAGE_EN),
	    "1970-01-01T00:00:00Z 1970-01-01T00:00:01Z 4f0c8a52\n"
	    "r@hub.example {events}\n");
	assert_string_equal(written(&b, "{{events}} }} } {{", LANGUAGE_EN),
	    "{events} } } {\n");
	(void)written(&b, "", LANGUAGE_EN);
	assert_int_equal(b.n, 0);
	buf_free(&b);
}

static void
check(void **state)
{
	static const char *const good[] = {"", "text\n", "{events}",
	    "{{", "{{anything}}", "}", "a } b", "{addresses}{first}{last}"};
	static const char *const bad[] = {"{", "{event}", "{}", "{events",
	    "{ev\nents}", "{{{", "{events {last}}", "{EVENTS}", "{{}{}",
	    "{aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}"};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_int_equal(greeting_check(text_of(good[i]), "g"), 0);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(greeting_check(text_of(bad[i]), "g"), -1);
}

/* The built-in one of each language passes its own check. */
static void
built_in(void **state)
{
	(void)state;
	for (int l = 0; l < LANGUAGE_COUNT; l++) {
		const char *s = wording_texts[l][WORDING_greeting];

		assert_int_equal(greeting_check(text_of(s), "g"), 0);
		assert_non_null(strstr(s, "{addresses}"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fields),
	    cmocka_unit_test(check),
	    cmocka_unit_test(built_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
