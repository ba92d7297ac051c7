/* Protects what the answers do to an address: whose contact it gets, how long
 * that holds, when it is asked again, and that a failure never makes a
 * contact nor "nobody". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hub/conf.h"
#include "hub/lookup/ask.h"
#include "hub/lookup/refusal.h"
#include "hub/lookup/settle.h"
#include "tests/unit/arena_fixture.h"

enum { DAY_S = 86400 };

static const struct hub_conf conf = {.lookup_found_min = DAY_S,
    .lookup_found_max = 30 * DAY_S, .lookup_none_for = 6 * 3600,
    .lookup_range_for = 7 * DAY_S, .lookup_stale_for = 5 * DAY_S,
    .lookup_retry_first = 60, .lookup_retry_max = 6 * 3600,
    .report_from = "abuse-report@ours.example", .hub_domain = "hub.example"};

static const struct refusal refusals[] = {
    {"@ripe.net", "mailbox of a registry"},
    {"removed@", "mailbox is a placeholder"}};
static const struct refusal dead[] = {
    {"dead@isp.example", "mail to this mailbox comes back"}};
static const struct settle_rules rules = {.refusals = refusals,
    .refusals_n = 2, .suspended = dead, .suspended_n = 1};

/* What a source says: a state, or up to two mailboxes. */
static struct settle_said
say(const char *method, enum ask_state state, uint32_t ttl_s, const char *one,
    const char *two)
{
	struct ask_answer *answer = arena_alloc(arena, sizeof *answer);
	struct settle_said s = {.method = method, .answer = answer,
	    .left_s = -1};

	*answer = (struct ask_answer){.state = state, .ttl_s = ttl_s,
	    .method = strcmp(method, "abusix") == 0 ? ASK_ABUSIX : ASK_RDAP};
	if (one != NULL)
		answer->mailboxes[answer->mailboxes_n++] = text_of(one);
	if (two != NULL)
		answer->mailboxes[answer->mailboxes_n++] = text_of(two);
	settle_judge(arena, &conf, &rules, &s);
	return s;
}

static struct settle_after
after(struct settle_before before, const struct settle_said *said, size_t n)
{
	struct settle_after out;

	settle(&conf, &before, said, n, &out);
	return out;
}

/* Of the zone alone. */
static struct settle_after
run(struct settle_before before, enum ask_state state, uint32_t ttl_s,
    const char *one, const char *two)
{
	struct settle_said *s = arena_alloc(arena, sizeof *s);

	*s = say("abusix", state, ttl_s, one, two);
	return after(before, s, 1);
}

static const struct settle_before fresh = {.found = true,
    .method = "abusix", .now_us = 1000, .fresh_until_us = 2000};
static const struct settle_before gone = {.found = true, .method = "abusix",
    .now_us = 2000, .fresh_until_us = 2000, .tries = 3};

static void
test_found(void **state)
{
	struct settle_after s = run(gone, ASK_FOUND, 60, "A+x@isp.example",
	    NULL);

	(void)state;
	assert_string_equal(s.state, "found");
	assert_string_equal(s.by->key, "a@isp.example");
	assert_string_equal(s.by->mailbox, "A+x@isp.example");
	assert_int_equal(s.tries, 0);
	assert_int_equal(s.fresh_s, DAY_S);
	assert_int_equal(s.next_s, DAY_S);
	s = run(gone, ASK_FOUND, 100000, "a@isp.example", NULL);
	assert_int_equal(s.fresh_s, 100000);
	assert_int_equal(
	    run(gone, ASK_FOUND, UINT32_MAX, "a@isp.example", NULL).fresh_s,
	    30 * DAY_S);
}

static void
test_ours_is_refused(void **state)
{
	struct settle_after s = run(fresh, ASK_FOUND, 60, "a@Ours.example",
	    "a@mx.hub.example");

	(void)state;
	assert_string_equal(s.state, "refused");
	assert_null(s.by->key);
	assert_false(s.kept);
	assert_string_equal(s.why, "mailbox is our own");
	s = run(fresh, ASK_FOUND, 60, "a@ours.example", "a@isp.example");
	assert_string_equal(s.state, "found");
	assert_string_equal(s.by->key, "a@isp.example");
	assert_null(s.why);
}

static void
test_refused_and_dead(void **state)
{
	struct settle_said said[2];
	struct settle_after s = run(fresh, ASK_FOUND, 60, "noc@sub.RIPE.net",
	    "removed+1@isp.example");

	(void)state;
	assert_string_equal(s.state, "refused");
	assert_string_equal(s.why, "mailbox is a placeholder");
	s = run(fresh, ASK_FOUND, 60, "Dead+x@isp.example", "b@isp.example");
	assert_string_equal(s.by->key, "b@isp.example");
	/* the next source is asked for another */
	said[0] = say("abusix", ASK_FOUND, 60, "dead@isp.example", NULL);
	assert_string_equal(said[0].state, "refused");
	assert_string_equal(said[0].why, "mail to this mailbox comes back");
	said[1] = say("rdap", ASK_FOUND, 0, "c@isp.example", NULL);
	s = after(fresh, said, 2);
	assert_ptr_equal(s.by, &said[1]);
	assert_string_equal(s.by->key, "c@isp.example");
	/* what the administrator says is not refused */
	said[0].trusted = true;
	settle_judge(arena, &conf, &rules, &said[0]);
	assert_string_equal(said[0].state, "found");
}

/* lookup does not believe its child. */
static void
test_checked_again(void **state)
{
	static const char *const lies[] = {"a@isp.example\r\nBcc: x@y.example",
	    "a@localhost", "x", "a,b@isp.example"};

	(void)state;
	for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
		struct settle_after s = run(fresh, ASK_FOUND, 60, lies[i],
		    NULL);

		assert_string_equal(s.state, "refused");
		assert_null(s.by->key);
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
	/* no source at all */
	s = after(fresh, NULL, 0);
	assert_string_equal(s.state, "none");
	assert_null(s.by);
	assert_int_equal(s.next_s, 6 * 3600);
}

static void
test_failed(void **state)
{
	static const int64_t waits[] = {60, 120, 240, 480, 960, 1920, 3840,
	    7680, 15360, 21600, 21600};
	struct settle_before before = {.now_us = 1, .method = ""};

	(void)state;
	for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
		struct settle_after s = run(before, ASK_FAILED, 0, NULL, NULL);

		assert_string_equal(s.state, "failed");
		assert_null(s.by->key);
		assert_false(s.kept);
		assert_int_equal(s.fresh_s, -1);
		assert_int_equal(s.next_s, waits[i]);
		before.tries = s.tries;
	}
	before.tries = INT32_MAX - 1;
	assert_int_equal(run(before, ASK_FAILED, 0, NULL, NULL).next_s, 21600);
}

/* The first failure gives stale_for more, later ones nothing. */
static void
test_failed_refresh(void **state)
{
	struct settle_before old = fresh;
	struct settle_after s = run(fresh, ASK_FAILED, 0, NULL, NULL);

	(void)state;
	assert_true(s.kept);
	assert_int_equal(s.stale_s, 5 * DAY_S);
	old.tries = 1;
	s = run(old, ASK_FAILED, 0, NULL, NULL);
	assert_true(s.kept);
	assert_int_equal(s.stale_s, 0);
	old.tries = 0;
	old.now_us = old.fresh_until_us + INT64_C(5) * DAY_S * 1000000 - 1;
	assert_true(run(old, ASK_FAILED, 0, NULL, NULL).kept);
	old.now_us++;
	assert_false(run(old, ASK_FAILED, 0, NULL, NULL).kept);
	assert_false(run(gone, ASK_FAILED, 0, NULL, NULL).kept);
	assert_int_equal(run(gone, ASK_FAILED, 0, NULL, NULL).tries, 4);
}

/* A contact goes when its own source has said something else, whatever the
 * next one does. */
static void
test_kept_by_its_own_source_only(void **state)
{
	struct settle_before before = fresh;
	struct settle_said said[2] = {
	    say("abusix", ASK_NONE, 0, NULL, NULL),
	    say("rdap", ASK_FAILED, 0, NULL, NULL)};
	struct settle_after s = after(before, said, 2);

	(void)state;
	assert_string_equal(s.state, "failed");
	assert_false(s.kept);
	before.method = "rdap";
	assert_true(after(before, said, 2).kept);
	before.method = "range";
	assert_true(after(before, said, 2).kept);
}

static void
test_order_of_sources(void **state)
{
	struct settle_said said[3] = {
	    say("abusix", ASK_REFUSED, 60, NULL, NULL),
	    say("range", ASK_NONE, 0, NULL, NULL),
	    say("rdap", ASK_FOUND, 0, "z@isp.example", NULL)};
	struct settle_after s = after(fresh, said, 3);

	(void)state;
	assert_string_equal(s.by->method, "rdap");
	assert_int_equal(s.fresh_s, 7 * DAY_S);
	/* not known is not "nobody" */
	said[2] = say("rdap", ASK_FAILED, 0, NULL, NULL);
	assert_string_equal(after(gone, said, 3).state, "failed");
	assert_string_equal(after(gone, said, 2).state, "refused");
}

/* How long a range's answer still holds; and a server that wants to be left
 * alone says when. */
static void
test_times_of_ranges_and_servers(void **state)
{
	struct settle_said s = say("range", ASK_FOUND, 0, "a@isp.example",
	    NULL);
	struct ask_answer later = {.state = ASK_FAILED, .method = ASK_RDAP,
	    .later_s = 7777};

	(void)state;
	s.left_s = 55;
	settle_judge(arena, &conf, &rules, &s);
	assert_int_equal(after(gone, &s, 1).fresh_s, 55);
	s.left_s = 0;
	settle_judge(arena, &conf, &rules, &s);
	assert_int_equal(after(gone, &s, 1).next_s, 1);
	s = (struct settle_said){.method = "rdap", .answer = &later,
	    .left_s = -1};
	settle_judge(arena, &conf, &rules, &s);
	assert_int_equal(after(gone, &s, 1).next_s, 7777);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_found),
	    cmocka_unit_test(test_ours_is_refused),
	    cmocka_unit_test(test_refused_and_dead),
	    cmocka_unit_test(test_checked_again),
	    cmocka_unit_test(test_none),
	    cmocka_unit_test(test_failed),
	    cmocka_unit_test(test_failed_refresh),
	    cmocka_unit_test(test_kept_by_its_own_source_only),
	    cmocka_unit_test(test_order_of_sources),
	    cmocka_unit_test(test_times_of_ranges_and_servers),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
