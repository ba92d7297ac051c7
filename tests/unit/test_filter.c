/* Protects: nobody special is accused, and no event is dropped for another
 * reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "agent/filter.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"

struct fixture {
	struct arena *arena;
	struct prefixes unreportable, own;
	struct addr addresses[2];
	struct filter *filter;
};

static int
setup(void **state)
{
	static struct fixture x;
	struct prefix p;
	const char *why;

	x = (struct fixture){.arena = arena_open(0)};
	prefixes_add_special(x.arena, &x.unreportable);
	assert_true(prefix_parse("9.9.9.0/24", &p, &why));
	prefixes_add(x.arena, &x.own, p);
	assert_true(addr_parse(TEXT("8.8.8.8"), &x.addresses[0]));
	assert_true(addr_parse(TEXT("2400::25"), &x.addresses[1]));
	x.filter = filter_open(&(struct filter_options){
	    .unreportable = &x.unreportable, .own = &x.own,
	    .addresses = x.addresses, .address_count = 2});
	*state = &x;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *x = *state;

	filter_close(x->filter);
	arena_close(x->arena);
	return 0;
}

static enum filter_verdict
judge(struct fixture *x, const char *address)
{
	struct event e = {.kind = KIND_AUTH_FAILURE};

	assert_true(addr_parse(text_of(address), &e.source));
	return filter_judge(x->filter, &e);
}

static void
nobody_special_is_accused(void **state)
{
	struct fixture *x = *state;
	struct event nobody = {.kind = KIND_AUTH_FAILURE};

	assert_int_equal(judge(x, "1.1.1.1"), FILTER_SEND);
	assert_int_equal(judge(x, "2400::26"), FILTER_SEND);
	assert_int_equal(judge(x, "127.0.0.1"), FILTER_UNREPORTABLE);
	assert_int_equal(judge(x, "::ffff:10.0.0.1"), FILTER_UNREPORTABLE);
	assert_int_equal(judge(x, "64:ff9b::10.0.0.1"), FILTER_UNREPORTABLE);
	assert_int_equal(judge(x, "9.9.9.200"), FILTER_UNREPORTABLE);
	assert_int_equal(judge(x, "8.8.8.8"), FILTER_UNREPORTABLE);
	assert_int_equal(judge(x, "2400::25"), FILTER_UNREPORTABLE);
	assert_int_equal(filter_judge(x->filter, &nobody),
	    FILTER_UNREPORTABLE);
	/* our own outage is told, whoever met it */
	nobody.kind = KIND_BACKEND_FAILURE;
	assert_true(addr_parse(TEXT("10.0.0.1"), &nobody.source));
	assert_int_equal(filter_judge(x->filter, &nobody), FILTER_SEND);
}

static void
logins_are_sent_once_an_hour(void **state)
{
	struct fixture *x = *state;
	struct event e = {.kind = KIND_LOGIN_SUCCESS, .login = TEXT("u"),
	    .time_us = INT64_C(1700000000000000)}, other;

	assert_true(addr_parse(TEXT("1.1.1.1"), &e.source));
	assert_int_equal(filter_judge(x->filter, &e), FILTER_SEND);
	assert_int_equal(filter_judge(x->filter, &e), FILTER_WITHHELD);
	other = e;
	other.login = TEXT("v");
	assert_int_equal(filter_judge(x->filter, &other), FILTER_SEND);
	other = e;
	assert_true(addr_parse(TEXT("1.1.1.2"), &other.source));
	assert_int_equal(filter_judge(x->filter, &other), FILTER_SEND);
	e.time_us += 3599 * CLOCK_SECOND_US;
	assert_int_equal(filter_judge(x->filter, &e), FILTER_WITHHELD);
	e.time_us += CLOCK_SECOND_US;
	assert_int_equal(filter_judge(x->filter, &e), FILTER_SEND);
	/* what was not committed was not sent */
	assert_int_equal(filter_judge(x->filter, &e), FILTER_WITHHELD);
	filter_forget(x->filter);
	assert_int_equal(filter_judge(x->filter, &e), FILTER_SEND);
	/* failures are never withheld */
	e.kind = KIND_AUTH_FAILURE;
	assert_int_equal(filter_judge(x->filter, &e), FILTER_SEND);
	assert_int_equal(filter_judge(x->filter, &e), FILTER_SEND);
}

static void
destination_is_filled_in(void **state)
{
	static const struct {
		const char *service;
		uint16_t port;
	} all[] = {
	    {"postfix/smtpd", 25}, {"postfix/submission/smtpd", 587},
	    {"postfix/smtps/smtpd", 465}, {"postfix/submissions/smtpd", 465},
	    {"postfix/own/smtpd", EVENT_NO_PORT},
	    {"dovecot/imap-login", EVENT_NO_PORT}, {NULL, EVENT_NO_PORT}};
	struct fixture *x = *state;

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		struct event e = {.service = text_of(all[i].service)};

		assert_true(addr_parse(TEXT("2400::1"), &e.source));
		filter_complete(x->filter, &e);
		assert_int_equal(e.local_port, all[i].port);
		assert_true(addr_equal(&e.local, &x->addresses[1]));
	}
	for (int known = 0; known < 2; known++) {
		struct event e = {.local_port = (uint16_t)(known * 26)};

		assert_true(addr_parse(TEXT("1.1.1.1"), &e.source));
		if (known)
			assert_true(addr_parse(TEXT("7.7.7.7"), &e.local));
		filter_complete(x->filter, &e);
		/* what the line says stays */
		assert_int_equal(e.local.bytes[0], known ? 7 : 8);
		assert_int_equal(e.local_port, known * 26);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(nobody_special_is_accused, setup,
	        teardown),
	    cmocka_unit_test_setup_teardown(logins_are_sent_once_an_hour,
	        setup, teardown),
	    cmocka_unit_test_setup_teardown(destination_is_filled_in, setup,
	        teardown),
	};

	return cmocka_run_group_tests_name("filter", tests, NULL, NULL);
}
