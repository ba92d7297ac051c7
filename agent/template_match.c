/* Matching a message with a template; see template.h.  Each byte is looked
 * at once from the left or once from the right; nothing is tried twice. */
#include <assert.h>
#include <string.h>

#include "agent/client.h"
#include "agent/search.h"
#include "agent/signs.h"
#include "agent/template_parts.h"

struct matching {
	const struct template *t;
	struct text message;
	struct match *m;
	size_t from; /* bytes [from, to) are not yet read */
	size_t to;
	const char *must; /* where t->must is first, if that is known */
	bool exactly; /* where it stops is asked for */
	struct text found[TEMPLATE_PARTS]; /* {path}, for {again} */
};

/* By its members: what is so small takes longer when it is cleared at once. */
static inline void
clear(struct match *m)
{
	m->source = (struct addr){.family = 0};
	m->source_port = 0;
	m->local = (struct addr){.family = 0};
	m->local_port = 0;
	m->ptr = m->login = m->mechanism = (struct text){0};
	m->qid = m->session = (struct text){0};
	m->stopped = 0;
	m->past_head = false;
}

/* Notes how many bytes of the literal fit, for scan --explain. */
static bool
stop_at(struct matching *k, size_t at)
{
	k->m->stopped = at;
	return false;
}

static bool
read_literal(struct matching *k, struct text literal)
{
	const char *s = k->message.at + k->from;
	size_t left = k->to - k->from, same = 0;

	if (left >= literal.n && signs_same(s, literal.at, literal.n)) {
		k->from += literal.n;
		return true;
	}
	while (k->exactly && same < left && same < literal.n &&
	       s[same] == literal.at[same])
		same++;
	return stop_at(k, k->from + same);
}

/* What the daemon says by itself, up to the first place where the literal
 * behind it stands.  Behind a "<" the text of a client may begin. */
static bool
read_note(struct matching *k, size_t i)
{
	struct text literal = k->t->parts[i + 1].text;
	const char *s = k->message.at + k->from;
	size_t left = k->to - k->from;
	const char *end = memchr(s, '<', left);
	const char *at;

	if (end != NULL && (size_t)(end - s) + literal.n < left)
		left = (size_t)(end - s) + literal.n;
	at = search((struct text){.at = s, .n = left}, literal);
	if (at == NULL)
		return stop_at(k, k->from);
	k->from += (size_t)(at - s);
	return true;
}

/* One bounded part, from the left. */
static bool
read_part(struct matching *k, size_t i)
{
	const struct part *p = &k->t->parts[i];
	size_t end;

	if (p->field == FIELD_LITERAL)
		return read_literal(k, p->text);
	if (p->field == FIELD_NOTE)
		return read_note(k, i);
	end = p->field == FIELD_CLIENT
	          ? client_read(
			k->t->client, k->message, k->from, k->to, k->m)
	          : field_read(p->field, k->t->client, k->message, k->from,
			k->to, p->next, k->m);
	if (end == FIELD_NOWHERE)
		return stop_at(k, k->from);
	k->from = end;
	return true;
}

static bool
read_literal_back(struct matching *k, struct text literal)
{
	const char *end = k->message.at + k->to;

	if (k->to - k->from < literal.n ||
	    !signs_same(end - literal.n, literal.at, literal.n))
		return stop_at(k, k->to);
	k->to -= literal.n;
	return true;
}

/* The same bytes as a {path} to the right of it, but for the quoting. */
static bool
read_again_back(struct matching *k, const struct part *p)
{
	struct text path = k->found[p->refers_to];
	size_t n = field_path_length(path);

	if (k->to - k->from < n ||
	    !field_path_says(
		path, (struct text){.at = k->message.at + k->to - n, .n = n}))
		return stop_at(k, k->to);
	k->to -= n;
	return true;
}

/* A daemon that does not quote local parts lets a client write quotes and
 * what follows the field; then nobody can say where the field ends. */
static bool
is_ambiguous(const struct template *t, size_t i, struct text path)
{
	struct text behind;

	if (path.n == 0 || path.at[0] != '"' || i + 1 == t->n)
		return false;
	behind = t->parts[i + 1].text;
	return search(path, behind) != NULL;
}

/* One bounded part, from the right. */
static bool
read_part_back(struct matching *k, size_t i)
{
	const struct part *p = &k->t->parts[i];
	struct text found;
	size_t start;

	if (p->field == FIELD_LITERAL)
		return read_literal_back(k, p->text);
	if (p->field == FIELD_AGAIN)
		return read_again_back(k, p);
	start = field_read_back(p->field, k->t->client, k->message, k->from,
	    k->to, p->before, k->m);
	if (start == FIELD_NOWHERE)
		return stop_at(k, k->to);
	found = (struct text){.at = k->message.at + start, .n = k->to - start};
	if (p->field == FIELD_PATH) {
		if (is_ambiguous(k->t, i, found))
			return stop_at(k, start);
		k->found[i] = found;
	}
	k->to = start;
	return true;
}

/* What a client writes freely on both sides of the address. */
static bool
read_twice(struct matching *k)
{
	if (!client_read_twice(
		k->t->client, k->message, k->from, k->to, k->m))
		return stop_at(k, k->from);
	k->from = k->to;
	return true;
}

/* The first place of the literal in what is not yet read. */
static const char *
search_literal(const struct matching *k, struct text literal)
{
	const char *s = k->message.at + k->from, *end = k->message.at + k->to;

	/* it has been searched for from here or from further left */
	if (k->must != NULL && k->must >= s && literal.at == k->t->must.at)
		return end - k->must < (ptrdiff_t)literal.n ? NULL : k->must;
	return search(
	    (struct text){.at = s, .n = (size_t)(end - s)}, literal);
}

/* What a client writes freely: up to the first place where the literal
 * behind it stands, or all that is left. */
static bool
read_unbounded(struct matching *k, size_t i)
{
	const struct part *p = &k->t->parts[i];
	const char *s = k->message.at + k->from, *end = s + (k->to - k->from);
	struct text literal;

	if (p->field == FIELD_TWICE)
		return read_twice(k);
	if (i + 1 < k->t->tail) {
		literal = k->t->parts[i + 1].text;
		end = search_literal(k, literal);
		if (end == NULL)
			return stop_at(k, k->from);
	}
	if (p->field == FIELD_USER)
		k->m->login = (struct text){.at = s, .n = (size_t)(end - s)};
	k->from += (size_t)(end - s);
	return true;
}

/* The head from part i on. */
static bool
read_head(struct matching *k, struct template_found *f, size_t i)
{
	const struct template *t = k->t;

	k->from = i == 0 ? 0 : f->end[i - 1];
	if (i == t->head)
		return true;
	for (f->stopped = 0; i < t->head; i++) {
		k->m = &f->other;
		if (i + 1 == t->opening) {
			k->m = &f->accused;
			clear(k->m);
		}
		if (!read_part(k, i)) {
			f->stopped = t->parts[i].step;
			break;
		}
		f->step[i] = t->parts[i].step;
		f->end[i] = (uint32_t)k->from;
	}
	f->n = i;
	return i == t->head;
}

/* Is the text that the template cannot do without behind its head?  If it
 * was not behind a shorter one, it is not behind this. */
static bool
has_must(struct matching *k, struct template_found *f)
{
	struct template_asked *a =
	    &f->asked[k->t->must_id % TEMPLATE_ASKED];
	struct text rest = {
	    .at = k->message.at + k->from, .n = k->message.n - k->from};

	if (k->t->must.n == 0)
		return true;
	if (a->id != k->t->must_id || a->from > k->from) {
		a->id = k->t->must_id;
		a->from = (uint32_t)k->from;
		a->at = search(rest, k->t->must);
	}
	k->must = a->at;
	return a->at != NULL;
}

/* Says in *m what the parts of the head said, in their order. */
static void
say_head(const struct matching *k, const struct template_found *f,
    struct match *m)
{
	const struct template *t = k->t;

	if (t->opening > 0)
		*m = f->accused;
	else
		clear(m);
	for (uint64_t said = t->said; said != 0; said &= said - 1) {
		size_t i = (size_t)__builtin_ctzll(said);
		size_t from = i == 0 ? 0 : f->end[i - 1];

		/* the address of ours that the client's own form has counts
		 * when it stands behind */
		if (t->parts[i].field == FIELD_LOCAL && i < t->opening &&
		    m->local.family != 0)
			continue;
		field_say(t->parts[i].field,
		    (struct text){.at = k->message.at + from,
			.n = f->end[i] - from},
		    m);
	}
}

/* What is not the head. */
static bool
match_rest(struct matching *k)
{
	const struct template *t = k->t;

	k->m->past_head = true;
	for (size_t i = t->n; i > t->tail; i--)
		if (!read_part_back(k, i - 1))
			return false;
	for (size_t i = t->head; i < t->tail; i++)
		if (field_is_unbounded(t->parts[i].field)
			? !read_unbounded(k, i)
			: !read_part(k, i))
			return false;
	if (k->from != k->to)
		return stop_at(k, k->from);
	k->m->past_head = false;
	return true;
}

/* found[] is written before it is read, see check_again. */
static void
begin(struct matching *k, const struct template *t, struct text message,
    struct match *m, bool exactly)
{
	k->t = t;
	k->message = message;
	k->m = m;
	k->from = 0;
	k->to = message.n;
	k->must = NULL;
	k->exactly = exactly;
}

void
template_begin(struct template_found *found)
{
	found->n = 0;
	found->stopped = 0;
	for (size_t i = 0; i < TEMPLATE_ASKED; i++)
		found->asked[i].id = 0;
}

bool
template_match_rest(const struct template *t, struct text message,
    struct match *m, struct template_found *found, size_t shared)
{
	struct matching k;

	begin(&k, t, message, m, false);
	if (!read_head(&k, found, shared) || !has_must(&k, found))
		return false;
	say_head(&k, found, m);
	k.m = m;
	return match_rest(&k);
}

bool
template_match(const struct template *t, struct text message, struct match *m)
{
	struct matching k;

	begin(&k, t, message, m, true);
	clear(m);
	if (template_may_be_cut(t, message))
		return false;
	for (size_t i = 0; i < t->head; i++)
		if (!read_part(&k, i))
			return false;
	return match_rest(&k);
}
