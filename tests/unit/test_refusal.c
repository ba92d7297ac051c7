/* Protects whom we refuse to mail: patterns mean what they say, and nothing
 * beside it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hub/lookup/mailbox.h"
#include "hub/lookup/refusal.h"
#include "tests/unit/arena_fixture.h"

static void
test_patterns(void **state)
{
	static const char *const good[][2] = {
	    {"Abuse+x@ISP.example", "abuse@isp.example"},
	    {"@RIPE.net", "@ripe.net"},
	    {"@b\xc3\xbc" "cher.example", "@xn--bcher-kva.example"},
	    {"NoReply@", "noreply@"}, {"no.reply@", "no.reply@"}};
	static const char *const bad[] = {"", "@", "x", "a b@", "@a b", "a@b@",
	    "@x..example", "<a@b.example>", "a,b@", "@192.0.2.1", "-a@",
	    "a@b.example\n"};
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		const char *p = refusal_pattern(arena, good[i][0], &why);

		assert_non_null(p);
		assert_string_equal(p, good[i][1]);
		/* what is stored is its own pattern */
		assert_string_equal(refusal_pattern(arena, p, &why), p);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (refusal_pattern(arena, bad[i], &why) != NULL)
			fail_msg("\"%s\" was taken", bad[i]);
		assert_non_null(why);
	}
}

static bool
refused(const char *pattern, const char *mailbox)
{
	struct refusal r = {pattern, "because"};
	struct mailbox m;
	const char *why;

	assert_int_equal(mailbox_parse(arena, text_of(mailbox), &m, &why),
	    MAILBOX_GOOD);
	why = refusal_why(&r, 1, &m);
	if (why != NULL)
		assert_string_equal(why, "because");
	return why != NULL;
}

static void
test_meaning(void **state)
{
	(void)state;
	assert_true(refused("@ripe.net", "a@RIPE.net"));
	assert_true(refused("@ripe.net", "a@x.y.ripe.net"));
	assert_false(refused("@ripe.net", "a@notripe.net"));
	assert_false(refused("@ripe.net", "a@ripe.net.example"));
	assert_true(refused("noreply@", "NoReply+1@isp.example"));
	assert_false(refused("noreply@", "noreply2@isp.example"));
	assert_false(refused("noreply@", "a.noreply@isp.example"));
	assert_true(refused("a@isp.example", "A+tag@isp.example"));
	assert_false(refused("a@isp.example", "a@sub.isp.example"));
	assert_false(refused("a@isp.example", "ba@isp.example"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_patterns),
	    cmocka_unit_test(test_meaning),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
