/* Protects: the first form of the files that a message has is the one that is
 * found, and says what it says by itself, though forms share what they have
 * in common and most are never tried. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/rules_inside.h"

/* Forms that begin alike, hide one another, and have the same text in them
 * at other places. */
static const char *const templates[] = {
    "warning: {client}: SASL {mech} authentication failed: lost, "
    "sasl_username={user}",
    "warning: {client}: SASL {mech} authentication failed: lost{said}",
    "warning: {client}: SASL {mech} authentication failed:",
    "warning: {client}: SASL {mech} authentication failed: {said}, "
    "sasl_username={user}",
    "warning: {client}: SASL {mech} authentication failed:{said}",
    "warning: {client}: SASL {said}",
    "{qid}: reject: VRFY from {client}: {said}",
    "{qid}: reject: {word} from {client}: {num} {num} <{again:to}>: Relay "
    "access denied; from=<{path:from}> to=<{path:to}> helo=<{helo}>",
    "{qid}: reject: {word} from {client}: {num} {num} <{plain}>: Relay "
    "access denied; from=<{plain}> to=<{plain}> helo=<{helo}>",
    "{qid}: reject: {word} from {client}: {num} <{again:to}>: Relay access "
    "denied; from=<{path:from}> to=<{path:to}>",
    "{qid}: reject: {word} from {client}: {num} {num} Client host [{said}",
    "{qid}: reject: {word} from {client}: 550 5.1.1 <{said}",
    "{qid}: reject: {word} from {client}: 554 5.7.1 <{said}",
    "lost connection after {word} from {client}",
    "{qid}: lost connection after {word} from {client}",
    "limit exceeded: {num} from {ip}:{port} to {local} by {said}",
    "limit exceeded: {num} from {ip} to {local} by {said}",
    /* the third has what the first read, but the second has not */
    "warning: {client}: tried {mech} in vain",
    "warning: {client}: tried{said}, sasl_username={user}",
    "warning: {client}: tried {mech} and went{said}",
    /* what the second cannot do without may be in what the first read */
    "warning: {client}: met {word} lost{said},user={user}",
    "warning: {client}: met {said},user={user}",
    /* a literal that could be a queue id, and none at all: of these two a
     * set may do without */
    "4AB: reject: {word} from {client}: 553 {said}",
    "{word} gone from {client} for {rest}",
};

enum { FORMS = sizeof templates / sizeof templates[0], ALWAYS = FORMS - 2 };

static const char *const pieces[] = {"warning: ", "unknown[203.0.113.7]",
    "a.example[2001:db8::7]:25", ": SASL ", "LOGIN", "PLAIN",
    " authentication failed:", " lost", ", sasl_username=", "x", "NOQUEUE",
    "4AB", ": reject: ", "RCPT", "VRFY", " from ", ": ", "554", " 5.7.1",
    "550 5.1.1 <", "<a@b>", "\"a b\"@c", "a@b", "<", ">", ": Relay access ",
    "denied; from=<", "> to=<", "> helo=<", " Client host [",
    "lost connection after ", "CONNECT", "limit exceeded: ", "12",
    "203.0.113.9", ":4711", " to ", "192.0.2.1", " by ", " gone", " for ",
    ": tried ", " in vain", " and went", ": met ", ",user=", " lost"};

static unsigned seed = 1;

static unsigned
pick(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

/* The template with something in its fields. */
static size_t
fill_in(char *out, const char *template)
{
	static const struct {
		const char *field, *said[3];
	} fields[] = {
	    {"{client}", {"unknown[203.0.113.7]", "a.example[2001:db8::7]:25",
			     "x[203.0.113.7"}},
	    {"{mech}", {"LOGIN", "PLAIN", "A-MECHANISM-WITH-A-LONG-NAME"}},
	    {"{user}", {"carol", "", "a, sasl_username=b"}},
	    {"{said}", {"", " x", " y, sasl_username=z"}},
	    {"{qid}", {"NOQUEUE", "4AB", "warning"}},
	    {"{word}", {"RCPT", "VRFY,user=x", "CONNECT"}},
	    {"{num}", {"554", "5.7.1", "x"}},
	    {"{again:to}", {"a@b", "a b@c", "c@d"}},
	    {"{path:from}", {"c@d", "", "\"x> to=<a@b\"@c"}},
	    {"{path:to}", {"a@b", "\"a b\"@c", "a@b"}},
	    {"{plain}", {"a@b", "c@d", ""}},
	    {"{helo}", {"h", "[203.0.113.9]", ""}},
	    {"{ip}", {"203.0.113.7", "[2001:db8::9]", "203.0.113.256"}},
	    {"{port}", {"25", "4711", "70000"}},
	    {"{local}", {"192.0.2.1", "[192.0.2.1]", "x"}},
	    {"{rest}", {"", "service smtpd", " "}}};
	size_t n = 0;

	for (const char *s = template; *s != '\0';) {
		size_t i = 0, count = sizeof fields / sizeof fields[0];
		const char *said;

		while (i < count && strncmp(s, fields[i].field,
					strlen(fields[i].field)) != 0)
			i++;
		if (i == count) {
			out[n++] = *s++;
			continue;
		}
		said = fields[i].said[pick(2) == 0 ? 0 : pick(3)];
		s += strlen(fields[i].field);
		memcpy(out + n, said, strlen(said));
		n += strlen(said);
	}
	return n;
}

static size_t
make_message(char *out)
{
	size_t n = 0, count = pick(12);

	if (pick(4) != 0)
		n = fill_in(out,
		    templates[pick(sizeof templates / sizeof templates[0])]);
	else
		for (size_t i = 0; i < count; i++) {
			const char *s =
			    pieces[pick(sizeof pieces / sizeof pieces[0])];

			memcpy(out + n, s, strlen(s));
			n += strlen(s);
		}
	if (n > 0 && pick(6) == 0)
		out[pick((unsigned)n)] = " :[]<>x"[pick(7)];
	return n > 0 && pick(8) == 0 ? pick((unsigned)n) : n;
}

static void
assert_text(struct text a, struct text b)
{
	assert_ptr_equal(a.at, b.at);
	assert_int_equal(a.n, b.n);
}

static void
assert_match(const struct match *a, const struct match *b)
{
	assert_true(addr_equal(&a->source, &b->source));
	assert_int_equal(a->source_port, b->source_port);
	assert_int_equal(a->local.family, b->local.family);
	assert_int_equal(a->local_port, b->local_port);
	assert_text(a->ptr, b->ptr);
	assert_text(a->login, b->login);
	assert_text(a->mechanism, b->mechanism);
	assert_text(a->qid, b->qid);
	assert_text(a->session, b->session);
}

/* Bit i of the set: with form ALWAYS + i. */
static void
load(struct rules *r, unsigned set)
{
	struct buf errors = {0}, text = {0};
	size_t count = 0;

	for (size_t i = 0; i < FORMS; i++) {
		if (i >= ALWAYS && (set >> (i - ALWAYS) & 1) == 0)
			continue;
		count++;
		buf_printf(&text,
		    "[t.form%zu]\nprogram = p\nkind = probe\n"
		    "client = postfix\ntemplate = %s\n",
		    i, templates[i]);
	}
	/* without samples they are refused in the end, but read */
	assert_int_equal(rules_add(r, "t",
			     (struct text){.at = text.data, .n = text.n},
			     &errors),
	    -1);
	assert_int_equal(r->form_count, count);
	buf_free(&errors);
	buf_free(&text);
}

static void
check_set(unsigned set)
{
	struct rules *r = rules_new();
	struct rules_view *v;
	unsigned fits = 0;

	load(r, set);
	v = rules_view_open(r, TEXT("p"));
	assert_non_null(v);
	assert_int_equal(v->is_apart, set == 0);
	for (int i = 0; i < 60000; i++) {
		char message[1024];
		struct match found, alone;
		size_t form = 0, first = 0;
		struct text m = {.at = message, .n = make_message(message)};
		const struct rule *rule = rules_find_form(v, m, &found, &form);

		while (first < r->form_count &&
		       !template_match(r->forms[first].template, m, &alone))
			first++;
		if (rule == NULL) {
			assert_int_equal(first, r->form_count);
			continue;
		}
		assert_int_equal(form, first);
		assert_match(&found, &alone);
		fits++;
	}
	assert_true(fits > 10000);
	rules_view_close(v);
	rules_close(r);
}

static void
the_first_that_fits(void **state)
{
	(void)state;
	for (unsigned set = 0; set < 1U << (FORMS - ALWAYS); set++)
		check_set(set);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_first_that_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
