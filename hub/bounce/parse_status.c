/* Fields of a delivery report; see parse_inside.h. */
#include <strings.h>

#include "hub/bounce/parse.h"
#include "hub/bounce/parse_inside.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"

/* One header, unfolded. */
struct field {
	struct text name;
	struct text value;
};

static struct text
line_next(struct text *t)
{
	const char *end = memchr(t->at, '\n', t->n);
	size_t n = end == NULL ? t->n : (size_t)(end - t->at);
	struct text line = {.at = t->at, .n = n};
	size_t used = end == NULL ? n : n + 1;

	t->at += used;
	t->n -= used;
	if (line.n != 0 && line.at[line.n - 1] == '\r')
		line.n--;
	return line;
}

/* The next header; *gap: an empty line was in front.  False at the end. */
static bool
field_next(struct arena *a, struct text *t, struct field *f, bool *gap)
{
	struct buf value = {0};
	struct text line = {0};
	const char *colon = NULL;

	*gap = false;
	while (colon == NULL) {
		if (t->n == 0)
			return false;
		line = line_next(t);
		*gap = *gap || text_trim(line, " \t\r\n").n == 0;
		colon = line.n == 0 || line.at[0] == ' ' || line.at[0] == '\t'
		    ? NULL : memchr(line.at, ':', line.n);
	}
	f->name = text_trim((struct text){.at = line.at,
	    .n = (size_t)(colon - line.at)}, " \t\r\n");
	line.n -= (size_t)(colon + 1 - line.at);
	line.at = colon + 1;
	for (;;) {
		struct text part = text_trim(line, " \t\r\n");

		if (value.n != 0 && part.n != 0)
			buf_putc(&value, ' ');
		if (part.n != 0 && value.n < PARSE_LINE_BYTES)
			buf_add(&value, part.at, part.n);
		if (t->n == 0 || (t->at[0] != ' ' && t->at[0] != '\t'))
			break;
		line = line_next(t);
		if (text_trim(line, " \t\r\n").n == 0)
			break;
	}
	f->value = text_clean(a, (struct text){.at = value.data == NULL ? ""
	    : value.data, .n = value.n}, PARSE_LINE_BYTES);
	buf_free(&value);
	return true;
}

static bool
is(struct field f, const char *name)
{
	return f.name.n == strlen(name) &&
	    strncasecmp(f.name.at, name, f.name.n) == 0;
}

/* "rfc822; user@host" and "smtp; 550 ..." without the type. */
static struct text
untyped(struct text t)
{
	const char *semi = memchr(t.at, ';', t.n);

	if (semi == NULL || memchr(t.at, ' ', (size_t)(semi - t.at)) != NULL ||
	    memchr(t.at, '@', (size_t)(semi - t.at)) != NULL)
		return t;
	t.n -= (size_t)(semi + 1 - t.at);
	t.at = semi + 1;
	return text_trim(t, " \t\r\n");
}

static struct text
mailbox_of(struct text t)
{
	t = untyped(t);
	if (t.n > 2 && t.at[0] == '<' && t.at[t.n - 1] == '>')
		t = (struct text){.at = t.at + 1, .n = t.n - 2};
	return t;
}

/* The first word, without a comment behind it. */
static struct text
word_of(struct text t)
{
	size_t n = 0;

	while (n < t.n && strchr(" \t(;", t.at[n]) == NULL)
		n++;
	t.n = n;
	return t;
}

static void
set(struct parse_group *g, struct field f)
{
	if (is(f, "Original-Recipient"))
		g->original = mailbox_of(f.value);
	else if (is(f, "Final-Recipient"))
		g->final = mailbox_of(f.value);
	else if (is(f, "Action"))
		g->action = word_of(f.value);
	else if (is(f, "Status"))
		g->status = word_of(f.value);
	else if (is(f, "Diagnostic-Code"))
		g->diagnostic = untyped(f.value);
}

static bool
is_empty(const struct parse_group *g)
{
	return g->original.at == NULL && g->final.at == NULL &&
	    g->action.at == NULL && g->status.at == NULL &&
	    g->diagnostic.at == NULL;
}

/* Some forget the empty line between the groups: a second Final-Recipient
 * begins the next. */
void
parse_status(struct arena *a, struct text t, struct parsed *out)
{
	struct parse_group g = {0};
	struct field f;
	bool gap;

	while (out->groups_n < PARSE_GROUPS_MOST &&
	    field_next(a, &t, &f, &gap)) {
		if (!is_empty(&g) && (gap ||
		        (is(f, "Final-Recipient") && g.final.at != NULL))) {
			out->groups[out->groups_n++] = g;
			g = (struct parse_group){0};
		}
		set(&g, f);
	}
	if (out->groups_n < PARSE_GROUPS_MOST && !is_empty(&g))
		out->groups[out->groups_n++] = g;
}

void
parse_ids_of_headers(struct arena *a, struct text t, struct parsed *out)
{
	struct field f;
	bool gap = false;

	while (field_next(a, &t, &f, &gap) && !gap)
		if (is(f, "Message-ID") && out->ids_n < PARSE_IDS_MOST)
			out->ids[out->ids_n++] = mailbox_of(f.value);
}
