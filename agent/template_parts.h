/*
 * The inside of a template, shared by its compiler (template.c), its matcher
 * (template_match.c) and the one who tries many in turn (rules_find.c), and
 * by nobody else.
 */
#ifndef PLAINTIFF_TEMPLATE_PARTS_H
#define PLAINTIFF_TEMPLATE_PARTS_H

#include <stddef.h>

#include "agent/field.h"
#include "agent/signs.h"
#include "agent/template.h"

struct part {
	enum field field;
	struct text text; /* of a literal; else the label, "to" in {path:to} */
	size_t refers_to; /* {again}: the part it repeats */
	uint32_t step; /* equal in templates that are the same up to here; 0:
	                  not in the head, or not numbered yet */
	int16_t next; /* the first byte of the literal behind it, or -1 */
	int16_t before; /* the last byte of the literal before it, or -1 */
};

struct template
{
	enum client_form client;
	size_t n;
	size_t head; /* parts [0, head) are read from the left */
	size_t tail; /* parts [tail, n) are read from the right */
	bool accuses_back; /* the address is one of these */
	size_t opening; /* parts up to the accused, if read from the left */
	uint64_t said; /* a bit for each part of the head, but the accused,
	                  that a match says */
	struct text must; /* the longest literal text behind the head */
	uint32_t must_id; /* equal for equal texts; 0: not numbered yet */
	struct part parts[];
};

_Static_assert(TEMPLATE_PARTS <= 64, "a part each has a bit");

enum {
	TEMPLATE_UNCUT = 880, /* RFC 3164 4.1 allows 1,024 with the header */
};

/* Syslog cuts long records: what stands last in one is what the client wrote,
 * if it wrote enough. */
static inline bool
template_may_be_cut(const struct template *t, struct text message)
{
	return message.n > TEMPLATE_UNCUT && t->accuses_back;
}

/* How many parts of the head an earlier template has read already; false
 * when it could not read the next one, nor can this. */
static inline bool
template_shares_head(
    const struct template *t, const struct template_found *f, size_t *shared)
{
	size_t i = f->n < t->head ? f->n : t->head;

	/* steps are equal only behind equal ones */
	while (i > 0 && f->step[i - 1] != t->parts[i - 1].step)
		i--;
	*shared = i;
	return i < f->n || i == t->head || f->stopped != t->parts[i].step;
}

/* Reads the next part, if it is a text; false when that is not there.  Most
 * templates end here. */
static inline bool
template_reads_text(const struct template *t, struct template_found *f,
    struct text message, size_t *i)
{
	const struct part *p = &t->parts[*i];
	size_t from = *i == 0 ? 0 : f->end[*i - 1], left = message.n - from;

	if (p->field != FIELD_LITERAL)
		return true;
	/* where nothing may follow it, it is all that is left */
	if (left < p->text.n || (*i + 1 == t->n && left != p->text.n) ||
	    !signs_same(message.at + from, p->text.at, p->text.n))
		return false;
	f->step[*i] = p->step;
	f->end[*i] = (uint32_t)(from + p->text.n);
	f->n = ++*i;
	f->stopped = 0;
	return true;
}

/* Behind the head that an earlier one has read, too: is the text that it
 * cannot do without known not to be there? */
static inline bool
template_lacks_must(const struct template *t, const struct template_found *f)
{
	const struct template_asked *a =
	    &f->asked[t->must_id % TEMPLATE_ASKED];

	return a->id == t->must_id && a->at == NULL &&
	       a->from <= f->end[t->head - 1];
}

/* Does the whole message have this form, as template_match?  But m->stopped
 * is not said.  *found is what earlier templates found in the same message;
 * all have to be numbered. */
static inline bool
template_match_more(const struct template *t, struct text message,
    struct match *m, struct template_found *found)
{
	size_t shared;

	if (template_may_be_cut(t, message) ||
	    !template_shares_head(t, found, &shared))
		return false;
	/* apart from the rest, since most are given up here */
	if (shared < t->head
		? !template_reads_text(t, found, message, &shared)
		: shared > 0 && template_lacks_must(t, found))
		return false;
	return template_match_rest(t, message, m, found, shared);
}

#endif
