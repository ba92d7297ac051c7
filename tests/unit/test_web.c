/* Protects what lookup's web client decides without a network: where it may
 * connect to, when it may come again, what a body may be, and the pace. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hub/lookup/pace.h"
#include "hub/lookup/web_guard.h"
#include "hub/lookup/web_head.h"
#include "proto/base/addr.h"
#include "proto/base/arena.h"

static bool
allows(const char *address, const struct prefixes *inside)
{
	struct addr a;

	assert_true(addr_parse(text_of(address), &a));
	return web_guard_allows(inside, &a);
}

static void
test_guard(void **state)
{
	static const char *const inside[] = {"127.0.0.1", "127.255.255.254",
	    "0.0.0.0", "10.1.2.3", "100.64.0.1", "169.254.169.254",
	    "172.16.0.1", "172.31.255.255", "192.168.1.1", "192.0.2.1",
	    "198.18.0.1", "198.51.100.1", "203.0.113.1", "192.88.99.1",
	    "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1",
	    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1",
	    "::8.8.8.8", "64:ff9b::127.0.0.1", "64:ff9b::192.168.0.1",
	    "64:ff9b:1::1", "2002:7f00:1::", "2002:808:808::1", "2001::1",
	    "2001:db8::1", "3fff::1", "4000::1", "5f00::1", "fc00::1",
	    "fd12:3456::1", "fe80::1", "fec0::1", "ff02::1", "100::1"};
	static const char *const outside[] = {"8.8.8.8", "193.0.6.139",
	    "172.15.255.255", "172.32.0.1", "100.63.255.255", "100.128.0.1",
	    "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2001:67c:2e8::1",
	    "2a00::1", "2620:fe::9"};
	const struct prefixes none = {0};
	struct addr no_address = {0};

	(void)state;
	for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++)
		if (allows(inside[i], &none))
			fail_msg("%s is allowed", inside[i]);
	for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++)
		if (!allows(outside[i], &none))
			fail_msg("%s is not allowed", outside[i]);
	assert_false(web_guard_allows(&none, &no_address));
	assert_string_equal(web_guard_schemes(), "https");
}

static void
test_guard_inside(void **state)
{
	struct arena *a = arena_open(0);
	struct prefixes inside = {0};
	struct prefix p;
	const char *why;

	(void)state;
	assert_true(prefix_parse("127.99.0.1/32", &p, &why));
	prefixes_add(a, &inside, p);
	assert_true(allows("127.99.0.1", &inside));
	assert_true(allows("::ffff:127.99.0.1", &inside));
	assert_false(allows("127.99.0.2", &inside));
	assert_false(allows("127.0.0.1", &inside));
	arena_close(a);
}

static void
test_retry_after(void **state)
{
	/* 784111777 is the date of RFC 9110's examples */
	static const struct {
		const char *value;
		int64_t now_s;
		long want; /* -1: none */
	} cases[] = {
	    {"120", 0, 120}, {" 120 ", 0, 120}, {"0", 0, 1},
	    {"86400", 0, 86400}, {"86401", 0, 86400},
	    {"99999999999999999999999999999", 0, 86400}, {"-1", 0, -1},
	    {"+1", 0, -1}, {"1.5", 0, -1}, {"", 0, -1}, {"soon", 0, -1},
	    {"0x10", 0, -1}, {"12 s", 0, -1},
	    {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777 - 60, 60},
	    {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777 - 60, 86400},
	    {"Monday, 06-Nov-28 08:49:37 GMT", 1857113377 - 61, 61},
	    {"Sun Nov  6 08:49:37 1994", 784111777 - 60, 60},
	    {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777, 1},
	    {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777 + 9, 1},
	    {"Sun, 06 Nov 9999 08:49:37 GMT", 784111777, 86400},
	    {"Sun, 06 Nov 1994 08:49:37", 784111777, -1},
	    {"Sun, 06 Nov 1994 08:49:37 GMTx", 784111777, -1},
	    {"Sun, 06 Nix 1994 08:49:37 GMT", 784111777, -1},
	    {"Sun, 46 Nov 1994 08:49:37 GMT", 784111777, -1},
	    {"Sun, 06 Nov 1994 48:49:37 GMT", 784111777, -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint32_t out = 7;
		bool got = web_head_retry_after(text_of(cases[i].value),
		    cases[i].now_s, 86400, &out);

		if (got != (cases[i].want >= 0) ||
		    out != (got ? (uint32_t)cases[i].want : 7))
			fail_msg("%s: %u", cases[i].value, out);
	}
	/* neither a NUL nor what is behind it is read */
	assert_false(web_head_retry_after((struct text){"1\0002", 3}, 0, 9,
	    &(uint32_t){0}));
}

static void
test_fields(void **state)
{
	static const char list[] = "application/rdap+json, application/json";

	(void)state;
	assert_true(text_is(web_head_value(TEXT("retry-AFTER:  5 \r\n"),
	                        "Retry-After"), "5"));
	assert_true(text_is(web_head_value(TEXT("X:\r\n"), "X"), ""));
	assert_null(web_head_value(TEXT("Retry-After-X: 5"),
	    "Retry-After").at);
	assert_null(web_head_value(TEXT("Retry-After"), "Retry-After").at);
	assert_true(web_head_type_is("application/rdap+json", list));
	assert_true(web_head_type_is("Application/JSON; charset=utf-8", list));
	assert_true(web_head_type_is(" application/json ;x", list));
	assert_false(web_head_type_is("application/jsonx", list));
	assert_false(web_head_type_is("text/html", list));
	assert_false(web_head_type_is("", list));
	assert_false(web_head_type_is("application/rdap+json, application/json",
	    list));
}

static void
test_pace(void **state)
{
	struct pace *p = pace_open(&(struct pace_rule){.parallel = 2,
	    .interval_ms = 100, .rest_ms = 5000});
	int64_t until = 0;

	(void)state;
	assert_int_equal(pace_ask(p, "a", 0, &until), PACE_NOW);
	pace_begin(p, "a", 0);
	assert_int_equal(pace_ask(p, "a", 99, &until), PACE_WAIT);
	assert_int_equal(until, 100);
	assert_int_equal(pace_ask(p, "b", 99, &until), PACE_NOW);
	assert_int_equal(pace_ask(p, "a", 100, &until), PACE_NOW);
	pace_begin(p, "a", 100);
	assert_int_equal(pace_ask(p, "a", 1000, &until), PACE_WAIT);
	assert_true(until == INT64_MAX);
	pace_end(p, "a", true, 1000);
	assert_int_equal(pace_ask(p, "a", 1000, &until), PACE_NOW);
	pace_hold(p, "a", 9000);
	pace_hold(p, "a", 8000); /* does not shorten it */
	pace_end(p, "a", true, 1001);
	assert_int_equal(pace_ask(p, "a", 8999, &until), PACE_HELD);
	assert_int_equal(until, 9000);
	assert_int_equal(pace_ask(p, "a", 9000, &until), PACE_NOW);
	pace_close(p);
	pace_close(NULL);
}

static void
fail_once(struct pace *p, int64_t now)
{
	pace_begin(p, "a", now);
	pace_end(p, "a", false, now);
}

static void
test_pace_of_failures(void **state)
{
	struct pace *p = pace_open(&(struct pace_rule){.parallel = 1,
	    .rest_ms = 5000});
	int64_t until;

	(void)state;
	fail_once(p, 1);
	fail_once(p, 1);
	pace_begin(p, "a", 1);
	pace_end(p, "a", true, 1);
	fail_once(p, 2);
	fail_once(p, 2);
	assert_int_equal(pace_ask(p, "a", 2, &until), PACE_NOW);
	fail_once(p, 2);
	assert_int_equal(pace_ask(p, "a", 5001, &until), PACE_HELD);
	assert_int_equal(pace_ask(p, "a", 5002, &until), PACE_NOW);
	/* one try after each rest */
	fail_once(p, 5002);
	assert_int_equal(pace_ask(p, "a", 5003, &until), PACE_HELD);
	assert_int_equal(until, 10002);
	pace_close(p);
}

/* A redirector with ever new names does not make us forget a pause. */
static void
test_pace_forgets_the_right_one(void **state)
{
	struct pace *p = pace_open(&(struct pace_rule){.parallel = 1,
	    .rest_ms = 1});
	char name[300];
	int64_t until;

	(void)state;
	pace_begin(p, "held", 0);
	pace_hold(p, "held", 1000000);
	pace_end(p, "held", true, 0);
	pace_begin(p, "busy", 0);
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(name, sizeof name, "%d.%0250d.example", i, 0);
		pace_begin(p, name, i + 1);
		pace_end(p, name, true, i + 1);
	}
	assert_int_equal(pace_ask(p, "held", 2000, &until), PACE_HELD);
	assert_int_equal(pace_ask(p, "busy", 2000, &until), PACE_WAIT);
	pace_end(p, "busy", true, 2000);
	/* when all have a pause, the one that ends first goes */
	for (int i = 0; i < 2 * PACE_HOSTS; i++) {
		(void)snprintf(name, sizeof name, "x%d", i);
		pace_begin(p, name, 2000);
		pace_hold(p, name, 3000 + i);
		pace_end(p, name, true, 2000);
	}
	assert_int_equal(pace_ask(p, "held", 2000, &until), PACE_HELD);
	assert_int_equal(pace_ask(p, "x0", 2000, &until), PACE_NOW);
	pace_close(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_guard),
	    cmocka_unit_test(test_guard_inside),
	    cmocka_unit_test(test_retry_after),
	    cmocka_unit_test(test_fields),
	    cmocka_unit_test(test_pace),
	    cmocka_unit_test(test_pace_of_failures),
	    cmocka_unit_test(test_pace_forgets_the_right_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
