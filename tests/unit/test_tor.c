/* Protects the reading of Tor's exit lists and answers: what is broken is
 * refused whole, and never means that nobody is an exit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/lookup/tor.h"
#include "proto/base/addr.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"
#include "proto/base/clock.h"

#define FINGERPRINT "0011BD2485AD45D984EC4159C88FC066E5E3300E"
#define NODE "ExitNode " FINGERPRINT "\nPublished 2026-11-20 11:02:03\n" \
             "LastStatus 2026-11-21 10:00:00\n"

static struct arena *arena;
static int64_t now_us;

static int64_t
time_of(const char *s)
{
	int64_t us;

	assert_int_equal(clock_parse(s, strlen(s), &us), strlen(s));
	return us;
}

/* From an allocation of just that size, so that sanitizers see overreads. */
static int
parse(const char *s, size_t n, size_t least, struct tor_list *out,
    const char **why)
{
	struct tor_limits limits = {.now_us = now_us, .entries_min = least};
	char *exact = malloc(n == 0 ? 1 : n);
	int r;

	assert_non_null(exact);
	memcpy(exact, s, n);
	r = tor_parse(arena, exact, n, &limits, out, why);
	free(exact);
	return r;
}

static struct tor_list
good(const char *s)
{
	struct tor_list out;
	const char *why;

	if (parse(s, strlen(s), 1, &out, &why) < 0)
		fail_msg("refused: %s\n%s", why, s);
	assert_null(why);
	return out;
}

static void
refused(const char *s, const char *want)
{
	struct tor_list out;
	const char *why;

	if (parse(s, strlen(s), 1, &out, &why) == 0)
		fail_msg("accepted:\n%s", s);
	assert_string_equal(why, want);
	assert_int_equal(out.n, 0);
}

static const char *
shown(const struct tor_entry *e)
{
	char address[ADDR_TEXT_BYTES], first[CLOCK_TEXT_BYTES],
	    last[CLOCK_TEXT_BYTES];

	return arena_printf(arena, "%s %s %s",
	    addr_format(address, &e->address),
	    clock_format(first, e->first_us, false),
	    clock_format(last, e->last_us, false));
}

static void
test_exit_addresses(void **state)
{
	struct tor_list list = good(
	    NODE "ExitAddress 203.0.113.9 2026-11-21 10:45:07\n"
	    "ExitAddress 2001:db8::9 2026-11-21 10:45:09\n"
	    "ExitNode " FINGERPRINT "\r\n"
	    "Published 2026-11-20 11:02:03\r\n"
	    "LastStatus 2026-11-21 10:00:00\r\n"
	    "ExitAddress 203.0.113.9 2026-11-20 23:01:00\r\n"
	    "ExitAddress ::ffff:203.0.113.10 2026-11-21 11:30:00\r\n");

	(void)state;
	assert_true(list.timed);
	assert_int_equal(list.n, 3);
	assert_string_equal(shown(&list.at[0]), "203.0.113.9 "
	                                        "2026-11-20T23:01:00Z "
	                                        "2026-11-21T10:45:07Z");
	assert_string_equal(shown(&list.at[1]), "203.0.113.10 "
	                                        "2026-11-21T11:30:00Z "
	                                        "2026-11-21T11:30:00Z");
	assert_string_equal(shown(&list.at[2]), "2001:db8::9 "
	                                        "2026-11-21T10:45:09Z "
	                                        "2026-11-21T10:45:09Z");
	assert_int_equal(list.newest_us, time_of("2026-11-21T11:30:00Z"));
}

/* As CollecTor keeps them, and as a later version might be. */
static void
test_later_keywords(void **state)
{
	struct tor_list list = good(
	    "@type tordnsel 1.0\nDownloaded 2026-11-21 11:02:00\n# a note\n\n"
	    NODE "Colour blue, or so\n"
	    "ExitAddress 203.0.113.9 2026-11-21 10:45:07\n");

	(void)state;
	assert_int_equal(list.n, 1);
	refused("@type tordnsel 2.0\nExitAddress 203.0.113.9 "
	        "2026-11-21 10:45:07\n",
	    "it is no exit list");
}

static void
test_plain(void **state)
{
	struct tor_list list = good("# exits\n203.0.113.9\n\n2001:db8::9\n"
	                            "203.0.113.9\n");

	(void)state;
	assert_false(list.timed);
	assert_int_equal(list.n, 2);
	assert_int_equal(list.newest_us, now_us);
	assert_int_equal(list.at[1].first_us, now_us);
}

static void
test_no_list(void **state)
{
	static const char *const none[] = {
	    "<!DOCTYPE html>\n<html><body>down</body></html>\n",
	    "{\"exits\": []}\n",
	    "203.0.113.9\n<html>\n",
	    "203.0.113.9 203.0.113.10\n",
	    "203.0.113.9\n" NODE,
	    NODE "203.0.113.9\n",
	    "IPv6:2001:db8::9\n",
	    "fe80::1%eth0\n",
	    "203.0.113.0/24\n",
	    NODE "Colour \x1b[31m\n",
	};
	static const char *const malformed[] = {
	    "ExitAddress 203.0.113.9\n",
	    "ExitAddress 203.0.113 2026-11-21 10:45:07\n",
	    "ExitAddress 203.0.113.9 2026-11-21T10:45:07\n",
	    "ExitAddress 203.0.113.9 2026-11-21 10:45:07 x\n",
	    "ExitAddress 203.0.113.9 2026-11-21 25:45:07\n",
	    "ExitAddress 203.0.113.9 2026-13-21 10:45:07\n",
	    "ExitAddress  203.0.113.9 2026-11-21 10:45:07\n",
	    "ExitAddress\n",
	    "ExitNode 0011\n",
	    "ExitNode <" FINGERPRINT "\n",
	    "Published yesterday\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
		refused(none[i], "it is no exit list");
	for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++)
		refused(arena_printf(arena, NODE "ExitAddress 203.0.113.8 "
		                            "2026-11-21 10:00:00\n%s",
		            malformed[i]),
		    "a line in it is malformed");
}

static void
test_empty_and_cut(void **state)
{
	static const char whole[] = NODE
	    "ExitAddress 203.0.113.9 2026-11-21 10:45:07\n"
	    "ExitAddress 203.0.113.10 2026-11-21 10:45:07\n";
	struct tor_list out;
	const char *why;

	(void)state;
	refused("", "it is empty");
	refused("\n\n# nothing\n", "it is empty");
	refused(NODE, "it is empty");
	assert_int_equal(parse(whole, sizeof whole - 1, 2, &out, &why), 0);
	assert_int_equal(parse(whole, sizeof whole - 1, 3, &out, &why), -1);
	assert_string_equal(why,
	    "it names fewer addresses than a whole list does");
	/* cut anywhere: never taken for a whole one */
	for (size_t n = 0; n < sizeof whole - 1; n++)
		assert_int_equal(parse(whole, n, 2, &out, &why), -1);
	/* a NUL is no blank */
	assert_int_equal(parse("203.0.113.9\0\n", 13, 1, &out, &why), -1);
}

static void
test_times(void **state)
{
	(void)state;
	(void)good("ExitAddress 203.0.113.9 2026-11-21 12:09:59\n");
	refused("ExitAddress 203.0.113.9 2026-11-21 12:10:01\n",
	    "it names a time that has not come yet");
	(void)good("ExitAddress 203.0.113.9 2026-11-20 12:00:00\n");
	refused("ExitAddress 203.0.113.9 2026-11-20 11:59:59\n",
	    "its newest test is over a day old");
	/* one old line among new ones does not stretch over the days */
	assert_int_equal(
	    good("ExitAddress 203.0.113.9 2026-11-21 11:00:00\n"
	         "ExitAddress 203.0.113.10 2026-11-18 10:59:59\n").n, 1);
	assert_string_equal(
	    shown(&good("ExitAddress 203.0.113.9 2026-11-21 11:00:00\n"
	                "ExitAddress 203.0.113.9 2026-11-18 10:59:59\n")
	               .at[0]),
	    "203.0.113.9 2026-11-21T11:00:00Z 2026-11-21T11:00:00Z");
}

static void
test_size(void **state)
{
	struct buf b = {0};
	struct tor_list out;
	const char *why;

	(void)state;
	for (int i = 0; i <= TOR_ENTRIES_MOST; i++)
		buf_printf(&b, "10.%d.%d.%d\n", i >> 16 & 255, i >> 8 & 255,
		    i & 255);
	assert_int_equal(parse(b.data, b.n, 1, &out, &why), -1);
	assert_string_equal(why, "it names too many addresses");
	buf_reset(&b);
	while (b.n < TOR_LIST_BYTES)
		buf_puts(&b, "203.0.113.9\n\n\n\n\n");
	assert_int_equal(parse(b.data, b.n + 1, 1, &out, &why), -1);
	assert_string_equal(why, "it is too long");
	/* many lines do not make much memory */
	arena_reset(arena);
	assert_int_equal(parse(b.data, TOR_LIST_BYTES / 32 * 32, 1, &out,
	                     &why),
	    -1);
	assert_true(arena_used(arena) < TOR_LIST_BYTES);
	buf_free(&b);
}

/* ---- answers ---- */

/* "7.113.0.203.z" asked for an A record; flags and records follow. */
static const uint8_t question[] = {0, 1, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0,
    1, '7', 3, '1', '1', '3', 1, '0', 3, '2', '0', '3', 1, 'z', 0, 0, 1, 0,
    1};

static enum tor_verdict
judge(int rcode, int records, const uint8_t last, int type, const char **why)
{
	uint8_t m[256];
	size_t n = sizeof question;

	memcpy(m, question, n);
	m[3] = (uint8_t)(m[3] | rcode);
	m[7] = (uint8_t)records;
	for (int i = 0; i < records; i++) {
		uint8_t record[] = {0xc0, 12, 0, (uint8_t)type, 0, 1, 0, 0, 0,
		    60, 0, 4, 127, 0, 0, i + 1 == records ? last : 2};

		memcpy(m + n, record, sizeof record);
		n += sizeof record;
	}
	return tor_judge(arena, m, n, "7.113.0.203.z", why);
}

static void
test_judge(void **state)
{
	const char *why;

	(void)state;
	assert_int_equal(judge(0, 1, 2, 1, &why), TOR_EXIT);
	assert_null(why);
	assert_int_equal(judge(0, 2, 2, 1, &why), TOR_EXIT);
	assert_int_equal(judge(3, 0, 0, 1, &why), TOR_NO);
	assert_null(why);
	/* a resolver that answers for names which are not there */
	assert_int_equal(judge(0, 1, 1, 1, &why), TOR_UNKNOWN);
	assert_string_equal(why, "answer is not 127.0.0.2");
	assert_int_equal(judge(0, 2, 3, 1, &why), TOR_UNKNOWN);
	assert_int_equal(judge(0, 0, 0, 1, &why), TOR_UNKNOWN);
	assert_string_equal(why, "no such record at that name");
	assert_int_equal(judge(2, 0, 0, 1, &why), TOR_UNKNOWN);
	assert_string_equal(why, "server failure");
	assert_int_equal(judge(5, 0, 0, 1, &why), TOR_UNKNOWN);
	assert_int_equal(judge(0, 1, 2, 16, &why), TOR_UNKNOWN);
	assert_int_equal(tor_judge(arena, question, 11, "7.113.0.203.z",
	                     &why),
	    TOR_UNKNOWN);
	assert_int_equal(tor_judge(arena, question, sizeof question,
	                     "8.113.0.203.z", &why),
	    TOR_UNKNOWN);
	assert_string_equal(why, "answer to another question");
}

static void
test_zone_works(void **state)
{
	const enum tor_verdict gone[] = {TOR_NO, TOR_UNKNOWN, TOR_EXIT};
	const char *why;

	(void)state;
	assert_true(tor_zone_works(TOR_NO, gone, 3, &why));
	assert_true(tor_zone_works(TOR_NO, NULL, 0, &why));
	assert_true(tor_zone_works(TOR_UNKNOWN, gone, 3, &why));
	assert_null(why);
	assert_false(tor_zone_works(TOR_NO, gone, 2, &why));
	assert_string_equal(why,
	    "the zone knows no exit that there was lately");
	assert_false(tor_zone_works(TOR_EXIT, gone, 3, &why));
	assert_string_equal(why, "the zone takes everybody for an exit");
}

static int
open_arena(void **state)
{
	(void)state;
	arena = arena_open(0);
	now_us = time_of("2026-11-21T12:00:00Z");
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
	    cmocka_unit_test(test_exit_addresses),
	    cmocka_unit_test(test_later_keywords),
	    cmocka_unit_test(test_plain),
	    cmocka_unit_test(test_no_list),
	    cmocka_unit_test(test_empty_and_cut),
	    cmocka_unit_test(test_times),
	    cmocka_unit_test(test_size),
	    cmocka_unit_test(test_judge),
	    cmocka_unit_test(test_zone_works),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
