/* Matching a message with a template; see template.h.  Each byte is looked
 * at once from the left or once from the right; nothing is tried twice. */
#include <assert.h>
#include <string.h>

#include "agent/client.h"
#include "agent/template_parts.h"

enum {
	UNCUT_BYTES = 880, /* RFC 3164 4.1 allows 1,024 with the header */
};

struct matching {
	const struct template *t;
	struct text message;
	struct match *m;
	size_t from; /* bytes [from, to) are not yet read */
	size_t to;
	bool exactly; /* where it stops is asked for */
	struct text found[TEMPLATE_PARTS]; /* {path}, for {again} */
};

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

	if (left >= literal.n && memcmp(s, literal.at, literal.n) == 0) {
		k->from += literal.n;
		return true;
	}
	while (k->exactly && same < left && same < literal.n &&
	       s[same] == literal.at[same])
		same++;
	return stop_at(k, k->from + same);
}

static int
next_byte(const struct template *t, size_t i)
{
	return i + 1 < t->n && t->parts[i + 1].field == FIELD_LITERAL
	           ? (unsigned char)t->parts[i + 1].text.at[0]
	           : -1;
}

static int
last_byte_before(const struct template *t, size_t i)
{
	struct text literal;

	if (i == 0 || t->parts[i - 1].field != FIELD_LITERAL)
		return -1;
	literal = t->parts[i - 1].text;
	return (unsigned char)literal.at[literal.n - 1];
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
	at = memmem(s, left, literal.at, literal.n);
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
	end = field_read(p->field, k->t->client, k->message, k->from, k->to,
	    next_byte(k->t, i), k->m);
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
	    memcmp(end - literal.n, literal.at, literal.n) != 0)
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
	return memmem(path.at, path.n, behind.at, behind.n) != NULL;
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
	    k->to, last_byte_before(k->t, i), k->m);
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
		end = memmem(s, k->to - k->from, literal.at, literal.n);
		if (end == NULL)
			return stop_at(k, k->from);
	}
	if (p->field == FIELD_USER)
		k->m->login = (struct text){.at = s, .n = (size_t)(end - s)};
	k->from += (size_t)(end - s);
	return true;
}

/* One that fits is kept: those that do not are seldom asked twice. */
static bool
read_opening(struct matching *k, struct template_opening *o, size_t id)
{
	if (o->id == id) {
		*k->m = o->match;
		k->from = o->end;
		return true;
	}
	for (size_t i = 0; i < k->t->opening; i++)
		if (!read_part(k, i))
			return false;
	o->id = id;
	o->match = *k->m;
	o->end = k->from;
	return true;
}

static bool
match(const struct template *t, struct text message, struct match *m,
    struct template_opening *o, size_t id)
{
	struct matching k;
	size_t done = 0;

	/* found[] is written before it is read, see check_again */
	k.t = t;
	k.message = message;
	k.m = m;
	k.from = 0;
	k.to = message.n;
	k.exactly = o == NULL;
	memset(m, 0, sizeof *m);
	/* syslog cuts long records: what stands last in one is what the client
	 * wrote, if it wrote enough */
	if (t->accuses_back && message.n > UNCUT_BYTES)
		return false;
	if (o != NULL && t->opening > 0) {
		if (!read_opening(&k, o, id))
			return false;
		done = t->opening;
	}
	for (size_t i = done; i < t->head; i++)
		if (!read_part(&k, i))
			return false;
	m->past_head = true;
	for (size_t i = t->n; i > t->tail; i--)
		if (!read_part_back(&k, i - 1))
			return false;
	for (size_t i = t->head; i < t->tail; i++)
		if (field_is_unbounded(t->parts[i].field)
			? !read_unbounded(&k, i)
			: !read_part(&k, i))
			return false;
	if (k.from != k.to)
		return stop_at(&k, k.from);
	m->past_head = false;
	return true;
}

bool
template_match_more(const struct template *t, struct text message,
    struct match *m, struct template_opening *o, size_t id)
{
	return match(t, message, m, o, id);
}

bool
template_match(const struct template *t, struct text message, struct match *m)
{
	return match(t, message, m, NULL, 0);
}
