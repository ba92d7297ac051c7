/* Protects whoever opens report.csv: no cell is a formula, none breaks its
 * row, and nothing that is counted is missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hub/report/compose.h"
#include "hub/report/csv.h"
#include "hub/report/entry.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"

static void
cells(void **state)
{
	static const struct {
		const char *text, *cell;
	} table[] = {
	    {"", ""},
	    {"plain text", "plain text"},
	    {"a,b", "\"a,b\""},
	    {"say \"x\"", "\"say \"\"x\"\"\""},
	    {"=1+1", "\"'=1+1\""},
	    {"+1", "\"'+1\""},
	    {"-1", "\"'-1\""},
	    {"@SUM(A1)", "\"'@SUM(A1)\""},
	    {"\t=1", "\"' =1\""},
	    {"\r=1", "\"' =1\""},
	    {"a\r\nb", "\"a  b\""},
	    {"a\x1b[2J\x7f", "a [2J "},
	    {"=cmd|'/C x'!A0,\"", "\"'=cmd|'/C x'!A0,\"\"\""},
	};
	struct buf b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		buf_reset(&b);
		csv_cell(&b, table[i].text);
		assert_string_equal(b.n == 0 ? "" : b.data, table[i].cell);
	}
	buf_free(&b);
}

static void
rows(void **state)
{
	static const unsigned char secret[COMPOSE_SECRET_BYTES] = "k";
	const struct compose_event e = {.kind = KIND_RELAY_DENIED,
	    .time_us = 1000000, .port = 7};
	struct compose_source s[2] = {
	    {.events = 5, .hosts = 1, .lines = &e, .line_count = 1},
	    {.events = 2, .hosts = 3}};
	struct compose_facts f = {.secret = secret, .sources = s,
	    .source_count = 2, .listed = 2};
	struct arena *a = arena_open(0);
	struct buf b = {0};

	(void)state;
	assert_true(addr_parse(TEXT("203.0.113.7"), &s[0].address));
	assert_true(addr_parse(TEXT("2001:db8::1"), &s[1].address));
	s[0].kinds[KIND_AUTH_FAILURE] = 1;
	s[0].kinds[KIND_RELAY_DENIED] = 4;
	s[1].kinds[KIND_AUTH_FAILURE] = 2;
	f.entries = entry_all(&f, a);
	csv_write(&b, &f);
	arena_close(a);
	assert_string_equal(strchr(b.data, '\n') + 1,
	    "1970-01-01T00:00:01Z,203.0.113.7,7,,,tcp,,relay,,5,"
	    "login=1 relay=4,1970-01-01T00:00:00Z,1970-01-01T00:00:00Z,1\n"
	    ",2001:db8::1,,,,tcp,,,,2,"
	    "login=2,1970-01-01T00:00:00Z,1970-01-01T00:00:00Z,3\n");
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(cells),
	    cmocka_unit_test(rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
