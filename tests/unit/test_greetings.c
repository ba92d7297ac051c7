/* Protects whose greeting a report has: one of a domain only when all logins
 * that were tried are of that domain, and the language as far as there is a
 * text in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hub/report/compose.h"
#include "hub/report/greetings.h"

enum { LINES_MOST = 8 };

/* A report of two addresses with these logins, NULL: an event without. */
struct made {
	struct compose_event lines[2][LINES_MOST];
	struct compose_source sources[2];
	struct compose_facts facts;
};

static const struct compose_facts *
facts(struct made *m, const char *const *logins, size_t n)
{
	*m = (struct made){.facts = {.sources = m->sources,
	    .source_count = 2, .events = (int64_t)n}};
	for (size_t i = 0; i < n; i++) {
		struct compose_source *s = &m->sources[i % 2];

		m->lines[i % 2][s->line_count++].login = text_of(logins[i]);
	}
	for (size_t i = 0; i < 2; i++)
		m->sources[i].lines = m->lines[i];
	return &m->facts;
}

static void
test_one_domain(void **state)
{
	static const struct {
		const char *logins[4], *domain; /* NULL: not one */
	} cases[] = {
	    {{"a@one.example", "b@one.example", "c@one.example", NULL},
	        "one.example"},
	    {{NULL, "root", "a@ONE.example", "b@One.Example"}, "one.example"},
	    {{"a@two@one.example", "x", NULL, NULL}, "one.example"},
	    {{"a@one.example", "b@two.example", NULL, NULL}, NULL},
	    {{"a@one.example", "b@one.example.x", NULL, NULL}, NULL},
	    {{"a@one.example", "b@one.exampl", NULL, NULL}, NULL},
	    {{"root", NULL, "", "admin"}, NULL},
	    {{"a@one.example", "a@", NULL, NULL}, NULL},
	    {{"a@", "b@", NULL, NULL}, NULL},
	    {{"a@../../etc/passwd", NULL, NULL, NULL}, NULL},
	    {{"a@one.example\n", NULL, NULL, NULL}, NULL},
	    {{"a@one.example ", NULL, NULL, NULL}, NULL},
	};
	char domain[GREETINGS_DOMAIN_BYTES];
	struct made m;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		bool one = greetings_domain(facts(&m, cases[i].logins, 4),
		    domain);

		assert_int_equal(one, cases[i].domain != NULL);
		if (one)
			assert_string_equal(domain, cases[i].domain);
	}
}

/* Of an event that is not listed nobody knows the domain. */
static void
test_all_are_listed(void **state)
{
	static const char *const logins[] = {"a@one.example", "b@one.example"};
	char domain[GREETINGS_DOMAIN_BYTES];
	struct made m;

	(void)state;
	assert_true(greetings_domain(facts(&m, logins, 2), domain));
	m.facts.events++;
	assert_false(greetings_domain(&m.facts, domain));
}

static void
test_long_domains(void **state)
{
	char login[400] = "a@", domain[GREETINGS_DOMAIN_BYTES];
	const char *const logins[] = {login};
	struct made m;

	(void)state;
	for (size_t n = 1; n + 3 < sizeof login; n++) {
		login[n + 1] = n % 64 == 0 ? '.' : 'x';
		login[n + 2] = '\0';
		assert_int_equal(greetings_domain(facts(&m, logins, 1),
		    domain), n % 64 != 0 && n < GREETINGS_DOMAIN_BYTES);
	}
}

static void
test_file_names(void **state)
{
	static const struct {
		const char *name, *domain;
		enum language language;
	} good[] = {
	    {"one.example.txt", "one.example", LANGUAGE_EN},
	    {"one.example_de.txt", "one.example", LANGUAGE_DE},
	    {"one.example_fr.txt", "one.example", LANGUAGE_FR},
	    {"example.de.txt", "example.de", LANGUAGE_EN},
	    {"example.de_de.txt", "example.de", LANGUAGE_DE},
	    {"xn--bcher-kva.example.txt", "xn--bcher-kva.example",
	        LANGUAGE_EN},
	};
	static const char *const bad[] = {"", ".txt", "one.example",
	    "one.example.txt~", "one.example.TXT", "One.example.txt",
	    "one..example.txt", "one.example_it.txt", "one.example_en.txt",
	    "one.example_.txt", "_de.txt", "one_two.example.txt",
	    "one.example_de_fr.txt", "b\xc3\xbc.example.txt", "a b.txt"};
	char domain[GREETINGS_DOMAIN_BYTES], longest[300];
	enum language l;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_true(greetings_file(good[i].name, domain, &l));
		assert_string_equal(domain, good[i].domain);
		assert_int_equal(l, good[i].language);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (greetings_file(bad[i], domain, &l))
			fail_msg("\"%s\" was accepted", bad[i]);
	memset(longest, 'x', sizeof longest);
	memcpy(longest + sizeof longest - 5, ".txt", 5);
	assert_false(greetings_file(longest, domain, &l));
}

static const char *
chosen(const struct greetings *g, const char *login, enum language l)
{
	const char *const logins[] = {login};
	struct made m;

	(void)facts(&m, logins, 1);
	m.facts.language = l;
	return greetings_choose(g, &m.facts).at;
}

static void
test_choice(void **state)
{
	static const struct greeting_of of[] = {
	    {"one.example", LANGUAGE_EN, TEXT("one")},
	    {"one.example", LANGUAGE_DE, TEXT("eins")},
	    {"two.example", LANGUAGE_FR, TEXT("deux")},
	};
	struct greetings g = {.general = {TEXT("all"), TEXT("alle"),
	    TEXT("tous")}, .of = of, .n = 3};

	(void)state;
	assert_string_equal(chosen(&g, "a@one.example", LANGUAGE_EN), "one");
	assert_string_equal(chosen(&g, "a@one.example", LANGUAGE_DE), "eins");
	/* the operator's words of the domain before general ones */
	assert_string_equal(chosen(&g, "a@one.example", LANGUAGE_FR), "one");
	assert_string_equal(chosen(&g, "a@two.example", LANGUAGE_FR), "deux");
	assert_string_equal(chosen(&g, "a@two.example", LANGUAGE_DE), "alle");
	assert_string_equal(chosen(&g, "a@six.example", LANGUAGE_EN), "all");
	assert_string_equal(chosen(&g, "root", LANGUAGE_FR), "tous");
	g = (struct greetings){.n = 0};
	assert_null(chosen(&g, "a@one.example", LANGUAGE_EN));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_domain),
	    cmocka_unit_test(test_all_are_listed),
	    cmocka_unit_test(test_long_domains),
	    cmocka_unit_test(test_file_names),
	    cmocka_unit_test(test_choice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
