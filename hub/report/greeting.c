/* The text in front of the facts; see greeting.h. */
#include "hub/report/greeting.h"

#include <string.h>

#include "hub/report/compose.h"
#include "hub/report/prose.h"
#include "proto/base/buf.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

/* In the order of values() below; also the fields of [greeting] in
 * wording.def. */
static const char *const names[] = {"addresses", "events", "first", "last",
    "servers", "organisation", "report_id", "reply_to"};
enum { FIELDS = sizeof names / sizeof names[0], NAME_MAX_CHARS = 40 };

/* Length of the field at s, which begins with "{", with both braces; 0: that
 * is none.  *at: which; FIELDS: a name that there is not. */
static size_t
field_at(const char *s, size_t n, size_t *at)
{
	size_t end = 1;

	while (end < n && s[end] != '}' && s[end] != '{' && s[end] != '\n')
		end++;
	if (end == n || s[end] != '}')
		return 0;
	for (*at = 0; *at < FIELDS; (*at)++)
		if (strlen(names[*at]) == end - 1 &&
		    memcmp(names[*at], s + 1, end - 1) == 0)
			break;
	return end + 1;
}

static void
complain(const char *path, int line, const char *s, size_t n)
{
	char name[NAME_MAX_CHARS + 1] = "";
	const char *near;

	if (n == 0) {
		log_error("%s:%d: a \"{\" that begins no field; write \"{{\" "
		          "for the character", path, line);
		return;
	}
	memcpy(name, s + 1, n - 2 < NAME_MAX_CHARS ? n - 2 : NAME_MAX_CHARS);
	near = text_nearest(name, names, FIELDS);
	if (near == NULL)
		log_error("%s:%d: no field is called {%s}", path, line, name);
	else
		log_error("%s:%d: no field is called {%s}; did you mean {%s}?",
		    path, line, name, near);
}

int
greeting_check(struct text t, const char *path)
{
	int line = 1, errors = 0;

	for (size_t i = 0; i < t.n;) {
		size_t which = 0, n;

		line += t.at[i] == '\n';
		if (t.at[i] != '{') {
			i++;
			continue;
		}
		if (i + 1 < t.n && t.at[i + 1] == '{') {
			i += 2;
			continue;
		}
		n = field_at(t.at + i, t.n - i, &which);
		if (n == 0 || which == FIELDS) {
			complain(path, line, t.at + i, n);
			errors++;
		}
		i += n == 0 ? 1 : n;
	}
	return errors == 0 ? 0 : -1;
}

static void
value(struct buf *out, const struct compose_facts *f, size_t which)
{
	char time[CLOCK_TEXT_BYTES];

	switch (which) {
	case 0:
		wording_say_count(out, f->language, WORDING_addresses,
		    (int64_t)f->source_count);
		break;
	case 1:
		wording_say_count(out, f->language, WORDING_events, f->events);
		break;
	case 2:
		buf_puts(out, clock_format(time, f->first_us, false));
		break;
	case 3:
		buf_puts(out, clock_format(time, f->last_us, false));
		break;
	case 4:
		wording_say_count(out, f->language, WORDING_servers, f->hosts);
		break;
	case 5:
		buf_puts(out, f->organisation);
		break;
	case 6:
		buf_puts(out, f->uuid);
		break;
	default:
		buf_puts(out, f->reply_to);
		break;
	}
}

static size_t
until_brace(struct buf *out, struct text t, size_t i)
{
	const size_t began = i;

	while (i < t.n && t.at[i] != '{' && t.at[i] != '}')
		i++;
	buf_add(out, t.at + began, i - began);
	return i;
}

static void
expand(struct buf *out, const struct compose_facts *f, struct text t)
{
	size_t i = 0;

	while ((i = until_brace(out, t, i)) < t.n) {
		bool twice = i + 1 < t.n && t.at[i + 1] == t.at[i];
		size_t which = FIELDS, n = 0;

		if (t.at[i] == '{' && !twice)
			n = field_at(t.at + i, t.n - i, &which);
		if (n != 0 && which < FIELDS) {
			value(out, f, which);
			i += n;
			continue;
		}
		buf_putc(out, t.at[i]);
		i += twice ? 2 : 1;
	}
}

static size_t
until_special(struct buf *out, const struct buf *in, size_t i)
{
	const size_t began = i;

	while (i < in->n && ((in->data[i] >= ' ' && in->data[i] < 0x7f) ||
	    in->data[i] == '\n'))
		i++;
	buf_add(out, in->data + began, i - began);
	return i;
}

/* The operator's own words: whatever the file holds, only printable text
 * gets on. */
static void
clean(struct buf *out, const struct buf *in)
{
	size_t i = 0;

	while ((i = until_special(out, in, i)) < in->n) {
		unsigned char c = (unsigned char)in->data[i];
		size_t n = text_utf8_length(in->data + i, in->n - i);
		bool c1 = n == 2 && c == 0xc2 &&
		    (unsigned char)in->data[i + 1] < 0xa0;

		if (c == '\t')
			buf_putc(out, ' ');
		else if (n != 0 && c >= 0x20 && c != 0x7f && !c1)
			buf_add(out, in->data + i, n);
		i += n == 0 ? 1 : n;
	}
}

void
greeting_write(struct buf *out, const struct compose_facts *f)
{
	struct text t = f->greeting.at != NULL
	    ? f->greeting
	    : text_of(wording_texts[f->language][WORDING_greeting]);
	struct buf raw = {0}, text = {0};

	expand(&raw, f, t);
	clean(&text, &raw);
	for (size_t line = 0; line < text.n;) {
		const char *s = text.data + line;
		size_t whole = strcspn(s, "\n"), n = whole;

		while (n != 0 && s[n - 1] == ' ')
			n--;
		prose_wrap(out, s, n, "");
		line += whole + 1;
	}
	buf_free(&text);
	buf_free(&raw);
}
