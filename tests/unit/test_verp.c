/* Protects tokens: whoever was not sent a report cannot make its address, and
 * mail servers that change the case of one do no harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hub/bounce/verp.h"
#include "proto/base/arena.h"

static const char uuid[] = "4f0c8a52-19d7-4c0e-9b1a-0a5d3e6f7788";
static const struct verp_place place = {.mailbox = "bounce@hub.example",
    .delimiter = "+"};

static struct verp_key
some_key(void)
{
	struct verp_key key;

	for (size_t i = 0; i < sizeof key.bytes; i++)
		key.bytes[i] = (unsigned char)i;
	return key;
}

static enum verp_result
check(const char *address)
{
	struct verp_key key = some_key();
	char id[VERP_ID_BYTES + 1];

	return verp_check(&key, &place, text_of(address), id);
}

/* The same as tests/live/bounce_world.py makes of it. */
static void
the_known_one(void **state)
{
	struct arena *a = arena_open(0);
	struct verp_key key = some_key();
	char id[VERP_ID_BYTES + 1];
	const char *address = verp_address(a, &key, &place, uuid);

	assert_string_equal(address, "bounce+4f0c8a5219d74c0e."
	    "7vknozvdv53qcl2kjzxattptgm@hub.example");
	assert_int_equal(verp_check(&key, &place, text_of(address), id),
	    VERP_OURS);
	assert_string_equal(id, "4f0c8a5219d74c0e");
	arena_close(a);
}

static void
case_does_not_count(void **state)
{
	struct arena *a = arena_open(0);
	struct verp_key key = some_key();
	char *address = arena_string(a, verp_address(a, &key, &place, uuid));
	char id[VERP_ID_BYTES + 1];

	for (char *s = address; *s != '\0'; s++)
		if (*s >= 'a' && *s <= 'z')
			*s = (char)(*s - ('a' - 'A'));
	assert_int_equal(verp_check(&key, &place, text_of(address), id),
	    VERP_OURS);
	assert_string_equal(id, "4f0c8a5219d74c0e");
	arena_close(a);
}

/* Any one character changed, left out or put in makes it no token. */
static void
every_character_counts(void **state)
{
	struct arena *a = arena_open(0);
	struct verp_key key = some_key();
	const char *good = verp_address(a, &key, &place, uuid);
	size_t n = strlen(good);

	for (size_t i = 0; i < n; i++) {
		for (int c = 1; c < 256; c++) {
			char *bad = arena_string(a, good);
			char was = bad[i];

			bad[i] = (char)c;
			if ((was | 0x20) == (c | 0x20) || (char)c == was)
				continue;
			assert_int_not_equal(check(bad), VERP_OURS);
		}
		assert_int_not_equal(check(arena_printf(a, "%.*s%s", (int)i,
		    good, good + i + 1)), VERP_OURS);
		assert_int_not_equal(check(arena_printf(a, "%.*sa%s", (int)i,
		    good, good + i)), VERP_OURS);
	}
	arena_close(a);
}

static void
another_key_another_report_another_place(void **state)
{
	struct arena *a = arena_open(0);
	struct verp_key key = some_key(), other = some_key();
	struct verp_place elsewhere = {.mailbox = "bounce@hub.example",
	    .delimiter = "-"};
	const char *good = verp_address(a, &key, &place, uuid);
	const char *next = verp_address(a, &key, &place,
	    "4f0c8a52-19d7-4c0f-9b1a-0a5d3e6f7788");
	char id[VERP_ID_BYTES + 1];

	other.bytes[31] ^= 1;
	assert_int_equal(verp_check(&other, &place, text_of(good), id),
	    VERP_FORGED);
	assert_int_equal(verp_check(&key, &elsewhere, text_of(good), id),
	    VERP_NONE);
	/* this proof with that id */
	assert_int_equal(check(arena_printf(a, "%.24s%s", next,
	    good + strlen("bounce+0123456789abcdef."))), VERP_FORGED);
	arena_close(a);
}

static void
no_tokens(void **state)
{
	static const char *const none[] = {"", "bounce@hub.example",
	    "bounce+@hub.example", "bounce+x@hub.example",
	    "bounce+4f0c8a5219d74c0e.@hub.example", "@", "+", "."};

	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
		assert_int_equal(check(none[i]), VERP_NONE);
	assert_int_equal(check(NULL), VERP_NONE);
}

static void
places(void **state)
{
	static const struct verp_place bad[] = {{"", "+"}, {"bounce", "+"},
	    {"@hub.example", "+"}, {"bounce@", "+"}, {"a@b@c", "+"},
	    {"bounce@hub.example", ""}, {"bounce@hub.example", "++"},
	    {"bounce@hub.example", "a"}, {"bounce@hub.example", "@"},
	    {"abcdefghijabcdefghija@hub.example", "+"}};
	static const struct verp_place good = {
	    "abcdefghijabcdefghij@hub.example", "="};
	struct arena *a = arena_open(0);
	struct verp_key key = some_key();
	const char *why, *address;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(verp_place_is_good(&bad[i], &why));
	assert_true(verp_place_is_good(&place, &why));
	assert_true(verp_place_is_good(&good, &why));
	/* the longest is as long as a local part may be */
	address = verp_address(a, &key, &good, uuid);
	assert_int_equal(strchr(address, '@') - address, VERP_LOCAL_BYTES);
	arena_close(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_known_one),
	    cmocka_unit_test(case_does_not_count),
	    cmocka_unit_test(every_character_counts),
	    cmocka_unit_test(another_key_another_report_another_place),
	    cmocka_unit_test(no_tokens),
	    cmocka_unit_test(places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
