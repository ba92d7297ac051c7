/* Protects the command line of plaintiff: each sentence is found by its
 * words, and a slip is told with the nearest right word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hub/ctl/sentence.h"
#include "proto/base/arena.h"

static const char *const sentences[] = {"status [--check]",
    "agent add <name> <key>", "agent list", "report preview [contact]",
    "report resolve <id> sent|lost", "report send --to-me"};
enum { SENTENCES = sizeof sentences / sizeof sentences[0] };

#define KEY "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"

struct said {
	struct arena *a;
	const char *args[SENTENCE_MOST_ARGS];
	const char *why;
	int found;
};

/* Finds and reads; found is -1 when either does not do. */
static void
say(struct said *s, size_t n, const char *const *words)
{
	s->why = NULL;
	s->found = sentence_find(sentences, SENTENCES, words, n, s->a, &s->why);
	if (s->found >= 0 && sentence_read(sentences[s->found], words, n,
	        s->args, s->a, &s->why) < 0)
		s->found = -1;
}

#define SAY(s, ...)                                                            \
	say(s, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *),         \
	    (const char *[]){__VA_ARGS__})

static int
setup(void **state)
{
	static struct said s;

	s = (struct said){.a = arena_open(0)};
	*state = &s;
	return 0;
}

static int
teardown(void **state)
{
	struct said *s = *state;

	arena_close(s->a);
	return 0;
}

static void
finds_and_fills(void **state)
{
	struct said *s = *state;

	SAY(s, "status");
	assert_int_equal(s->found, 0);
	assert_null(s->args[0]);
	SAY(s, "status", "--check");
	assert_int_equal(s->found, 0);
	assert_string_equal(s->args[0], "--check");
	SAY(s, "agent", "add", "mx-1.example", KEY);
	assert_int_equal(s->found, 1);
	assert_string_equal(s->args[0], "mx-1.example");
	assert_string_equal(s->args[1], KEY);
	SAY(s, "report", "preview");
	assert_int_equal(s->found, 3);
	assert_null(s->args[0]);
	SAY(s, "report", "preview", "abuse@isp.example");
	assert_string_equal(s->args[0], "abuse@isp.example");
	SAY(s, "report", "resolve", "17", "lost");
	assert_int_equal(s->found, 4);
	assert_string_equal(s->args[0], "17");
	assert_string_equal(s->args[1], "lost");
	SAY(s, "report", "--to-me", "send");
	assert_int_equal(s->found, 5);
}

static void
assert_refused(struct said *s, const char *why)
{
	assert_int_equal(s->found, -1);
	assert_non_null(s->why);
	if (strstr(s->why, why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", s->why, why);
}

static void
tells_slips(void **state)
{
	struct said *s = *state;

	SAY(s, "stauts");
	assert_refused(s, "did you mean \"status\"");
	SAY(s, "report", "resovle", "1", "sent");
	assert_refused(s, "did you mean \"resolve\"");
	SAY(s, "elephant");
	assert_refused(s, "no command \"elephant\"");
	SAY(s, "report");
	assert_refused(s, "a word is missing");
	SAY(s, "report", "resolve", "1");
	assert_refused(s, "sent|lost is missing");
	SAY(s, "report", "resolve", "1", "sent|lost");
	assert_refused(s, "is not sent|lost");
	SAY(s, "report", "resolve", "1", "");
	assert_refused(s, "is not sent|lost");
	SAY(s, "report", "send");
	assert_refused(s, "--to-me is missing");
	SAY(s, "report", "send", "--to-them");
	assert_refused(s, "--to-them is no option");
	SAY(s, "agent", "list", "all");
	assert_refused(s, "one word too many");
	SAY(s, "--check");
	assert_refused(s, "a word is missing");
}

static void
types_the_holes(void **state)
{
	static const char *const bad_ids[] = {"", "x", "1x", "-1", "+1", " 1",
	    "1234567890123456789", "0x1"};
	static const char *const bad_names[] = {"", ".a", "a b", "a\nb", "a/b",
	    "\xc3\xa4", "a\x1b[2J",
	    "a123456789012345678901234567890123456789012345678901234567890123"};
	struct said *s = *state;

	for (size_t i = 0; i < sizeof bad_ids / sizeof bad_ids[0]; i++) {
		SAY(s, "report", "resolve", bad_ids[i], "sent");
		assert_refused(s, "is not a number");
	}
	for (size_t i = 0; i < sizeof bad_names / sizeof bad_names[0]; i++) {
		SAY(s, "agent", "add", bad_names[i], KEY);
		assert_refused(s, "agent's name");
	}
	SAY(s, "agent", "add", "mx1", "tooshort");
	assert_refused(s, "public key");
	SAY(s, "report", "resolve", "123456789012345678", "sent");
	assert_int_equal(s->found, 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(finds_and_fills, setup, teardown),
	    cmocka_unit_test_setup_teardown(tells_slips, setup, teardown),
	    cmocka_unit_test_setup_teardown(types_the_holes, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
