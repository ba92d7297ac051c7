/* Protects what an answer does to an address: how long it holds, when it is
 * asked again, and that a failure never makes a contact nor "nobody". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hub/conf.h"
#include "hub/lookup/ask.h"
#include "hub/lookup/settle.h"
#include "proto/base/arena.h"

static struct arena *arena;

static const struct hub_conf conf = {.lookup_found_min = 86400,
    .lookup_found_max = 30 * 86400, .lookup_none_for = 6 * 3600,
    .lookup_retry_first = 60, .lookup_retry_max = 6 * 3600,
    .report_from = "abuse-report@ours.example", .hub_domain = "hub.example"};

static struct settle_after
run(struct settle_before before, enum ask_state state, uint32_t ttl_s,
    const char *one, const char *two)
{
	struct ask_answer answer = {.method = ASK_ABUSIX, .state = state,
	    .ttl_s = ttl_s};
	struct settle_after after;

	if (one != NULL)
		answer.mailboxes[answer.mailboxes_n++] = text_of(one);
	if (two != NULL)
		answer.mailboxes[answer.mailboxes_n++] = text_of(two);
	settle(arena, &conf, &before, &answer, &after);
	return after;
}

static const struct settle_before fresh = {.found = true, .now_us = 1000,
    .fresh_until_us = 2000};
static const struct settle_before gone = {.found = true, .now_us = 2000,
    .fresh_until_us = 2000, .tries = 3};

static void
test_found(void **state)
{
	struct settle_after s = run(gone, ASK_FOUND, 60, "A+x@isp.example",
	    NULL);

	(void)state;
	assert_string_equal(s.state, "found");
	assert_string_equal(s.key, "a@isp.example");
	assert_string_equal(s.mailbox, "A+x@isp.example");
	assert_int_equal(s.tries, 0);
	assert_int_equal(s.fresh_s, 86400);
	assert_int_equal(s.next_s, 86400);
	s = run(gone, ASK_FOUND, 100000, "a@isp.example", NULL);
	assert_int_equal(s.fresh_s, 100000);
	assert_int_equal(
	    run(gone, ASK_FOUND, UINT32_MAX, "a@isp.example", NULL).fresh_s,
	    30 * 86400);
}

static void
test_ours_is_refused(void **state)
{
	struct settle_after s = run(fresh, ASK_FOUND, 60, "a@Ours.example",
	    "a@mx.hub.example");

	(void)state;
	assert_string_equal(s.state, "refused");
	assert_null(s.key);
	assert_false(s.kept);
	assert_string_equal(s.why, "mailbox is our own");
	s = run(fresh, ASK_FOUND, 60, "a@ours.example", "a@isp.example");
	assert_string_equal(s.state, "found");
	assert_string_equal(s.key, "a@isp.example");
	assert_null(s.why);
}

/* lookup does not believe its child. */
static void
test_checked_again(void **state)
{
	static const char *const lies[] = {"a@isp.example\r\nBcc: x@y.example",
	    "a@ripe.net", "x", "a,b@isp.example"};

	(void)state;
	for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
		struct settle_after s = run(fresh, ASK_FOUND, 60, lies[i],
		    NULL);

		assert_string_equal(s.state, "refused");
		assert_null(s.key);
	}
}

static void
test_none(void **state)
{
	struct settle_after s = run(fresh, ASK_NONE, 0, NULL, NULL);

	(void)state;
	assert_string_equal(s.state, "none");
	assert_false(s.kept);
	assert_int_equal(s.fresh_s, 6 * 3600);
	assert_int_equal(s.next_s, 6 * 3600);
}

static void
test_failed(void **state)
{
	static const int64_t waits[] = {60, 120, 240, 480, 960, 1920, 3840,
	    7680, 15360, 21600, 21600};
	struct settle_before before = {.now_us = 1};

	(void)state;
	for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
		struct settle_after s = run(before, ASK_FAILED, 0, NULL, NULL);

		assert_string_equal(s.state, "failed");
		assert_null(s.key);
		assert_false(s.kept);
		assert_int_equal(s.fresh_s, -1);
		assert_int_equal(s.next_s, waits[i]);
		before.tries = s.tries;
	}
	before.tries = INT32_MAX - 1;
	assert_int_equal(run(before, ASK_FAILED, 0, NULL, NULL).next_s, 21600);
}

static void
test_failed_refresh(void **state)
{
	(void)state;
	assert_true(run(fresh, ASK_FAILED, 0, NULL, NULL).kept);
	assert_false(run(gone, ASK_FAILED, 0, NULL, NULL).kept);
	assert_int_equal(run(gone, ASK_FAILED, 0, NULL, NULL).tries, 4);
}

static int
open_arena(void **state)
{
	(void)state;
	arena = arena_open(0);
	return 0;
}

static int
close_arena(void **state)
{
	(void)state;
	arena_close(arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_found),
	    cmocka_unit_test(test_ours_is_refused),
	    cmocka_unit_test(test_checked_again),
	    cmocka_unit_test(test_none),
	    cmocka_unit_test(test_failed),
	    cmocka_unit_test(test_failed_refresh),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
