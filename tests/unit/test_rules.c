/* Protects the loader of rules: complaints name file, line and the nearest
 * right word, and a rule that does not do what its samples say is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agent/rules.h"

#define HEAD "[a.one]\nprogram = a*/d\nkind = auth_failure\nclient = postfix\n"
#define TEMPLATE "template = from {client} said {user}\n"
#define HIT "hit = from h[203.0.113.7] said x\n"
#define TRUE_HIT HIT "ip = 203.0.113.7\nptr = h\nlogin = x\n"

static struct rules *
loaded(const char *text, struct buf *errors)
{
	struct rules *r = rules_new();

	if (rules_add(r, "f.rules", text_of(text), errors) == 0 &&
	    rules_check(r, errors) == 0)
		return r;
	rules_close(r);
	return NULL;
}

static void
refused(const char *text, const char *complaint)
{
	struct buf errors = {0};
	struct rules *r = loaded(text, &errors);

	if (r != NULL)
		fail_msg("accepted:\n%s", text);
	if (strstr(errors.data, complaint) == NULL)
		fail_msg(
		    "%s\ncomplains: %snot: %s", text, errors.data, complaint);
	buf_free(&errors);
}

static void
good(void **state)
{
	struct buf errors = {0};
	struct rules *r = loaded("# comment\n\n" HEAD TEMPLATE TRUE_HIT
				 "miss = from h said x\r\n",
	    &errors);
	struct rules_counts n;
	struct rules_view *v;
	const struct rule *rule;
	struct match m;

	(void)state;
	assert_non_null(r);
	n = rules_count(r);
	assert_int_equal(n.rules, 1);
	assert_int_equal(n.templates, 1);
	assert_int_equal(n.samples, 2);
	assert_null(rules_view_open(r, text_of("b/d")));
	assert_null(rules_view_open(r, text_of("a/dd")));
	v = rules_view_open(r, text_of("a-in/x/d"));
	assert_non_null(v);
	rule = rules_find(v, text_of("from h[203.0.113.7] said x"), &m);
	assert_non_null(rule);
	assert_string_equal(rule->name, "a.one");
	assert_null(rules_find(v, text_of("from h"), &m));
	rules_view_close(v);
	rules_close(r);
	buf_free(&errors);
}

static void
bad_words(void **state)
{
	(void)state;
	refused("kind = x\n", "f.rules:1: key = value in front");
	refused("hello\n", "f.rules:1: neither");
	refused("[a.one\n", "f.rules:1: a block begins");
	refused("[one]\n", "f.rules:1: [one]: a name is like");
	refused("[A.x]\n", "f.rules:1: [A.x]: a name is like");
	refused(HEAD "tempalte = x\n", "f.rules:5: no key \"tempalte\"; is it "
				       "template?");
	refused("[a.one]\nkind = auth_failre\n",
	    "f.rules:2: no kind \"auth_failre\"; is it auth_failure?");
	refused("[a.one]\nclient = qmail\n", "f.rules:2: client is postfix");
	refused("[a.one]\nprogram =\n", "f.rules:2: program without");
	refused("[a.one]\nkind = probe\ntemplate = from {ip} here\n",
	    "f.rules:3: program = must");
	refused("[a.one]\nprogram = a\ntemplate = from {ip} here\n",
	    "f.rules:3: kind = must");
	refused(HEAD "\xff\n", "f.rules:5: this line is not UTF-8");
	refused(HEAD, "f.rules:1: [a.one] has no template");
	refused(HEAD TEMPLATE, "f.rules:5: template without a hit");
	refused(HEAD TEMPLATE TEMPLATE TRUE_HIT,
	    "f.rules:5: template without a hit");
	refused(HEAD HIT, "f.rules:5: sample without a template");
	refused(HEAD TEMPLATE "ip = 203.0.113.7\n",
	    "f.rules:6: ip = belongs below a hit");
	refused(HEAD TEMPLATE TRUE_HIT HEAD TEMPLATE TRUE_HIT,
	    "f.rules:10: [a.one] is there already: f.rules:1");
	refused(HEAD "template = {said} from {client} {said}\n",
	    "f.rules:5: a client could forge");
}

static void
untrue_samples(void **state)
{
	(void)state;
	refused(HEAD TEMPLATE HIT, "f.rules:6: hit without ip =");
	refused(HEAD TEMPLATE HIT "ip = 203.0.113.8\nptr = h\nlogin = x\n",
	    "f.rules:6: the sample gives ip = 203.0.113.7, but 203.0.113.8");
	refused(HEAD TEMPLATE HIT "ip = 203.0.113.7\nptr = h\n",
	    "f.rules:6: the sample gives login = x, but nothing");
	refused(HEAD TEMPLATE HIT
	    "ip = 203.0.113.7\nptr = h\nlogin = x\nport = 9\n",
	    "f.rules:6: the sample gives port = nothing, but 9");
	refused(HEAD TEMPLATE "hit = from h[203.0.113.7] sad x\nip = 1.2.3.4\n",
	    "f.rules:6: the template in line 5 does not match this sample, "
	    "from its byte 23 on");
	refused(HEAD TEMPLATE TRUE_HIT "miss = from h[203.0.113.7] said y\n",
	    "f.rules:10: the template in line 5 matches");
	/* a template that an earlier one hides */
	refused(HEAD TEMPLATE TRUE_HIT "template = from {client} said x\n"
				       "hit = from h[203.0.113.7] said x\n"
				       "ip = 203.0.113.7\n",
	    "f.rules:11: the template in line 10 is not reached: [a.one] in "
	    "f.rules:5");
}

static void
no_login(void **state)
{
	struct buf errors = {0};
	struct rules *r = loaded(HEAD "no-login = (none)\n" TEMPLATE TRUE_HIT
				      "hit = from h[203.0.113.7] said (none)\n"
				      "ip = 203.0.113.7\nptr = h\n",
	    &errors);

	(void)state;
	if (r == NULL)
		fail_msg("%s", errors.data);
	rules_close(r);
	buf_free(&errors);
}

/* The first block wins, whichever table it is found by. */
static void
order(void **state)
{
	static const char text[] =
	    "[a.qid]\nprogram = d\nkind = probe\n"
	    "template = {qid}: from {ip} {rest}\n"
	    "hit = 4F1B72E0A33: from 203.0.113.7 x\nip = 203.0.113.7\n"
	    "[a.short]\nprogram = d\nkind = probe\n"
	    "template = is{num} from {ip} here\n"
	    "hit = is1 from 203.0.113.7 here\nip = 203.0.113.7\n"
	    "[a.long]\nprogram = d\nkind = probe\n"
	    "template = is1 from {ip} there\n"
	    "hit = is1 from 203.0.113.7 there\nip = 203.0.113.7\n";
	struct buf errors = {0};
	struct rules *r = loaded(text, &errors);
	struct rules_view *v;
	struct match m;

	(void)state;
	if (r == NULL)
		fail_msg("%s", errors.data);
	v = rules_view_open(r, text_of("d"));
	assert_string_equal(
	    rules_find(v, text_of("is1 from 1.2.3.4 here"), &m)->name,
	    "a.short");
	assert_string_equal(
	    rules_find(v, text_of("is1 from 1.2.3.4 there"), &m)->name,
	    "a.long");
	assert_string_equal(
	    rules_find(v, text_of("NOQUEUE: from 1.2.3.4 x"), &m)->name,
	    "a.qid");
	rules_view_close(v);
	rules_close(r);
	buf_free(&errors);
}

static void
nearest(void **state)
{
	struct buf errors = {0};
	struct rules *r = loaded(HEAD TEMPLATE TRUE_HIT, &errors);
	struct rules_view *v = rules_view_open(r, text_of("a/d"));
	struct rules_nearest near =
	    rules_explain(v, text_of("from h[203.0.113.7] sings"));

	(void)state;
	assert_string_equal(near.rule->name, "a.one");
	assert_int_equal(near.line, 5);
	assert_int_equal(near.stopped, strlen("from h[203.0.113.7] s"));
	near = rules_explain(NULL, text_of("x"));
	assert_null(near.rule);
	rules_view_close(v);
	rules_close(r);
	buf_free(&errors);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good),
	    cmocka_unit_test(bad_words),
	    cmocka_unit_test(untrue_samples),
	    cmocka_unit_test(no_login),
	    cmocka_unit_test(order),
	    cmocka_unit_test(nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
