/* Protects: the JSON of an event, which is written without printf, is what
 * printf would write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/scan_json.h"
#include "proto/base/buf.h"
#include "proto/base/clock.h"
#include "proto/event.h"

static struct event
some_event(void)
{
	return (struct event){.time_us = INT64_C(1772323200) * CLOCK_SECOND_US,
	    .kind = KIND_AUTH_FAILURE,
	    .source = {.family = 4, .bytes = {192, 0, 2, 1}},
	    .source_port = EVENT_NO_PORT,
	    .pid = EVENT_NO_PID,
	    .host = TEXT("mx1"),
	    .program = TEXT("postfix/smtpd"),
	    .service = TEXT("postfix/smtpd"),
	    .rule = TEXT("postfix.sasl-failed")};
}

static void
is_written(uint64_t line, const struct event *e, const char *login)
{
	char time[CLOCK_TEXT_BYTES], ip[ADDR_TEXT_BYTES], pid[24] = "null";
	struct buf b = {0}, expected = {0};

	if (e->pid != EVENT_NO_PID)
		(void)snprintf(pid, sizeof pid, "%" PRId64, e->pid);
	scan_json_add(&b, line, e);
	buf_printf(&expected,
	    "{\"line\":%" PRIu64 ",\"time\":\"%s\",\"host\":\"mx1\","
	    "\"program\":\"postfix/smtpd\",\"pid\":%s,"
	    "\"service\":\"postfix/smtpd\",\"kind\":\"auth_failure\","
	    "\"ip\":\"%s\",\"port\":null,\"ptr\":null,\"login\":%s,"
	    "\"mechanism\":null,\"rule\":\"postfix.sasl-failed\"}\n",
	    line, clock_format(time, e->time_us,
		e->time_us % CLOCK_SECOND_US != 0), pid,
	    addr_format(ip, &e->source), login);
	buf_putc(&b, '\0');
	assert_string_equal(b.data, expected.data);
	buf_free(&b);
	buf_free(&expected);
}

static void
numbers(void **state)
{
	struct event e = some_event();
	uint64_t power = 1;

	(void)state;
	is_written(0, &e, "null");
	for (int digits = 1; digits < 20; digits++, power *= 10) {
		for (uint64_t first = 1; first <= 9; first++) {
			is_written(first * power, &e, "null");
			is_written(first * power - 1, &e, "null");
			is_written(first * power + power / 9, &e, "null");
		}
		e.pid = (int64_t)power;
	}
	is_written(UINT64_MAX, &e, "null");
}

static void
times(void **state)
{
	static const int64_t seconds[] = {0, 59, 86399, 951782399, 951782400,
	    951868799, 1709164800, 1772323199, 1798761599, 4102444800,
	    4294967295};
	struct event e = some_event();

	(void)state;
	for (size_t i = 0; i < sizeof seconds / sizeof seconds[0]; i++) {
		e.time_us = seconds[i] * CLOCK_SECOND_US;
		is_written(1, &e, "null");
		e.time_us += 7;
		is_written(1, &e, "null");
		e.time_us += 123450;
		is_written(1, &e, "null");
	}
}

static void
texts(void **state)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyz0123456789 abcdefghijklmnopqrst";
	struct event e = some_event();
	char login[128], quoted[256];

	(void)state;
	for (size_t n = 0; n < sizeof plain; n++) {
		e.login = (struct text){.at = plain, .n = n};
		(void)snprintf(quoted, sizeof quoted, "\"%.*s\"", (int)n,
		    plain);
		is_written(1, &e, quoted);
		/* each place may hold what is written otherwise */
		for (size_t at = 0; at < n; at++) {
			memcpy(login, plain, n);
			login[at] = '"';
			e.login.at = login;
			(void)snprintf(quoted, sizeof quoted,
			    "\"%.*s\\\"%.*s\"", (int)at, plain,
			    (int)(n - at - 1), plain + at + 1);
			is_written(1, &e, quoted);
			login[at] = '\x01';
			(void)snprintf(quoted, sizeof quoted,
			    "\"%.*s\\u0001%.*s\"", (int)at, plain,
			    (int)(n - at - 1), plain + at + 1);
			is_written(1, &e, quoted);
		}
	}
}

/* Whatever byte it is, and however long the text is around it. */
static void
bytes(void **state)
{
	static const size_t lengths[] = {1, 3, 4, 7, 8, 15, 16, 31, 48, 49, 70};
	struct event e = some_event();

	(void)state;
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
		for (int c = 0; c < 256; c++) {
			size_t n = lengths[i];
			char login[70];
			struct buf quoted = {0};

			memset(login, 'a', n);
			login[(size_t)c % n] = (char)c;
			e.login = (struct text){.at = login, .n = n};
			buf_putc(&quoted, '"');
			buf_json(&quoted, login, n);
			buf_putc(&quoted, '"');
			buf_putc(&quoted, '\0');
			/* no text of an event holds it */
			if (c != 0)
				is_written(1, &e, quoted.data);
			buf_free(&quoted);
		}
}

static void
addresses(void **state)
{
	struct event e = some_event();

	(void)state;
	for (int v = 0; v < 256; v++) {
		e.source.bytes[0] = (uint8_t)v;
		e.source.bytes[3] = (uint8_t)(255 - v);
		is_written(1, &e, "null");
	}
	e.source = (struct addr){.family = 6,
	    .bytes = {0x20, 1, 0xd, 0xb8, [15] = 1}};
	is_written(1, &e, "null");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers),
	    cmocka_unit_test(times),
	    cmocka_unit_test(texts),
	    cmocka_unit_test(bytes),
	    cmocka_unit_test(addresses),
	};

	return cmocka_run_group_tests_name("scan_json", tests, NULL, NULL);
}
