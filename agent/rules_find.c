/*
 * From a program and a message to the one form it has; see rules.h.
 *
 * A view holds the forms of one program in the order of their files, and
 * finds those that may fit by the literal text they begin with, or by that
 * behind a queue id.
 */
#include <stdlib.h>
#include <string.h>

#include "agent/leads.h"
#include "agent/rules_inside.h"
#include "proto/base/die.h"

enum {
	QUEUE_ID_BYTES = 32,
};

struct entry {
	const struct template *template;
	size_t form;
};

struct rules_view {
	const struct rules *rules;
	struct entry *entries;
	uint32_t n;
	struct leads *by_start;
	struct leads *behind_queue_id; /* NULL: no form begins with one */
};

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
	v->by_start = leads_open(starts, start_count);
	if (behind_count > 0)
		v->behind_queue_id = leads_open(behind, behind_count);
	free(starts);
}

struct rules_view *
rules_view_open(const struct rules *r, struct text program)
{
	struct rules_view *v = calloc(1, sizeof *v);
	size_t n = 0;

	if (v == NULL)
		die(71, "rules: out of memory");
	for (size_t i = 0; i < r->form_count; i++)
		n += concerns(&r->blocks[r->forms[i].block], program);
	if (n == 0) {
		rules_view_close(v);
		return NULL;
	}
	v->entries = calloc(n, sizeof *v->entries);
	if (v->entries == NULL)
		die(71, "rules: out of memory");
	v->rules = r;
	for (size_t i = 0; i < r->form_count; i++)
		if (concerns(&r->blocks[r->forms[i].block], program))
			v->entries[v->n++] =
			    (struct entry){.template = r->forms[i].template,
				.form = i};
	sort_leads(v);
	return v;
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

static bool
is_letter_or_digit(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z');
}

/* The bytes behind the queue id, or an empty text.  No daemon's is longer
 * than QUEUE_ID_BYTES, and a colon follows all of them. */
static inline struct text
behind_queue_id(struct text message)
{
	size_t n = message.n < QUEUE_ID_BYTES ? message.n : QUEUE_ID_BYTES;
	const char *colon = memchr(message.at, ':', n);

	if (colon == NULL)
		return (struct text){.at = message.at, .n = 0};
	n = (size_t)(colon - message.at);
	return (struct text){.at = colon, .n = message.n - n};
}

static bool
begins_with_queue_id(struct text message)
{
	size_t n = 0;

	while (n < message.n && is_letter_or_digit(message.at[n]))
		n++;
	return n < message.n && message.at[n] == ':';
}

/* Which of the forms a and b, two rising lists, fits first, or NULL. */
static const struct entry *
first_fit(const struct rules_view *v, const uint32_t *a, const uint32_t *b,
    struct text message, struct match *m)
{
	while (*a != LEADS_END || *b != LEADS_END) {
		const struct entry *e = &v->entries[*a < *b ? *a++ : *b++];

		if (template_match(e->template, message, m))
			return e;
	}
	return NULL;
}

static inline const struct entry *
find_entry(const struct rules_view *v, struct text message, struct match *m)
{
	static const uint32_t none[] = {LEADS_END};
	const uint32_t *a = leads_find(v->by_start, message), *b = none;

	if (v->behind_queue_id != NULL)
		b = leads_find(v->behind_queue_id, behind_queue_id(message));
	if (*b != LEADS_END && !begins_with_queue_id(message))
		b = none;
	if (*a == LEADS_END && *b == LEADS_END)
		return NULL;
	return first_fit(v, a, b, message, m);
}

static const struct rule *
rule_of(const struct rules_view *v, const struct entry *e)
{
	return &v->rules->blocks[v->rules->forms[e->form].block].rule;
}

const struct rule *
rules_find_form(const struct rules_view *v, struct text message,
    struct match *m, size_t *form)
{
	const struct entry *e = find_entry(v, message, m);

	if (e == NULL)
		return NULL;
	*form = e->form;
	return rule_of(v, e);
}

const struct rule *
rules_find(const struct rules_view *v, struct text message, struct match *m)
{
	const struct entry *e = find_entry(v, message, m);

	return e == NULL ? NULL : rule_of(v, e);
}

struct rules_nearest
rules_explain(const struct rules_view *v, struct text message)
{
	struct rules_nearest nearest = {0};
	bool past_head = false;

	for (uint32_t i = 0; v != NULL && i < v->n; i++) {
		const struct form *f = &v->rules->forms[v->entries[i].form];
		struct match m;

		if (template_match(f->template, message, &m))
			continue;
		/* the tail is read backwards: there less is further */
		if (nearest.rule != NULL &&
		    (m.past_head < past_head ||
			(m.past_head == past_head &&
			    (past_head ? m.stopped >= nearest.stopped
				       : m.stopped <= nearest.stopped))))
			continue;
		nearest.rule = &v->rules->blocks[f->block].rule;
		nearest.line = f->line;
		nearest.stopped = m.stopped;
		past_head = m.past_head;
	}
	return nearest;
}
