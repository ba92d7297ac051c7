/* Protects the reading of DNS messages: an answer counts only when it is one
 * to the question asked, whole and well formed; everything else fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/lookup/txt.h"
#include "proto/base/addr.h"
#include "tests/unit/arena_fixture.h"

#define NAME "7.113.0.203.zone.example"

/* A message under construction. */
struct message {
	uint8_t at[2048];
	size_t n;
};

static void
put(struct message *m, uint64_t v, size_t bytes)
{
	while (bytes-- > 0)
		m->at[m->n++] = (uint8_t)(v >> (8 * bytes));
}

static void
put_name(struct message *m, const char *name)
{
	while (*name != '\0') {
		size_t n = strcspn(name, ".");

		put(m, n, 1);
		memcpy(m->at + m->n, name, n);
		m->n += n;
		name += n + (name[n] == '.');
	}
	put(m, 0, 1);
}

static void
put_count(struct message *m, size_t at, unsigned v)
{
	m->at[at] = (uint8_t)(v >> 8);
	m->at[at + 1] = (uint8_t)v;
}

static void
begin(struct message *m, unsigned flags, const char *name)
{
	m->n = 0;
	put(m, 0x1234, 2);
	put(m, flags, 2);
	put(m, 1, 2);
	put(m, 0, 6);
	put_name(m, name);
	put(m, 16, 2);
	put(m, 1, 2);
}

/* owner NULL: a pointer to the question. */
static void
add(struct message *m, const char *owner, unsigned type, unsigned ttl,
    const void *data, size_t n)
{
	put_count(m, 6, m->at[7] + 1U);
	if (owner == NULL)
		put(m, 0xc00c, 2);
	else
		put_name(m, owner);
	put(m, type, 2);
	put(m, 1, 2);
	put(m, ttl, 4);
	put(m, (unsigned)n, 2);
	memcpy(m->at + m->n, data, n);
	m->n += n;
}

static void
add_text(struct message *m, const char *owner, unsigned ttl, const char *s)
{
	uint8_t data[256];
	size_t n = strlen(s);

	data[0] = (uint8_t)n;
	memcpy(data + 1, s, n);
	add(m, owner, 16, ttl, data, n + 1);
}

static void
add_alias(struct message *m, const char *owner, unsigned ttl, const char *to)
{
	struct message name = {.n = 0};

	put_name(&name, to);
	add(m, owner, 5, ttl, name.at, name.n);
}

/* From an allocation of just that size, so that sanitizers see overreads. */
static enum txt_result
parse(const struct message *m, struct txt *out, const char **why)
{
	uint8_t *exact = malloc(m->n == 0 ? 1 : m->n);
	enum txt_result r;

	assert_non_null(exact);
	memcpy(exact, m->at, m->n);
	r = txt_parse(arena, exact, m->n, NAME, out, why);
	free(exact);
	return r;
}

static void
expect(const struct message *m, enum txt_result want, const char *words)
{
	struct txt out;
	const char *why;
	enum txt_result r = parse(m, &out, &why);

	assert_int_equal(r, want);
	assert_string_equal(why, words);
	assert_int_equal(out.n, 0);
}

static void
test_answer(void **state)
{
	struct message m;
	struct txt out;
	const char *why;

	(void)state;
	begin(&m, 0x8180, "7.113.0.203.ZONE.example");
	add_text(&m, NULL, 300, "b@isp.example");
	add_text(&m, NAME, 200, "a@isp.example");
	assert_int_equal(parse(&m, &out, &why), TXT_ANSWERED);
	assert_int_equal(out.n, 2);
	assert_true(text_is(out.at[0], "a@isp.example"));
	assert_true(text_is(out.at[1], "b@isp.example"));
	assert_int_equal(out.ttl_s, 200);
}

static void
test_strings_are_joined(void **state)
{
	struct message m;
	struct txt out;
	const char *why;

	(void)state;
	begin(&m, 0x8180, NAME);
	add(&m, NULL, 16, 0x80000001, "\2ab\0\3use", 8);
	assert_int_equal(parse(&m, &out, &why), TXT_ANSWERED);
	assert_true(text_is(out.at[0], "abuse"));
	/* RFC 2181 8: a TTL with the top bit set is none */
	assert_int_equal(out.ttl_s, 0);
}

static void
test_alias(void **state)
{
	struct message m;
	struct txt out;
	const char *why;

	(void)state;
	begin(&m, 0x8180, NAME);
	add_text(&m, "x.example", 300, "wrong@isp.example");
	add_alias(&m, NAME, 60, "a.example");
	add_alias(&m, "a.example", 90, "b.example");
	add_text(&m, "B.example", 300, "right@isp.example");
	assert_int_equal(parse(&m, &out, &why), TXT_ANSWERED);
	assert_int_equal(out.n, 1);
	assert_true(text_is(out.at[0], "right@isp.example"));
	assert_int_equal(out.ttl_s, 60);
	begin(&m, 0x8180, NAME);
	add_alias(&m, NAME, 60, "a.example");
	add_alias(&m, "a.example", 60, NAME);
	add_text(&m, "a.example", 60, "a@isp.example");
	expect(&m, TXT_FAILED, "aliases lead in circles");
	begin(&m, 0x8180, NAME);
	add_alias(&m, NAME, 60, "a.example");
	expect(&m, TXT_FAILED, "alias without a record behind it");
}

static void
test_absent(void **state)
{
	struct message m;

	(void)state;
	begin(&m, 0x8183, NAME);
	expect(&m, TXT_ABSENT, "no such name");
	begin(&m, 0x8180, NAME);
	expect(&m, TXT_ABSENT, "no text at that name");
	/* a referral: an NS in the authority section and no SOA */
	begin(&m, 0x8000, NAME);
	put_count(&m, 8, 1);
	put(&m, 0xc00c, 2);
	put(&m, 2, 2);
	put(&m, 1, 2);
	put(&m, 60, 4);
	put(&m, 2, 2);
	put(&m, 0xc00c, 2);
	expect(&m, TXT_FAILED, "referral in place of an answer");
}

static void
test_not_an_answer(void **state)
{
	struct message m;

	(void)state;
	begin(&m, 0x0100, NAME);
	expect(&m, TXT_FAILED, "malformed answer");
	begin(&m, 0x9180, NAME);
	expect(&m, TXT_FAILED, "malformed answer");
	begin(&m, 0x8380, NAME);
	add_text(&m, NULL, 60, "a@isp.example");
	expect(&m, TXT_FAILED, "truncated answer");
	begin(&m, 0x8182, NAME);
	expect(&m, TXT_FAILED, "server failure");
	begin(&m, 0x8185, NAME);
	expect(&m, TXT_FAILED, "server failure");
	begin(&m, 0x8180, "8.113.0.203.zone.example");
	add_text(&m, NULL, 60, "a@isp.example");
	expect(&m, TXT_FAILED, "answer to another question");
	begin(&m, 0x8180, NAME);
	add_text(&m, "8.113.0.203.zone.example", 60, "a@isp.example");
	expect(&m, TXT_FAILED, "answer is not for the name asked");
	begin(&m, 0x8180, NAME);
	put_count(&m, 4, 2);
	expect(&m, TXT_FAILED, "answer to another question");
}

/* A record of the additional section. */
static void
add_more(struct message *m, unsigned type, uint32_t ttl)
{
	put_count(m, 10, m->at[11] + 1U);
	put(m, 0, 1);
	put(m, type, 2);
	put(m, 1232, 2);
	put(m, ttl, 4);
	put(m, 0, 2);
}

/* BADVERS and whatever else only EDNS can say: the header has code 0. */
static void
test_code_of_edns(void **state)
{
	struct message m;
	struct txt out;
	const char *why;

	(void)state;
	for (uint32_t code = 1; code < 256; code *= 2) {
		begin(&m, 0x8180, NAME);
		add_text(&m, NULL, 60, "x@isp.example");
		add_more(&m, 41, code << 24 | 0x8000);
		expect(&m, TXT_FAILED, "server failure");
		begin(&m, 0x8180, NAME);
		add_more(&m, 41, code << 24);
		expect(&m, TXT_FAILED, "server failure");
		begin(&m, 0x8183, NAME);
		add_more(&m, 41, code << 24);
		expect(&m, TXT_FAILED, "server failure");
	}
	/* of no other type, and not when it is 0 */
	begin(&m, 0x8180, NAME);
	add_text(&m, NULL, 60, "x@isp.example");
	add_more(&m, 42, 1U << 24);
	add_more(&m, 41, 0x8000);
	assert_int_equal(parse(&m, &out, &why), TXT_ANSWERED);
	/* every section must be whole */
	m.n--;
	expect(&m, TXT_FAILED, "malformed answer");
}

static void
test_malformed_records(void **state)
{
	struct message m;
	struct txt out;
	const char *why;
	size_t here;

	(void)state;
	begin(&m, 0x8180, NAME);
	add(&m, NULL, 16, 60, "\5abc", 4);
	expect(&m, TXT_FAILED, "malformed text record");
	begin(&m, 0x8180, NAME);
	add(&m, NULL, 16, 60, "", 0);
	expect(&m, TXT_FAILED, "malformed text record");
	/* more records promised than there are, and than there is room for */
	begin(&m, 0x8180, NAME);
	add_text(&m, NULL, 60, "a@isp.example");
	put_count(&m, 6, 2);
	expect(&m, TXT_FAILED, "malformed answer");
	put_count(&m, 6, 65535);
	expect(&m, TXT_FAILED, "malformed answer");
	/* a pointer to itself, one forward */
	begin(&m, 0x8180, NAME);
	here = m.n;
	add_text(&m, NULL, 60, "a@isp.example");
	put_count(&m, here, (unsigned)(0xc000 | here));
	expect(&m, TXT_FAILED, "malformed answer");
	put_count(&m, here, (unsigned)(0xc000 | (here + 4)));
	expect(&m, TXT_FAILED, "malformed answer");
	/* another class */
	begin(&m, 0x8180, NAME);
	add_text(&m, NULL, 60, "a@isp.example");
	m.at[here + 5] = 3;
	assert_int_equal(parse(&m, &out, &why), TXT_FAILED);
}

/* A label with a dot in it must not pass for two labels. */
static void
test_dot_inside_a_label(void **state)
{
	struct message m;
	uint8_t *dot;

	(void)state;
	begin(&m, 0x8180, NAME);
	/* 7.113 as one label of five bytes */
	dot = m.at + 12;
	dot[0] = 5;
	dot[2] = '.';
	expect(&m, TXT_FAILED, "answer to another question");
}

/* Every cut and every changed byte of a good message: never a crash, and
 * never a text that the message does not hold at its place. */
static void
test_cut_and_changed(void **state)
{
	struct message m, bad;
	struct txt out;
	const char *why;

	(void)state;
	begin(&m, 0x8180, NAME);
	add_alias(&m, NULL, 60, "a.example");
	add_text(&m, "a.example", 60, "a@isp.example");
	for (size_t n = 0; n < m.n; n++) {
		bad = m;
		bad.n = n;
		assert_int_equal(parse(&bad, &out, &why), TXT_FAILED);
	}
	for (size_t i = 0; i < m.n; i++)
		for (unsigned v = 0; v < 256; v++) {
			bad = m;
			bad.at[i] = (uint8_t)v;
			if (parse(&bad, &out, &why) == TXT_ANSWERED)
				assert_true(out.n == 1 &&
				    out.at[0].n <= 13);
			arena_reset(arena);
		}
}

static void
test_questions(void **state)
{
	static const struct {
		const char *address, *name;
	} cases[] = {
	    {"203.0.113.7", "7.113.0.203.z.example"},
	    {"10.0.0.1", "1.0.0.10.z.example"},
	    {"::ffff:203.0.113.7", "7.113.0.203.z.example"},
	    {"2001:db8::7",
	        "7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1."
	        "0.0.2.z.example"},
	    {"fedc:ba98:7654:3210:123:4567:89ab:cdef",
	        "f.e.d.c.b.a.9.8.7.6.5.4.3.2.1.0.0.1.2.3.4.5.6.7.8.9.a.b.c."
	        "d.e.f.z.example"},
	};
	char name[TXT_NAME_BYTES], zone[TXT_ZONE_BYTES + 1];
	struct addr a;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_true(addr_parse(text_of(cases[i].address), &a));
		assert_string_equal(txt_question(name, &a, "z.example"),
		    cases[i].name);
	}
	/* the longest zone behind the longest reversal is a name still */
	memset(zone, 'z', TXT_ZONE_BYTES);
	zone[TXT_ZONE_BYTES] = '\0';
	assert_int_equal(strlen(txt_question(name, &a, zone)),
	    64 + TXT_ZONE_BYTES);
}

static void
test_zones(void **state)
{
	static const char *const wrong[] = {"", ".", "a..b", ".a", "a b",
	    "a/b", "a\nb", "bücher.example"};
	const char *why;

	(void)state;
	assert_string_equal(txt_zone(arena, "Abuse-Contacts.abusix.zone.",
	                        &why),
	    "abuse-contacts.abusix.zone");
	assert_string_equal(txt_zone(arena, "_x.y", &why), "_x.y");
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		if (txt_zone(arena, wrong[i], &why) != NULL)
			fail_msg("\"%s\" was accepted", wrong[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_answer),
	    cmocka_unit_test(test_strings_are_joined),
	    cmocka_unit_test(test_alias),
	    cmocka_unit_test(test_absent),
	    cmocka_unit_test(test_not_an_answer),
	    cmocka_unit_test(test_code_of_edns),
	    cmocka_unit_test(test_malformed_records),
	    cmocka_unit_test(test_dot_inside_a_label),
	    cmocka_unit_test(test_cut_and_changed),
	    cmocka_unit_test(test_questions),
	    cmocka_unit_test(test_zones),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
