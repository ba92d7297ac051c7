/* Protects who an agent is: found by its own key and number, by nothing else,
 * and what is remembered of it outlives a reload. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "hub/receive/agents.h"
#include "proto/base/addr.h"

static void
found_by_key_and_number(void **state)
{
	struct agents *t = agents_open();
	char text[16];

	(void)state;
	for (int i = 100; i > 0; i--) {
		(void)snprintf(text, sizeof text, "key%03d", i);
		agents_add(t, i * 2, text, text);
	}
	agents_seal(t, NULL);
	assert_int_equal(agents_count(t), 100);
	for (int i = 1; i <= 100; i++) {
		(void)snprintf(text, sizeof text, "key%03d", i);
		assert_int_equal(agents_of_key(t, text)->number, i * 2);
		assert_string_equal(agents_of_number(t, i * 2)->key, text);
		assert_null(agents_of_number(t, i * 2 - 1));
	}
	assert_null(agents_of_key(t, "key000"));
	assert_null(agents_of_key(t, ""));
	agents_close(t);
}

static void
an_empty_table_knows_nobody(void **state)
{
	struct agents *t = agents_open();

	(void)state;
	agents_seal(t, NULL);
	assert_null(agents_of_key(t, "key"));
	assert_null(agents_of_number(t, 1));
	agents_close(t);
	agents_close(NULL);
}

static void
user_ids_are_numbers(void **state)
{
	static const char *const wrong[] = {"", "0", "-7", "+7", " 7", "7 ",
	    "07", "7x", "x", "4294967303", "99999999999999999999", "0x7"};
	struct agents *t = agents_open();

	(void)state;
	agents_add(t, 7, "mx", "key");
	agents_seal(t, NULL);
	assert_int_equal(agents_of_user_id(t, "7")->number, 7);
	assert_null(agents_of_user_id(t, NULL));
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_null(agents_of_user_id(t, wrong[i]));
	/* 2^32 + 7 is not 7 */
	assert_null(agents_of_number(t, INT64_C(4294967303)));
	agents_close(t);
}

static void
own_addresses(void **state)
{
	struct agents *t = agents_open();
	struct addr a = {.family = 4, .bytes = {192, 0, 2, 0}};

	(void)state;
	agents_add(t, 1, "none", "k1");
	agents_add(t, 2, "many", "k2");
	for (uint8_t i = 0; i < 64; i++) {
		a.bytes[3] = i;
		agents_add_own(t, &a);
	}
	agents_add(t, 3, "one", "k3");
	a.bytes[3] = 200;
	agents_add_own(t, &a);
	agents_seal(t, NULL);
	assert_int_equal(agents_of_number(t, 2)->own_count, 64);
	assert_true(agent_owns(agents_of_number(t, 3), &a));
	assert_false(agent_owns(agents_of_number(t, 2), &a));
	assert_false(agent_owns(agents_of_number(t, 1), &a));
	a.bytes[3] = 63;
	assert_true(agent_owns(agents_of_number(t, 2), &a));
	a.family = 6;
	assert_false(agent_owns(agents_of_number(t, 2), &a));
	agents_close(t);
}

static void
memory_outlives_a_reload(void **state)
{
	struct agents *before = agents_open(), *after = agents_open();

	(void)state;
	agents_add(before, 1, "mx1", "k1");
	agents_add(before, 2, "mx2", "k2");
	agents_seal(before, NULL);
	agents_of_number(before, 2)->counters_ms = 4711;
	agents_add(after, 2, "renamed", "k2");
	agents_add(after, 3, "mx3", "k3");
	agents_seal(after, before);
	agents_close(before);
	assert_int_equal(agents_of_number(after, 2)->counters_ms, 4711);
	assert_int_equal(agents_of_number(after, 3)->counters_ms, INT64_MIN);
	agents_close(after);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(found_by_key_and_number),
	    cmocka_unit_test(an_empty_table_knows_nobody),
	    cmocka_unit_test(user_ids_are_numbers),
	    cmocka_unit_test(own_addresses),
	    cmocka_unit_test(memory_outlives_a_reload),
	};

	return cmocka_run_group_tests_name("agents", tests, NULL, NULL);
}
