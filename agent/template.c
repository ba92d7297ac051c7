/* Reading templates and refusing those that could be forged; see
 * template.h. */
#include "agent/template.h"

#include <assert.h>
#include <string.h>

#include "agent/client.h"
#include "agent/template_parts.h"
#include "proto/base/arena.h"

enum {
	FIRM_LETTERS = 4, /* at least, or the form says nothing */
};

struct compiling {
	struct arena *a;
	const char *why; /* NULL while all is well */
	bool of_session; /* the address is in another line, if in any */
	bool with_id;    /* and the session's id in this one */
	size_t n;
	struct part parts[TEMPLATE_PARTS];
};

enum client_form
template_client_of_name(struct text name)
{
	if (text_is(name, "postfix"))
		return CLIENT_POSTFIX;
	if (text_is(name, "exim"))
		return CLIENT_EXIM;
	if (text_is(name, "sendmail"))
		return CLIENT_SENDMAIL;
	if (text_is(name, "dovecot"))
		return CLIENT_DOVECOT;
	if (text_is(name, "dovecot-auth"))
		return CLIENT_DOVECOT_AUTH;
	return CLIENT_NONE;
}

static void
add_part(struct compiling *c, struct part p)
{
	if (c->n == TEMPLATE_PARTS)
		c->why = "too many parts in one template";
	else
		c->parts[c->n++] = p;
}

/* The "name" or "name:label" between two braces. */
static void
add_field(struct compiling *c, struct text inside)
{
	const char *colon = memchr(inside.at, ':', inside.n);
	struct text name = inside, label = {0};
	const char *near, *word;
	enum field f;

	if (colon != NULL) {
		name.n = (size_t)(colon - inside.at);
		label =
		    (struct text){.at = colon + 1, .n = inside.n - name.n - 1};
	}
	f = field_of_name(name);
	if (f == FIELD_LITERAL) {
		word = arena_copy(c->a, name.at, name.n);
		near = field_nearest(word);
		c->why = near == NULL
		             ? arena_printf(c->a, "no field {%s}", word)
		             : arena_printf(c->a, "no field {%s}; is it {%s}?",
				   word, near);
		return;
	}
	if (label.n > 0 && f != FIELD_PATH && f != FIELD_AGAIN) {
		c->why = "only {path} and {again} take a label";
		return;
	}
	add_part(c, (struct part){.field = f, .text = label});
}

static void
split(struct compiling *c, struct text source)
{
	const char *s = source.at;
	char *literal = arena_alloc(c->a, source.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < source.n && c->why == NULL; i++) {
		const char *end;

		if ((s[i] == '{' || s[i] == '}') && i + 1 < source.n &&
		    s[i + 1] == s[i]) {
			literal[n++] = s[i++];
			continue;
		}
		if (s[i] == '}')
			c->why = "a } without its {; write }} for the sign";
		if (s[i] != '{') {
			literal[n++] = s[i];
			continue;
		}
		end = memchr(s + i, '}', source.n - i);
		if (end == NULL) {
			c->why = "a { without its }; write {{ for the sign";
			return;
		}
		if (n > 0)
			add_part(
			    c, (struct part){.text = {.at = literal, .n = n}});
		literal += n;
		n = 0;
		add_field(c, (struct text){.at = s + i + 1,
				 .n = (size_t)(end - s) - i - 1});
		i = (size_t)(end - s);
	}
	if (n > 0 && c->why == NULL)
		add_part(c, (struct part){.text = {.at = literal, .n = n}});
}

static bool
is_accused(enum field f)
{
	return f == FIELD_CLIENT || f == FIELD_IP || f == FIELD_TWICE;
}

static size_t
count_field(const struct compiling *c, enum field f)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		n += c->parts[i].field == f;
	return n;
}

/* Each field can be there once where its text is kept. */
static void
check_counts(struct compiling *c, enum client_form client)
{
	size_t clients =
	    count_field(c, FIELD_CLIENT) + count_field(c, FIELD_TWICE);
	size_t accused = clients + count_field(c, FIELD_IP);

	if (c->of_session && accused != 0)
		c->why = "an address, though the session has it";
	else if (c->with_id && (c->n == 0 || c->parts[0].field != FIELD_QID))
		c->why = "the session's {qid} has to stand first";
	else if (!c->of_session && accused != 1)
		c->why = accused == 0
		             ? "no accused address: neither {client} nor {ip}"
		             : "more than one accused address";
	else if (count_field(c, FIELD_TWICE) > 0 && client != CLIENT_SENDMAIL)
		c->why = "{twice} is a form of client = sendmail";
	else if (clients == 1 && client == CLIENT_NONE)
		c->why = "{client} needs a line client = with the name of a "
			 "daemon above it";
	else if (clients == 1 &&
		 count_field(c, FIELD_PORT) + count_field(c, FIELD_HOST) > 0)
		c->why = "{client} has its own name and port";
	else if (count_field(c, FIELD_USER) + count_field(c, FIELD_ACCOUNT) >
	             1 ||
		 count_field(c, FIELD_MECH) > 1 ||
		 count_field(c, FIELD_PORT) > 1 ||
		 count_field(c, FIELD_HOST) > 1 ||
		 count_field(c, FIELD_QID) > 1 ||
		 count_field(c, FIELD_LOCAL) > 1)
		c->why = "{user} or {account}, {mech}, {port}, {host}, {qid} "
			 "and {local} can each be there only once";
}

/* Where one field ends must be plain. */
static void
check_neighbours(struct compiling *c)
{
	for (size_t i = 0; i + 1 < c->n; i++) {
		enum field f = c->parts[i].field, next = c->parts[i + 1].field;

		if (f == FIELD_LITERAL || next == FIELD_LITERAL)
			continue;
		if (next == FIELD_BLANKS || next == FIELD_GIVEN)
			continue;
		if (field_is_open(f) || !field_is_unbounded(next))
			c->why = "two fields need some text between them";
	}
}

/* Fields that only one end of the message can delimit. */
static void
check_sides(struct compiling *c, const struct template *t)
{
	for (size_t i = 0; i < c->n; i++) {
		enum field f = c->parts[i].field;

		if (f == FIELD_NOTE &&
		    (i >= t->head || i + 1 == c->n ||
			c->parts[i + 1].field != FIELD_LITERAL))
			c->why = "{note} needs text behind it, and no text of "
				 "a client before it";
		if (f == FIELD_GIVEN && (i < t->tail || t->tail == t->head))
			c->why = "{given} needs text of a client before it";
	}
}

static void
set_regions(const struct compiling *c, struct template *t)
{
	t->n = c->n;
	t->head = 0;
	while (t->head < t->n && !field_is_open(c->parts[t->head].field))
		t->head++;
	t->tail = t->head;
	for (size_t i = t->head; i < t->n; i++)
		if (field_is_unbounded(c->parts[i].field))
			t->tail = i + 1;
	t->opening = 0;
	for (size_t i = t->head; i-- > 0;)
		if (is_accused(c->parts[i].field))
			t->opening = i + 1;
}

/* Does a match say what the field held? */
static bool
is_said(enum field f)
{
	return f == FIELD_IP || f == FIELD_PORT || f == FIELD_LOCAL ||
	       f == FIELD_HOST || f == FIELD_QID || f == FIELD_MECH ||
	       f == FIELD_SID || f == FIELD_ACCOUNT;
}

static void
set_said(const struct compiling *c, struct template *t)
{
	t->said = 0;
	for (size_t i = 0; i < t->head; i++)
		if (is_said(c->parts[i].field) && i + 1 != t->opening)
			t->said |= UINT64_C(1) << i;
}

static void
set_must(const struct compiling *c, struct template *t)
{
	t->must = TEXT("");
	t->must_id = 0;
	for (size_t i = t->head; i < c->n; i++)
		if (c->parts[i].field == FIELD_LITERAL &&
		    c->parts[i].text.n > t->must.n)
			t->must = c->parts[i].text;
}

static void
check_again(struct compiling *c, const struct template *t)
{
	for (size_t i = 0; i < c->n; i++) {
		struct part *p = &c->parts[i];

		if (p->field != FIELD_AGAIN)
			continue;
		p->refers_to = 0;
		for (size_t j = i + 1; j < c->n; j++)
			if (c->parts[j].field == FIELD_PATH &&
			    text_equal(c->parts[j].text, p->text))
				p->refers_to = j;
		if (p->refers_to == 0)
			c->why = "{again} needs a {path} with the same label "
				 "to the right of it";
		else if (i < t->tail)
			c->why = "{again} cannot have {user}, {said} or {rest} "
				 "to the right of it";
	}
}

/* The bytes that delimit each part. */
static void
set_stops(struct compiling *c)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct part *p = &c->parts[i];

		c->parts[i].next = c->parts[i].before = -1;
		if (i + 1 < c->n && p[1].field == FIELD_LITERAL)
			c->parts[i].next = (unsigned char)p[1].text.at[0];
		if (i > 0 && p[-1].field == FIELD_LITERAL)
			c->parts[i].before =
			    (unsigned char)p[-1].text.at[p[-1].text.n - 1];
	}
}

static bool
is_firm(const struct template *t, size_t i)
{
	return i < t->head || i >= t->tail;
}

/* The rule of the house, its first half: no client may be able to write the
 * address. */
static void
check_address(struct compiling *c, struct template *t)
{
	for (size_t i = 0; i < c->n; i++) {
		enum field f = c->parts[i].field;

		if (f == FIELD_TWICE && (t->head != i || t->tail != i + 1))
			c->why = "{twice} has to be all there is of a client";
		else if (f != FIELD_TWICE && is_accused(f) && !is_firm(t, i))
			c->why = "a client could forge the address: its own "
				 "text can stand on both sides of it";
		if (is_accused(f) && i >= t->head && t->head < t->n)
			t->accuses_back = true;
		if (f == FIELD_CLIENT && i < t->tail &&
		    !client_reads_forward(t->client))
			c->why = "this {client} can only be read from the "
				 "right: {user} or {said} has to stand before "
				 "it";
	}
}

/* Its second half: nor the text that says what the client did. */
static void
check_text(struct compiling *c, const struct template *t)
{
	size_t letters = 0;

	for (size_t i = 0; i < c->n; i++) {
		const struct part *p = &c->parts[i];
		bool firm = is_firm(t, i);

		if (p->field != FIELD_LITERAL)
			continue;
		for (size_t k = 0; firm && k < p->text.n; k++)
			letters += (p->text.at[k] | 32) >= 'a' &&
			           (p->text.at[k] | 32) <= 'z';
		/* what only finds the login may be text of the client */
		if (!firm && c->parts[i + 1].field != FIELD_USER)
			c->why = arena_printf(c->a,
			    "a client could write \"%s\" itself: its own text "
			    "can stand on both sides of it",
			    arena_copy(c->a, p->text.at, p->text.n));
	}
	if (c->why == NULL && letters < FIRM_LETTERS)
		c->why = "too little text that no client could write";
}

static struct template *
compile(struct compiling *c, struct text source, enum client_form client,
    const char **why)
{
	struct template *t;

	split(c, source);
	if (c->why == NULL)
		check_counts(c, client);
	if (c->why == NULL)
		check_neighbours(c);
	t = arena_alloc(c->a, sizeof *t + c->n * sizeof c->parts[0]);
	t->client = client;
	t->accuses_back = false;
	if (c->why == NULL) {
		set_regions(c, t);
		set_said(c, t);
		set_must(c, t);
		set_stops(c);
		check_again(c, t);
	}
	if (c->why == NULL)
		check_sides(c, t);
	if (c->why == NULL)
		check_address(c, t);
	if (c->why == NULL)
		check_text(c, t);
	if (c->why != NULL) {
		*why = c->why;
		return NULL;
	}
	memcpy(t->parts, c->parts, c->n * sizeof c->parts[0]);
	return t;
}

struct template *
template_compile(struct arena *a, struct text source, enum client_form client,
    const char **why)
{
	struct compiling c = {.a = a};

	return compile(&c, source, client, why);
}

struct template *
template_compile_session(
    struct arena *a, struct text source, bool with_id, const char **why)
{
	struct compiling c = {
	    .a = a, .of_session = true, .with_id = with_id};

	return compile(&c, source, CLIENT_NONE, why);
}

/* Do both read this part of their heads in the same way? */
static bool
is_same_part(const struct template *a, const struct template *b, size_t i)
{
	const struct part *x = &a->parts[i], *y = &b->parts[i];

	if (i >= a->head || i >= b->head || x->field != y->field)
		return false;
	if (x->field == FIELD_LITERAL)
		return text_equal(x->text, y->text);
	if (x->field == FIELD_CLIENT && a->client != b->client)
		return false;
	/* all of the text behind it delimits this one */
	if (x->field == FIELD_NOTE)
		return text_equal(x[1].text, y[1].text);
	return x->next == y->next;
}

void
template_share(struct template *t, const struct template *earlier)
{
	for (size_t i = 0; is_same_part(t, earlier, i); i++)
		t->parts[i].step = earlier->parts[i].step;
	if (t->must.n > 0 && text_equal(t->must, earlier->must))
		t->must_id = earlier->must_id;
}

void
template_number(struct template *t, uint32_t *next)
{
	for (size_t i = 0; i < t->head; i++)
		if (t->parts[i].step == 0)
			t->parts[i].step = (*next)++;
	if (t->must_id == 0)
		t->must_id = (*next)++;
}

struct text
template_lead(const struct template *t, bool *after_queue_id)
{
	size_t at = t->parts[0].field == FIELD_QID ? 1 : 0;

	*after_queue_id = at == 1;
	if (at < t->n && t->parts[at].field == FIELD_LITERAL)
		return t->parts[at].text;
	*after_queue_id = false;
	return TEXT("");
}
