/* Protects: the same line is one event, and two lines never are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "proto/event.h"

static struct event
sample(void)
{
	struct event e = {.time_us = INT64_C(1700000000123456),
	    .kind = KIND_AUTH_FAILURE,
	    .pid = 12,
	    .host = TEXT("mx1"),
	    .program = TEXT("postfix/smtpd"),
	    .message = TEXT("warning: x")};

	event_make_id(&e, TEXT(""));
	return e;
}

static void
id_begins_with_the_second(void **state)
{
	struct event e = sample();
	char text[EVENT_TEXT_ID_BYTES];

	(void)state;
	event_format_id(text, e.id);
	assert_memory_equal(text, "6553f100", 8);
	assert_int_equal(strlen(text), 32);
	assert_true(event_id_is_true(&e, TEXT("")));
	/* what was logged before 1970 or after 2106 has an id as well */
	e.time_us = -5;
	event_make_id(&e, TEXT(""));
	assert_memory_equal(e.id, "\0\0\0\0", 4);
	e.time_us = INT64_C(253402300799000000);
	event_make_id(&e, TEXT(""));
	assert_memory_equal(e.id, "\xff\xff\xff\xff", 4);
}

static void
only_what_the_line_says_counts(void **state)
{
	struct event a = sample(), b = a;

	(void)state;
	b.time_us += 100; /* the same second */
	b.read_us = 7;
	b.kind = KIND_PROBE;
	b.rule = TEXT("another");
	b.login = TEXT("x");
	b.local.family = 4;
	b.local_port = 25;
	event_make_id(&b, TEXT(""));
	assert_memory_equal(a.id, b.id, EVENT_ID_BYTES);
}

static void
every_part_counts(void **state)
{
	struct event a = sample();

	(void)state;
	for (int i = 0; i < 8; i++) {
		struct event b = a;
		struct text site = TEXT("");

		switch (i) {
		case 0:
			b.time_us += 1000000;
			break;
		case 1:
			b.host = TEXT("mx2");
			break;
		case 2:
			b.program = TEXT("postfix/smtps");
			break;
		case 3:
			b.pid = EVENT_NO_PID;
			break;
		case 4:
			b.message = TEXT("warning: y");
			break;
		case 5:
			b.ordinal = 1;
			break;
		case 6:
			site = TEXT("b");
			break;
		default:
			/* texts do not run into each other */
			b.host = TEXT("mx1p");
			b.program = TEXT("ostfix/smtpd");
			break;
		}
		event_make_id(&b, site);
		assert_memory_not_equal(a.id, b.id, EVENT_ID_BYTES);
		assert_false(event_id_is_true(&a, TEXT("other")));
	}
}

static void
kinds_have_names(void **state)
{
	(void)state;
	for (int k = KIND_NONE + 1; k < KIND_COUNT; k++)
		assert_int_equal(kind_of_name(text_of(
		    kind_name((enum kind)k))), k);
	assert_null(kind_name(KIND_NONE));
	assert_null(kind_name(KIND_COUNT));
	assert_int_equal(kind_of_name(TEXT("auth")), KIND_NONE);
	assert_string_equal(kind_nearest("auth_failur"), "auth_failure");
	assert_true(kind_is_inner(KIND_BACKEND_FAILURE));
	assert_true(kind_is_inner(KIND_LOGIN_SUCCESS));
	assert_false(kind_is_inner(KIND_AUTH_FAILURE));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(id_begins_with_the_second),
	    cmocka_unit_test(only_what_the_line_says_counts),
	    cmocka_unit_test(every_part_counts),
	    cmocka_unit_test(kinds_have_names),
	};

	return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
