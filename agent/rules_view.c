/*
 * The forms that concern one program, in the order of their files; see
 * rules.h.  They are found by the literal text they begin with, or by that
 * behind a queue id.
 */
#include <stdlib.h>
#include <string.h>

#include "agent/rules_inside.h"
#include "proto/base/die.h"

bool
rules_fits(const char *pattern, struct text program)
{
	const char *s = program.at, *end = s + program.n;
	const char *star = NULL, *retry = NULL;

	while (s < end) {
		if (*pattern == '*') {
			star = ++pattern;
			retry = s;
		} else if (*pattern == *s) {
			pattern++;
			s++;
		} else if (star != NULL) {
			pattern = star;
			s = ++retry;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

static bool
concerns(const struct block *b, struct text program)
{
	for (size_t i = 0; i < b->program_count; i++)
		if (rules_fits(b->programs[i], program))
			return true;
	return false;
}

static bool
is_letter_or_digit(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z');
}

/* Can a message that begins with this literal begin with a queue id and the
 * colon behind it? */
static bool
may_hold_queue_id(struct text literal)
{
	size_t n = 0;
	bool marked = false; /* ids hold a digit or a capital, see field.c */

	for (; n < literal.n && is_letter_or_digit(literal.at[n]); n++)
		marked |= literal.at[n] < 'a';
	return n == literal.n || (marked && literal.at[n] == ':');
}

/* Is there a message that both forms may have, by what it begins with? */
static bool
may_share(const struct template *a, const struct template *b)
{
	bool a_behind, b_behind;
	struct text x = template_lead(a, &a_behind);
	struct text y = template_lead(b, &b_behind);
	size_t n = x.n < y.n ? x.n : y.n;

	if (a_behind != b_behind)
		return may_hold_queue_id(a_behind ? y : x);
	return n == 0 || memcmp(x.at, y.at, n) == 0;
}

/* Is the form of a kind that is no client's fault, and hides no other? */
static bool
is_left_out(const struct rules *r, const struct template *t, size_t form,
    struct text program)
{
	const struct rule *rule = &r->blocks[r->forms[form].block].rule;

	if (!kind_is_inner(rule->kind) || rule->session != RULE_ALONE)
		return false;
	while (++form < r->form_count) {
		const struct block *b = &r->blocks[r->forms[form].block];

		if ((!kind_is_inner(b->rule.kind) ||
			b->rule.session != RULE_ALONE) &&
		    concerns(b, program) &&
		    may_share(t, r->forms[form].template))
			return false;
	}
	return true;
}

/* Lets the filter pass what begins with one of the leads, but for their first
 * skipped bytes: by as many bytes as all of them have. */
static void
fill_set(struct rules_filter_set *set, const struct lead *leads, size_t n,
    size_t skipped)
{
	size_t least = RULES_FILTER_BYTES;

	for (size_t i = 0; i < n; i++)
		if (leads[i].text.n < skipped + least)
			least = leads[i].text.n < skipped
			            ? 0 : leads[i].text.n - skipped;
	memset(&set->mask, 0xff, least);
	for (size_t i = 0; i < n; i++) {
		char s[RULES_FILTER_BYTES] = {0};
		uint32_t h;

		if (least > 0)
			memcpy(s, leads[i].text.at + skipped, least);
		h = rules_filter_hash(set, s);
		set->has[h / 32] |= UINT32_C(1) << h % 32;
	}
}

const struct rules_filter *
rules_view_filter(const struct rules_view *v)
{
	static const struct rules_filter nothing;

	return v == NULL ? &nothing : &v->filter;
}

/* Sorts the entries by what their messages begin with. */
static void
sort_leads(struct rules_view *v)
{
	struct lead *starts = calloc(2 * (size_t)v->n, sizeof *starts);
	struct lead *behind = starts + v->n;
	size_t start_count = 0, behind_count = 0;

	if (starts == NULL)
		die(71, "rules: out of memory");
	for (uint32_t i = 0; i < v->n; i++) {
		bool after_queue_id;
		struct lead lead = {.entry = i,
		    .text = template_lead(
			v->entries[i].template, &after_queue_id)};

		if (after_queue_id && lead.text.at[0] == ':')
			behind[behind_count++] = lead;
		else
			starts[start_count++] = after_queue_id
			                            ? (struct lead){.entry = i}
			                            : lead;
	}
	v->is_apart = true;
	for (size_t i = 0; i < start_count; i++)
		if (may_hold_queue_id(starts[i].text))
			v->is_apart = false;
	fill_set(&v->filter.starts, starts, start_count, 0);
	fill_set(&v->filter.behind, behind, behind_count, RULES_FILTER_COLON);
	v->by_start = leads_open(starts, start_count);
	if (behind_count > 0)
		v->behind_queue_id = leads_open(behind, behind_count);
	free(starts);
}

static struct rules_view *
open_view(const struct rules *r, struct text program, bool outer_only)
{
	struct rules_view *v = calloc(1, sizeof *v);

	if (v == NULL)
		die(71, "rules: out of memory");
	v->entries = calloc(r->form_count + 1, sizeof *v->entries);
	if (v->entries == NULL)
		die(71, "rules: out of memory");
	v->rules = r;
	for (size_t i = 0; i < r->form_count; i++) {
		const struct template *t = r->forms[i].template;

		if (concerns(&r->blocks[r->forms[i].block], program) &&
		    !(outer_only && is_left_out(r, t, i, program)))
			v->entries[v->n++] =
			    (struct entry){.template = t,
				.rule = &r->blocks[r->forms[i].block].rule,
				.form = i};
	}
	if (v->n == 0) {
		rules_view_close(v);
		return NULL;
	}
	sort_leads(v);
	return v;
}

struct rules_view *
rules_view_open(const struct rules *r, struct text program)
{
	return open_view(r, program, false);
}

struct rules_view *
rules_view_open_outer(const struct rules *r, struct text program)
{
	return open_view(r, program, true);
}

void
rules_view_close(struct rules_view *v)
{
	if (v == NULL)
		return;
	leads_close(v->by_start);
	leads_close(v->behind_queue_id);
	free(v->entries);
	free(v);
}

