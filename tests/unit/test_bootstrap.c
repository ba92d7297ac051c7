/* Protects the choice of whom we ask: a bootstrap document is whole or not
 * used, its servers speak https, and the longest prefix wins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hub/lookup/bootstrap.h"
#include "proto/base/addr.h"
#include "tests/unit/arena_fixture.h"

#define DOCUMENT(services)                                             \
	"{\"version\":\"1.0\",\"publication\":\"2026-01-01T00:00:00Z\"," \
	"\"services\":[" services "]}"

static bool
read_text(const char *json, int family, struct bootstrap *out,
    const char **why)
{
	return bootstrap_read(arena, json, strlen(json), family, out, why);
}

static const char *
find(const struct bootstrap *b, const char *address)
{
	const struct bootstrap_entry *e;
	struct addr a;

	assert_true(addr_parse(text_of(address), &a));
	e = bootstrap_find(b, &a);
	return e == NULL ? NULL : bootstrap_question(arena, e->url, &a);
}

static void
test_longest_prefix(void **state)
{
	struct bootstrap b;
	const char *why;

	(void)state;
	assert_true(read_text(DOCUMENT(
	    "[[\"198.51.0.0/16\",\"203.0.113.0/24\"],"
	    "[\"http://a.example/\",\"https://a.example/rdap/\","
	    "\"https://b.example/\"]],"
	    "[[\"198.51.100.0/24\"],[\"https://c.example:8443\"]],"
	    "[[\"198.51.101.0/24\"],[\"http://d.example/\"]]"), 4, &b, &why));
	assert_int_equal(b.n, 3);
	assert_string_equal(b.publication, "2026-01-01T00:00:00Z");
	assert_string_equal(find(&b, "198.51.100.7"),
	    "https://c.example:8443/ip/198.51.100.7");
	assert_string_equal(find(&b, "198.51.101.7"),
	    "https://a.example/rdap/ip/198.51.101.7");
	assert_string_equal(find(&b, "::ffff:203.0.113.9"),
	    "https://a.example/rdap/ip/203.0.113.9");
	assert_null(find(&b, "192.0.2.1"));
	assert_null(find(&b, "2001:db8::1"));
	assert_true(read_text(DOCUMENT(
	    "[[\"2001:DB8::/32\",\"2001:db8:8000::/33\"],"
	    "[\"https://a.example/\"]]"), 6, &b, &why));
	assert_string_equal(find(&b, "2001:0DB8:0::00A"),
	    "https://a.example/ip/2001:db8::a");
}

static void
test_refused(void **state)
{
	static const struct {
		const char *json, *why;
	} cases[] = {
	    {"", "document is empty"},
	    {"{}", "not of version 1"},
	    {"{\"version\":\"2.0\",\"services\":[]}", "not of version 1"},
	    {"{\"version\":\"1.0\"}", "without services"},
	    {"{\"version\":\"1.0\",\"services\":{}}", "without services"},
	    {DOCUMENT(""), "no prefix with an https server"},
	    {DOCUMENT("[[\"192.0.2.0/24\"],[\"http://a.example/\"]]"),
	        "no prefix with an https server"},
	    {DOCUMENT("1"), "a service that is no pair of lists"},
	    {DOCUMENT("[[\"192.0.2.0/24\"]]"),
	        "a service that is no pair of lists"},
	    {DOCUMENT("[\"192.0.2.0/24\",[\"https://a.example/\"]]"),
	        "a service that is no pair of lists"},
	    {DOCUMENT("[[],\"https://a.example/\"]"),
	        "a service without a list of URLs"},
	    {DOCUMENT("[[],[]]"), "a service without a list of URLs"},
	    {DOCUMENT("[[],[1]]"), "a URL that is no text"},
	    {DOCUMENT("[[],[\"https://\"]]"),
	        "a URL that nothing can be put behind"},
	    {DOCUMENT("[[],[\"https:///x\"]]"),
	        "a URL that nothing can be put behind"},
	    {DOCUMENT("[[],[\"https://a.example/?q=\"]]"),
	        "a URL that nothing can be put behind"},
	    {DOCUMENT("[[],[\"https://u@a.example/\"]]"),
	        "a URL that nothing can be put behind"},
	    {DOCUMENT("[[],[\"https://a.example/ x\"]]"),
	        "a URL that nothing can be put behind"},
	    {DOCUMENT("[[],[\"https://a.example/\\r\\nX: y\"]]"),
	        "a URL that nothing can be put behind"},
	    {DOCUMENT("[[1],[\"https://a.example/\"]]"),
	        "a prefix that is no text"},
	    {DOCUMENT("[[\"192.0.2.1/24\"],[\"https://a.example/\"]]"),
	        "bits set behind the prefix length"},
	    {DOCUMENT("[[\"192.0.2.0/33\"],[\"https://a.example/\"]]"),
	        "prefix length out of range"},
	    {DOCUMENT("[[\"192.0.2\"],[\"https://a.example/\"]]"),
	        "not an address"},
	    {DOCUMENT("[[\"2001:db8::/32\"],[\"https://a.example/\"]]"),
	        "a prefix of another family"},
	    {DOCUMENT("[[\"192.0.2.0/24\"],[\"https://a.example/\"]],"
	              "[[\"192.0.2.0/24\"],[\"https://b.example/\"]]"),
	        "a prefix is there twice"},
	};
	struct bootstrap b;
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		if (read_text(cases[i].json, 4, &b, &why))
			fail_msg("accepted: %s", cases[i].json);
		assert_string_equal(why, cases[i].why);
		assert_int_equal(b.n, 0);
	}
}

static void
test_too_many(void **state)
{
	char *json = arena_alloc(arena, 256 * 1024);
	struct bootstrap b;
	const char *why;
	size_t n;

	(void)state;
	for (unsigned most = BOOTSTRAP_ENTRIES_MOST - 1;
	     most <= BOOTSTRAP_ENTRIES_MOST; most++) {
		n = (size_t)sprintf(json,
		    "{\"version\":\"1.0\",\"services\":[[[");
		for (unsigned i = 0; i < most; i++)
			n += (size_t)sprintf(json + n, "%s\"10.%u.%u.0/24\"",
			    i == 0 ? "" : ",", i >> 8, i & 255);
		(void)sprintf(json + n, "],[\"https://a.example/\"]]]}");
		assert_int_equal(read_text(json, 4, &b, &why),
		    most < BOOTSTRAP_ENTRIES_MOST);
	}
	assert_string_equal(why, "too many prefixes");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_longest_prefix),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
