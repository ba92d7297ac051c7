/*
 * From a program and a message to the one form it has; see rules.h.
 */
#include <string.h>

#include "agent/rules_inside.h"
#include "agent/signs.h"
#include "agent/template_parts.h"

enum {
	QUEUE_ID_BYTES = 2 * SIGNS_BYTES,
};

/* The bytes behind the queue id, or an empty text.  No daemon's is longer
 * than QUEUE_ID_BYTES, and a colon follows all of them.  Whether it is one
 * the forms see to. */
static inline struct text
behind_queue_id(struct text message)
{
	const char *colon;
	size_t at;

	if (message.n >= QUEUE_ID_BYTES) {
		at = signs_first(message.at, ':', ':', ':');
		if (at == SIGNS_BYTES)
			at += signs_first(
			    message.at + SIGNS_BYTES, ':', ':', ':');
	} else {
		colon = memchr(message.at, ':', message.n);
		at = colon == NULL ? QUEUE_ID_BYTES
		                   : (size_t)(colon - message.at);
	}
	if (at == QUEUE_ID_BYTES)
		return (struct text){.at = message.at, .n = 0};
	return (struct text){.at = message.at + at, .n = message.n - at};
}

/* Which of the forms a and b, two rising lists, fits first, or NULL. */
static const struct entry *
first_fit(const struct rules_view *v, const uint32_t *a, const uint32_t *b,
    struct text message, struct match *m)
{
	struct template_found found;

	template_begin(&found);
	while (*a != LEADS_END || *b != LEADS_END) {
		const struct entry *e = &v->entries[*a < *b ? *a++ : *b++];

		if (template_match_more(e->template, message, m, &found))
			return e;
	}
	return NULL;
}

static inline const struct entry *
find_entry(const struct rules_view *v, struct text message, struct match *m)
{
	static const uint32_t none[] = {LEADS_END};
	const uint32_t *a = leads_find(v->by_start, message), *b = none;

	if (v->behind_queue_id != NULL && (*a == LEADS_END || !v->is_apart))
		b = leads_find(v->behind_queue_id, behind_queue_id(message));
	if (*a == LEADS_END && *b == LEADS_END)
		return NULL;
	return first_fit(v, a, b, message, m);
}

const struct rule *
rules_find_form(const struct rules_view *v, struct text message,
    struct match *m, size_t *form)
{
	const struct entry *e = find_entry(v, message, m);

	if (e == NULL)
		return NULL;
	*form = e->form;
	return e->rule;
}

const struct rule *
rules_find(const struct rules_view *v, struct text message, struct match *m)
{
	const struct entry *e = find_entry(v, message, m);

	return e == NULL ? NULL : e->rule;
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
