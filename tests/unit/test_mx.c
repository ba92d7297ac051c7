/* Protects the cap by mail host: which host takes the mail of a domain does
 * not depend on the order of an answer, and nothing that is not plainly an
 * answer makes one, nor makes a domain one that takes no mail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/lookup/mx.h"
#include "tests/unit/arena_fixture.h"

#define DOMAIN "isp.example"

enum { MX = 15, ANSWERS_AT = 7, QUESTION_AT = 12 };

/* A message under construction. */
struct answer {
	uint8_t at[2048];
	size_t n;
};

static void
put(struct answer *m, uint64_t v, size_t bytes)
{
	while (bytes-- > 0)
		m->at[m->n++] = (uint8_t)(v >> (8 * bytes));
}

/* A dot at the end: the name goes on with the question's, compressed. */
static void
put_name(struct answer *m, const char *name)
{
	while (*name != '\0') {
		size_t n = strcspn(name, ".");

		put(m, n, 1);
		memcpy(m->at + m->n, name, n);
		m->n += n;
		name += n;
		if (strcmp(name, ".") == 0) {
			put(m, 0xc000 | QUESTION_AT, 2);
			return;
		}
		name += *name == '.';
	}
	put(m, 0, 1);
}

static void
begin(struct answer *m, unsigned flags)
{
	m->n = 0;
	put(m, 0x1234, 2);
	put(m, flags, 2);
	put(m, 1, 2);
	put(m, 0, 6);
	put_name(m, DOMAIN);
	put(m, MX, 2);
	put(m, 1, 2);
}

/* A record; its length is said to be `more` bytes longer than it is. */
static void
add_odd(struct answer *m, unsigned preference, const char *host, int more)
{
	size_t length_at;

	m->at[ANSWERS_AT]++;
	put(m, 0xc000 | QUESTION_AT, 2);
	put(m, MX, 2);
	put(m, 1, 2);
	put(m, 300, 4);
	length_at = m->n;
	put(m, 0, 2);
	put(m, preference, 2);
	put_name(m, host);
	m->at[length_at + 1] = (uint8_t)((int)(m->n - length_at - 2) + more);
}

static void
add(struct answer *m, unsigned preference, const char *host)
{
	add_odd(m, preference, host, 0);
}

/* From an allocation of just that size, so that sanitizers see overreads. */
static enum mx_result
parse(const struct answer *m, const char **host, const char **why)
{
	uint8_t *exact = malloc(m->n == 0 ? 1 : m->n);
	enum mx_result r;

	assert_non_null(exact);
	memcpy(exact, m->at, m->n);
	r = mx_parse(arena, exact, m->n, DOMAIN, host, why);
	free(exact);
	return r;
}

static void
expect_host(const struct answer *m, const char *want)
{
	const char *host, *why;

	assert_int_equal(parse(m, &host, &why), MX_HOST);
	assert_string_equal(host, want);
	assert_null(why);
}

static void
expect(const struct answer *m, enum mx_result want, const char *words)
{
	const char *host, *why;

	assert_int_equal(parse(m, &host, &why), want);
	assert_null(host);
	assert_string_equal(why, words);
}

static void
test_best_preference(void **state)
{
	struct answer m;

	(void)state;
	begin(&m, 0x8180);
	add(&m, 20, "a.example");
	add(&m, 10, "MX.Big-Host.example");
	add(&m, 256, "b.example");
	expect_host(&m, "mx.big-host.example");
	/* compressed, and another case than the question's */
	begin(&m, 0x8180);
	add(&m, 10, "mail.");
	expect_host(&m, "mail." DOMAIN);
}

/* Of equal ones the first by bytes, in whatever order they come. */
static void
test_order_does_not_count(void **state)
{
	static const char *const names[] = {"mx2.example", "MX1.example",
	    "mx10.example"};
	struct answer m;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		for (size_t j = 0; j < 3; j++) {
			if (i == j)
				continue;
			begin(&m, 0x8180);
			add(&m, 5, names[i]);
			add(&m, 5, names[j]);
			add(&m, 5, names[3 - i - j]);
			add(&m, 7, "a.example");
			expect_host(&m, "mx1.example");
		}
}

static void
test_without_records(void **state)
{
	struct answer m;

	(void)state;
	begin(&m, 0x8180);
	expect_host(&m, DOMAIN);
	begin(&m, 0x8183);
	expect_host(&m, DOMAIN);
}

/* RFC 7505: one record with the root, and no other. */
static void
test_takes_no_mail(void **state)
{
	struct answer m;

	(void)state;
	begin(&m, 0x8180);
	add(&m, 0, "");
	expect(&m, MX_NO_MAIL, "domain takes no mail");
	add(&m, 10, "mx.example");
	expect(&m, MX_FAILED, "mail host is no host name");
}

static void
test_not_an_answer(void **state)
{
	struct answer m;

	(void)state;
	begin(&m, 0x8182);
	expect(&m, MX_FAILED, "server failure");
	begin(&m, 0x8185);
	expect(&m, MX_FAILED, "server failure");
	begin(&m, 0x8380);
	add(&m, 10, "mx.example");
	expect(&m, MX_FAILED, "truncated answer");
	begin(&m, 0x8180);
	m.at[QUESTION_AT + 1] = 'j';
	add(&m, 10, "mx.example");
	expect(&m, MX_FAILED, "answer to another question");
	begin(&m, 0x8180);
	add(&m, 10, "mx.example");
	add(&m, 20, "m x.example");
	expect(&m, MX_FAILED, "mail host is no host name");
	begin(&m, 0x8180);
	add(&m, 10, "mx\xc3\xbc.example");
	expect(&m, MX_FAILED, "mail host is no host name");
}

/* The name must end where the record ends. */
static void
test_lengths(void **state)
{
	struct answer m;

	(void)state;
	for (int more = -13; more <= 4; more++) {
		begin(&m, 0x8180);
		add_odd(&m, 10, "mx.example", more);
		/* what a length steps over is there */
		put(&m, 0, 8);
		if (more == 0)
			expect_host(&m, "mx.example");
		else
			expect(&m, MX_FAILED, "malformed MX record");
	}
	/* a preference and nothing else, and less than that */
	for (unsigned n = 0; n <= 2; n++) {
		begin(&m, 0x8180);
		m.at[ANSWERS_AT]++;
		put(&m, 0xc000 | QUESTION_AT, 2);
		put(&m, MX, 2);
		put(&m, 1, 2);
		put(&m, 300, 4);
		put(&m, n, 2);
		put(&m, 0, n);
		expect(&m, MX_FAILED, "malformed MX record");
	}
}

/* Every cut fails; every changed byte makes a failure, the domain or a plain
 * name. */
static void
test_cut_and_changed(void **state)
{
	struct answer m, bad;
	const char *host, *why;

	(void)state;
	begin(&m, 0x8180);
	add(&m, 10, "mail.");
	add(&m, 20, "mx.example");
	for (size_t n = 0; n < m.n; n++) {
		bad = m;
		bad.n = n;
		assert_int_equal(parse(&bad, &host, &why), MX_FAILED);
	}
	for (size_t i = 0; i < m.n; i++)
		for (unsigned v = 0; v < 256; v++) {
			bad = m;
			bad.at[i] = (uint8_t)v;
			if (parse(&bad, &host, &why) == MX_HOST)
				assert_int_equal(strspn(host,
				    "abcdefghijklmnopqrstuvwxyz0123456789-_."),
				    strlen(host));
			arena_reset(arena);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_best_preference),
	    cmocka_unit_test(test_order_does_not_count),
	    cmocka_unit_test(test_without_records),
	    cmocka_unit_test(test_takes_no_mail),
	    cmocka_unit_test(test_not_an_answer),
	    cmocka_unit_test(test_lengths),
	    cmocka_unit_test(test_cut_and_changed),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
