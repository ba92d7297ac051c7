/* Protects from when on an address is accused: thresholds say what they mean,
 * a slip is refused, and a kind that nobody names is not reported at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hub/threshold.h"
#include "proto/base/arena.h"
#include "proto/base/conf.h"

static struct arena *arena;

static struct threshold
good(const char *s)
{
	struct threshold t;
	const char *why = NULL;

	assert_int_equal(threshold_parse(s, arena, &t, &why), 0);
	return t;
}

static const char *
bad(const char *s)
{
	struct threshold t;
	const char *why = NULL;

	assert_int_equal(threshold_parse(s, arena, &t, &why), -1);
	assert_non_null(why);
	return why;
}

static void
parsed(void **state)
{
	struct threshold t = good("auth_failure:tries=3,logins=2,agents=8");

	(void)state;
	assert_int_equal(t.kind, KIND_AUTH_FAILURE);
	assert_int_equal(t.tries, 3);
	assert_int_equal(t.logins, 2);
	assert_int_equal(t.agents, 8);
	t = good("relay_denied:tries=1");
	assert_int_equal(t.kind, KIND_RELAY_DENIED);
	assert_int_equal(t.tries, 1);
	assert_int_equal(t.logins, 0);
	assert_int_equal(good("auth_failure:logins=2").tries, 0);
}

static void
refused(void **state)
{
	(void)state;
	assert_string_equal(bad("auth_failur:tries=3"),
	    "unknown kind \"auth_failur\"; did you mean \"auth_failure\"?");
	assert_string_equal(bad("auth_failure"),
	    "\":\" and a threshold are missing behind the kind");
	assert_string_equal(bad("auth_failure:trys=3"),
	    "\"trys=3\" is not tries=, logins= or agents=; did you mean "
	    "\"tries=\"?");
	(void)bad("auth_failure:");
	(void)bad("auth_failure:tries");
	(void)bad("auth_failure:tries=");
	(void)bad("auth_failure:tries=0");
	(void)bad("auth_failure:tries=-1");
	(void)bad("auth_failure:tries=1x");
	(void)bad("auth_failure:tries=99999999999");
	(void)bad("auth_failure:logins=9");
	(void)bad("auth_failure:tries=3,");
	(void)bad("auth_failure:tries=3,,logins=2");
	(void)bad("relay_denied:tries=2,logins=2");
	(void)bad("");
}

static void
told(void **state)
{
	const char *kinds[] = {"auth_failure", "relay_denied", "probe"};
	const char *thresholds[] = {"relay_denied:tries=2",
	    "auth_failure:logins=2,agents=3", "dnsbl_reject:tries=1"};
	const struct conf_texts k = {.at = kinds, .n = 3},
	                        t = {.at = thresholds, .n = 3},
	                        none = {.n = 0};

	(void)state;
	/* without tries, no number of them is enough */
	assert_string_equal(threshold_tell(&k, &t, arena),
	    "1,9223372036854775807,2,3 2,2,0,0 10,3,0,0");
	assert_string_equal(threshold_tell(&k, &none, arena),
	    "1,3,0,0 2,3,0,0 10,3,0,0");
	assert_string_equal(threshold_tell(&none, &t, arena), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(parsed),
	    cmocka_unit_test(refused),
	    cmocka_unit_test(told),
	};
	int failed;

	arena = arena_open(0);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_close(arena);
	return failed;
}
