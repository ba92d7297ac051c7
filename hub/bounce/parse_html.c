/* HTML as text; see parse_inside.h.  Not a browser: enough to find words. */
#include <strings.h>

#include "hub/bounce/parse.h"
#include "hub/bounce/parse_inside.h"
#include "proto/base/buf.h"

static const struct {
	const char *name, *text;
} entities[] = {
    {"amp;", "&"}, {"lt;", "<"}, {"gt;", ">"}, {"quot;", "\""},
    {"apos;", "'"}, {"#39;", "'"}, {"nbsp;", " "}, {"#160;", " "},
    {"auml;", "ä"}, {"ouml;", "ö"}, {"uuml;", "ü"}, {"Auml;", "Ä"},
    {"Ouml;", "Ö"}, {"Uuml;", "Ü"}, {"szlig;", "ß"}, {"eacute;", "é"},
    {"egrave;", "è"}, {"ecirc;", "ê"}, {"agrave;", "à"}, {"ccedil;", "ç"},
    {"ocirc;", "ô"}, {"aacute;", "á"}, {"iacute;", "í"}, {"oacute;", "ó"},
    {"uacute;", "ú"}, {"ntilde;", "ñ"}, {"rsquo;", "'"}, {"lsquo;", "'"},
    {"ndash;", "-"}, {"mdash;", "-"}, {"hellip;", "..."},
};

/* After "&": appends what it stands for and returns its length; 0: none. */
static size_t
entity(struct buf *out, const char *s, size_t n)
{
	for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++) {
		size_t m = strlen(entities[i].name);

		if (m <= n && memcmp(s, entities[i].name, m) == 0) {
			buf_puts(out, entities[i].text);
			return m;
		}
	}
	return 0;
}

static bool
tag_is(struct text tag, const char *name)
{
	size_t n = strlen(name);

	return tag.n >= n && strncasecmp(tag.at, name, n) == 0 &&
	    (tag.n == n || strchr(" \t\r\n/", tag.at[n]) != NULL);
}

/* What a tag leaves behind: a new line, or the link it opens. */
static void
tag_text(struct buf *out, struct text tag)
{
	static const char *const breaks[] = {"br", "p", "/p", "div", "/div",
	    "tr", "/tr", "li", "h1", "h2", "h3", "/h1", "/h2", "/h3", "hr",
	    "table", "/table", "blockquote", "/blockquote"};

	for (size_t i = 0; i < sizeof breaks / sizeof breaks[0]; i++)
		if (tag_is(tag, breaks[i]))
			buf_putc(out, '\n');
	for (size_t i = 0; tag_is(tag, "a") && i + 5 < tag.n; i++)
		if (strncasecmp(tag.at + i, "href=", 5) == 0) {
			const char *s = tag.at + i + 5;
			size_t n = tag.n - i - 5;

			if (*s == '"' || *s == '\'') {
				s++;
				n--;
			}
			for (size_t k = 0; k < n; k++)
				if (strchr("\"' \t\r\n", s[k]) != NULL)
					n = k;
			buf_putc(out, ' ');
			buf_add(out, s, n);
			buf_putc(out, ' ');
			return;
		}
}

/* The place behind </style> or </script>. */
static size_t
skip_to_end_of(struct text html, size_t i, const char *close)
{
	size_t n = strlen(close);

	while (i < html.n && (html.n - i < n ||
	        strncasecmp(html.at + i, close, n) != 0))
		i++;
	return i;
}

void
parse_html(struct buf *out, struct text html)
{
	for (size_t i = 0; i < html.n && out->n < PARSE_TEXT_BYTES;) {
		char c = html.at[i++];

		if (c == '<') {
			const char *end = memchr(html.at + i, '>', html.n - i);
			struct text tag = {.at = html.at + i, .n = end == NULL
			        ? html.n - i
			        : (size_t)(end - html.at) - i};

			i += tag.n + (end != NULL);
			tag_text(out, tag);
			if (tag_is(tag, "style"))
				i = skip_to_end_of(html, i, "</style");
			else if (tag_is(tag, "script"))
				i = skip_to_end_of(html, i, "</script");
		} else if (c == '&') {
			size_t n = entity(out, html.at + i, html.n - i);

			if (n == 0)
				buf_putc(out, c);
			i += n;
		} else {
			buf_putc(out, c == '\r' || c == '\n' ? ' ' : c);
		}
	}
}
