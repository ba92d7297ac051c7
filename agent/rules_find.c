/*
 * From a program and a message to the one form it has; see rules.h.
 *
 * A view holds the forms of one program in the order of their files, each in
 * a chain of a small table: by the first four bytes of the literal text it
 * begins with, by those behind a queue id, or, when it begins with less, in
 * the chain of those that are always tried.
 */
#include <stdlib.h>
#include <string.h>

#include "agent/rules_inside.h"
#include "proto/base/die.h"

enum {
	KEY_BYTES = 4,
	SLOTS = 128, /* a power of two */
};

#define NONE UINT32_MAX /* end of a chain */

struct entry {
	const struct template *template;
	size_t form;
	struct text lead;
	uint32_t next; /* in its chain, always further down */
};

struct rules_view {
	const struct rules *rules;
	struct entry *entries;
	uint32_t n;
	uint32_t by_start[SLOTS];
	uint32_t behind_queue_id[SLOTS];
	uint32_t always;
	bool has_queue_ids;
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

static uint32_t
slot_of(const char *s)
{
	uint32_t key;

	_Static_assert(sizeof key == KEY_BYTES, "a key is one load");
	memcpy(&key, s, sizeof key);
	return (key * UINT32_C(2654435761)) >> 25;
}

_Static_assert(SLOTS == 1 << (32 - 25), "slot_of fills the table");

static struct entry *
add_entry(struct rules_view *v, size_t form)
{
	struct entry *e = &v->entries[v->n++];

	e->form = form;
	e->template = v->rules->forms[form].template;
	return e;
}

/* Entries are chained from the last to the first, so that each chain ends up
 * in their order. */
static void
chain(struct rules_view *v)
{
	memset(v->by_start, 0xff, sizeof v->by_start);
	memset(v->behind_queue_id, 0xff, sizeof v->behind_queue_id);
	v->always = NONE;
	for (uint32_t i = v->n; i-- > 0;) {
		struct entry *e = &v->entries[i];
		uint32_t *chain = &v->always;
		bool after_queue_id;

		e->lead = template_lead(e->template, &after_queue_id);
		if (e->lead.n >= KEY_BYTES && after_queue_id) {
			chain = &v->behind_queue_id[slot_of(e->lead.at)];
			v->has_queue_ids = true;
		} else if (e->lead.n >= KEY_BYTES) {
			chain = &v->by_start[slot_of(e->lead.at)];
		} else {
			e->lead.n = 0;
		}
		e->next = *chain;
		*chain = i;
	}
}

struct rules_view *
rules_view_open(const struct rules *r, struct text program)
{
	struct rules_view *v = calloc(1, sizeof *v);

	if (v == NULL)
		die(71, "rules: out of memory");
	v->entries = calloc(r->form_count + 1, sizeof *v->entries);
	if (v->entries == NULL)
		die(71, "rules: out of memory");
	v->rules = r;
	for (size_t i = 0; i < r->form_count; i++)
		if (concerns(&r->blocks[r->forms[i].block], program))
			(void)add_entry(v, i);
	if (v->n == 0) {
		rules_view_close(v);
		return NULL;
	}
	chain(v);
	return v;
}

void
rules_view_close(struct rules_view *v)
{
	if (v == NULL)
		return;
	free(v->entries);
	free(v);
}

/* The bytes behind the queue id, or an empty text. */
static struct text
behind_queue_id(struct text message)
{
	size_t at = 0;

	for (; at < message.n; at++) {
		char c = message.at[at];

		if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
			(c >= 'a' && c <= 'z')))
			break;
	}
	return (struct text){.at = message.at + at, .n = message.n - at};
}

static bool
begins(struct text t, struct text lead)
{
	return t.n >= lead.n && memcmp(t.at, lead.at, lead.n) == 0;
}

/* The next entry of a chain whose lead fits, or NONE. */
static uint32_t
skip(const struct rules_view *v, uint32_t i, struct text t)
{
	while (i != NONE && !begins(t, v->entries[i].lead))
		i = v->entries[i].next;
	return i;
}

const struct rule *
rules_find_form(const struct rules_view *v, struct text message,
    struct match *m, size_t *form)
{
	struct text behind = {0};
	uint32_t i = NONE, j = NONE, k = v->always, *least;

	if (message.n >= KEY_BYTES)
		i = skip(v, v->by_start[slot_of(message.at)], message);
	if (v->has_queue_ids) {
		behind = behind_queue_id(message);
		if (behind.n >= KEY_BYTES)
			j = skip(
			    v, v->behind_queue_id[slot_of(behind.at)], behind);
	}
	for (;;) {
		least = i < j ? &i : &j;
		if (k < *least)
			least = &k;
		if (*least == NONE)
			return NULL;
		if (template_match(v->entries[*least].template, message, m)) {
			*form = v->entries[*least].form;
			return &v->rules->blocks[v->rules->forms[*form].block]
			            .rule;
		}
		*least = skip(
		    v, v->entries[*least].next, least == &j ? behind : message);
	}
}

const struct rule *
rules_find(const struct rules_view *v, struct text message, struct match *m)
{
	size_t form;

	return rules_find_form(v, message, m, &form);
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
