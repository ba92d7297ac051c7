/* Protects names in events: a number found in memory is the one that was put
 * there for exactly that text, however many there are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "hub/receive/names.h"

static struct text
text_number(char *buffer, size_t n, int i)
{
	(void)snprintf(buffer, n, "name-%d", i);
	return text_of(buffer);
}

static void
what_was_put_is_found(void **state)
{
	struct names *t = names_open();
	char b[32];

	(void)state;
	for (int i = 1; i <= 5000; i++)
		names_put(t, text_number(b, sizeof b, i), i);
	for (int i = 1; i <= 5000; i++)
		assert_int_equal(
		    names_get(t, text_number(b, sizeof b, i)), i);
	assert_int_equal(names_get(t, TEXT("name-5001")), 0);
	assert_int_equal(names_get(t, TEXT("name-")), 0);
	assert_int_equal(names_get(t, TEXT("")), 0);
	names_close(t);
	names_close(NULL);
}

static void
memory_is_bounded(void **state)
{
	struct names *t = names_open();
	char b[32];

	(void)state;
	for (int i = 1; i <= NAMES_MOST; i++)
		names_put(t, text_number(b, sizeof b, i), i);
	names_make_room(t, 0);
	assert_int_equal(names_get(t, TEXT("name-1")), 1);
	names_make_room(t, 1);
	assert_int_equal(names_get(t, TEXT("name-1")), 0);
	for (int i = 1; i <= NAMES_MOST; i++)
		names_put(t, text_number(b, sizeof b, -i), i);
	assert_int_equal(names_get(t, TEXT("name--7")), 7);
	names_close(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_was_put_is_found),
	    cmocka_unit_test(memory_is_bounded),
	};

	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
