/* What scan --unmatched says of a message: nothing that differs from line to
 * line, nothing in quotes, and only of messages that name somebody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "agent/scan_shapes.h"
#include "proto/base/buf.h"

static void
check(const char *message, const char *shape, bool remote)
{
	char out[SCAN_SHAPE_BYTES], copy[SCAN_SHAPE_BYTES + 1];
	bool named;
	size_t n = scan_shape(text_of(message), out, &named);

	memcpy(copy, out, n);
	copy[n] = '\0';
	assert_string_equal(copy, shape);
	assert_int_equal(named, remote);
}

static void
test_shapes(void **state)
{
	check("connect from host-1.example.net[203.0.113.7]",
	    "connect from HOST[IP]", true);
	check("connect from unknown[2001:db8::7]:40112",
	    "connect from HOST[IP]:N", true);
	check("4A12BC: client said 12 words, <carol@example.org> \"x 9\" 'y'",
	    "N: client said N words, <> \"\" ''", false);
	check("rip=203.0.113.7, lip=192.0.2.2: carol@example.org gone.",
	    "rip=IP, lip=IP: MAIL gone.", true);
	check("from 203.0.113.7:25: no; <203.0.113.7>; 203.0.113.7.",
	    "from IP:N: no; <IP>; IP.", true);
	check("from 127.0.0.1 and ::1 only", "from IP and IP only", false);
	check("at 12:34:56 << \"open", "at N << \"open", false);
	check("", "", false);
}

static void
test_long_and_odd(void **state)
{
	char out[SCAN_SHAPE_BYTES], message[4000];
	bool named;

	memset(message, '(', sizeof message);
	memcpy(message + 3000, " 203.0.113.7 ", 13);
	assert_int_equal(scan_shape((struct text){.at = message,
				 .n = sizeof message}, out, &named),
	    SCAN_SHAPE_BYTES);
	assert_true(named);
	for (int c = 0; c < 256; c++) {
		memset(message, c, 100);
		(void)scan_shape(
		    (struct text){.at = message, .n = 100}, out, &named);
		assert_false(named);
	}
}

static void
test_counts(void **state)
{
	struct scan_shapes *s = scan_shapes_open();
	struct buf out = {0};
	char message[64];

	for (int i = 0; i < 100; i++) {
		(void)snprintf(message, sizeof message,
		    "ask %d from 203.0.113.%d", i, i);
		scan_shapes_add(s, TEXT("x"), text_of(message), 7);
	}
	scan_shapes_add(s, TEXT("y"), TEXT("no 203.0.113.7\x1b[2J"), 9);
	scan_shapes_add(s, TEXT("y"), TEXT("nobody"), 10);
	scan_shapes_print(s, true, &out);
	assert_string_equal(out.data,
	    "{\"lines\":100,\"first\":7,\"program\":\"x\",\"shape\":\"ask N "
	    "from IP\"}\n"
	    "{\"lines\":1,\"first\":9,\"program\":\"y\",\"shape\":\"no "
	    "IP\\u001b[N\"}\n");
	buf_free(&out);
	scan_shapes_close(s);
}

/* More shapes than there is room for: the frequent ones stay. */
static void
test_many(void **state)
{
	struct scan_shapes *s = scan_shapes_open();
	struct buf out = {0};
	char message[64];

	for (int i = 0; i < 50000; i++) {
		(void)snprintf(message, sizeof message,
		    "%c%c%c%c from 203.0.113.7", 'a' + i % 26,
		    'a' + i / 26 % 26, 'a' + i / 676 % 26, 'a' + i / 17576);
		scan_shapes_add(s, TEXT("x"), text_of(message), 1);
		scan_shapes_add(s, TEXT("x"), TEXT("often 203.0.113.7"), 1);
	}
	scan_shapes_print(s, false, &out);
	assert_non_null(strstr(out.data, "   50000        1  x: often IP\n"));
	assert_non_null(strstr(out.data, "lines of rarer shapes\n"));
	buf_free(&out);
	scan_shapes_close(s);
	scan_shapes_close(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_shapes),
	    cmocka_unit_test(test_long_and_odd),
	    cmocka_unit_test(test_counts),
	    cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests_name("scan_shapes", tests, NULL, NULL);
}
