/* Lines of a settings file; see conf_parse.h. */
#include "proto/base/conf_parse.h"

#include <stdbool.h>
#include <string.h>

#include "proto/base/arena.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Does a value begin at i, right behind "=" and blanks?  A CURVE key may
 * begin with '#'. */
static bool
begins_value(struct text t, size_t i)
{
	size_t before = i;

	while (before != 0 && is_blank(t.at[before - 1]))
		before--;
	return before != 0 && t.at[before - 1] == '=' &&
	    memchr(t.at, '=', before - 1) == NULL && i + 1 < t.n &&
	    !is_blank(t.at[i + 1]);
}

/* Cuts a comment: a '#' at the start or behind a blank. */
static struct text
without_comment(struct text t)
{
	for (size_t i = 0; i < t.n; i++)
		if (t.at[i] == '#' && (i == 0 || is_blank(t.at[i - 1])) &&
		    !begins_value(t, i))
			return (struct text){.at = t.at, .n = i};
	return t;
}

static bool
is_name(struct text t)
{
	for (size_t i = 0; i < t.n; i++) {
		char c = t.at[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= '0' && c <= '9') && c != '_' && c != '-')
			return false;
	}
	return t.n != 0 && t.n < 64;
}

static void
parse_line(struct text t, struct arena *a, struct conf_line *l)
{
	const char *equals;
	struct text key, value;

	l->kind = CONF_LINE_BAD;
	if (!text_is_utf8(t.at, t.n)) {
		l->why = "not UTF-8";
		return;
	}
	if (t.at[0] == '[') {
		key = (struct text){.at = t.at + 1, .n = t.n - 1};
		if (t.n < 3 || t.at[t.n - 1] != ']' ||
		    !is_name((struct text){.at = key.at, .n = key.n - 1})) {
			l->why = "a section is written [name]";
			return;
		}
		l->kind = CONF_LINE_SECTION;
		l->section = arena_copy(a, key.at, key.n - 1);
		return;
	}
	equals = memchr(t.at, '=', t.n);
	if (equals == NULL) {
		l->why = "expected: key = value";
		return;
	}
	key = text_trim((struct text){.at = t.at,
	    .n = (size_t)(equals - t.at)}, " \t\r");
	value = text_trim((struct text){.at = equals + 1,
	    .n = t.n - (size_t)(equals + 1 - t.at)}, " \t\r");
	if (!is_name(key)) {
		l->why = "a key is letters, digits, - and _";
		return;
	}
	if (l->section == NULL) {
		l->why = "a setting before the first [section]";
		return;
	}
	l->kind = CONF_LINE_SETTING;
	l->key = arena_copy(a, key.at, key.n);
	l->value = arena_copy(a, value.at, value.n);
}

void
conf_parse_bytes(struct text bytes, struct arena *a,
    void (*on_line)(void *ctx, const struct conf_line *line), void *ctx)
{
	struct conf_line l = {0};

	for (size_t at = 0; at < bytes.n;) {
		const char *lf = memchr(bytes.at + at, '\n', bytes.n - at);
		size_t end = lf == NULL ? bytes.n : (size_t)(lf - bytes.at);
		struct text t = {.at = bytes.at + at, .n = end - at};

		l.number++;
		at = end + 1;
		t = text_trim(without_comment(t), " \t\r");
		if (t.n == 0)
			continue;
		parse_line(t, a, &l);
		on_line(ctx, &l);
	}
}
