/* Protects the step from a contact source's words to an answer: which
 * mailboxes are in them, what is nobody, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hub/lookup/ask.h"
#include "hub/lookup/judge.h"
#include "tests/unit/arena_fixture.h"

static const struct {
	const char *texts[4];
	enum ask_state state;
	const char *mailboxes; /* joined by blanks */
} cases[] = {
    {{"abuse@isp.example"}, ASK_FOUND, "abuse@isp.example"},
    {{" a@isp.example , b@isp.example "}, ASK_FOUND,
        "a@isp.example b@isp.example"},
    {{"a@isp.example", "b@isp.example"}, ASK_FOUND,
        "a@isp.example b@isp.example"},
    {{"a@isp.example,A@isp.example,a+1@isp.example"}, ASK_FOUND,
        "a@isp.example"},
    {{"root@localhost,abuse@localhost"}, ASK_REFUSED, ""},
    {{"removed@localhost,abuse@isp.example"}, ASK_FOUND,
        "abuse@isp.example"},
    {{"words,abuse@router.lan"}, ASK_REFUSED, ""},
    {{"Abusix ContactDB Test point"}, ASK_NONE, ""},
    {{""}, ASK_NONE, ""},
    {{",,,"}, ASK_NONE, ""},
    {{"a@isp.example\r\nBcc: b@victim.example"}, ASK_NONE, ""},
    {{"a@isp.example\n,b@victim.example"}, ASK_NONE, ""},
    {{"\"a,b@victim.example,c\"@isp.example"}, ASK_NONE, ""},
    {{"@x.example,@y.example:z@w.example"}, ASK_NONE, ""},
    {{"(a,b@victim.example,c)a@isp.example"}, ASK_NONE, ""},
    {{"a@isp.example\x1b"}, ASK_NONE, ""},
    {{"\x1b", "a@isp.example"}, ASK_FOUND, "a@isp.example"},
    {{"a@isp.example b@isp.example"}, ASK_NONE, ""},
    {{"\ta@isp.example"}, ASK_NONE, ""},
    {{"a@bücher.example"}, ASK_FOUND, "a@xn--bcher-kva.example"},
};

static void
judge(const struct text *texts, size_t n, struct ask_answer *out)
{
	*out = (struct ask_answer){.method = ASK_ABUSIX};
	judge_texts(arena, texts, n, out);
	assert_int_equal(out->state == ASK_FOUND, out->why.at == NULL);
	assert_int_equal(out->state == ASK_FOUND, out->mailboxes_n != 0);
	assert_true(out->said.n <= ASK_SAID_BYTES);
	for (size_t i = 0; i < out->said.n; i++)
		assert_true((unsigned char)out->said.at[i] >= 0x20);
}

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct text texts[4];
		struct ask_answer out;
		char all[256] = "";
		size_t n = 0;

		for (; n < 4 && cases[i].texts[n] != NULL; n++)
			texts[n] = text_of(cases[i].texts[n]);
		judge(texts, n, &out);
		for (size_t k = 0; k < out.mailboxes_n; k++) {
			if (k != 0)
				strcat(all, " ");
			strncat(all, out.mailboxes[k].at,
			    out.mailboxes[k].n);
		}
		if (out.state != cases[i].state ||
		    strcmp(all, cases[i].mailboxes) != 0)
			fail_msg("case %zu: state %d, \"%s\"", i, out.state,
			    all);
	}
}

static void
test_nothing_at_all(void **state)
{
	struct ask_answer out;

	(void)state;
	judge(NULL, 0, &out);
	assert_int_equal(out.state, ASK_NONE);
	assert_null(out.said.at);
}

static void
test_too_long_is_dropped_whole(void **state)
{
	static char big[4097] = "a@isp.example";
	struct text texts[] = {{.at = big, .n = sizeof big}};
	struct ask_answer out;

	(void)state;
	memset(big + strlen(big), ',', sizeof big - strlen(big));
	judge(texts, 1, &out);
	assert_int_equal(out.state, ASK_NONE);
	assert_int_equal(out.said.n, ASK_SAID_BYTES);
	texts[0].n--;
	judge(texts, 1, &out);
	assert_int_equal(out.state, ASK_FOUND);
}

static void
test_no_more_than_there_is_room(void **state)
{
	char many[1024] = "";
	struct ask_answer out;
	struct text t;

	(void)state;
	for (char c = 'a'; c <= 'z'; c++) {
		char one[] = "?@isp.example,";

		one[0] = c;
		strcat(many, one);
	}
	t = text_of(many);
	judge(&t, 1, &out);
	assert_int_equal(out.mailboxes_n, ASK_MAILBOXES_MOST);
	assert_true(text_is(out.mailboxes[0], "a@isp.example"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cases),
	    cmocka_unit_test(test_nothing_at_all),
	    cmocka_unit_test(test_too_long_is_dropped_whole),
	    cmocka_unit_test(test_no_more_than_there_is_room),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
