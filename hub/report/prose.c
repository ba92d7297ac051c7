/* Layout of text; see prose.h. */
#include "hub/report/prose.h"

#include <string.h>

#include "proto/base/buf.h"

enum { COLUMNS = 75 };

size_t
prose_columns(const char *s, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += ((unsigned char)s[i] & 0xc0) != 0x80;
	return count;
}

void
prose_wrap(struct buf *out, const char *s, size_t n, const char *indent)
{
	size_t at = 0, line = 0, column = strlen(indent);

	buf_puts(out, indent);
	while (at < n) {
		size_t before = at, blanks, width;

		while (at < n && s[at] == ' ')
			at++;
		blanks = width = at - before;
		for (; at < n && s[at] != ' '; at++)
			width += ((unsigned char)s[at] & 0xc0) != 0x80;
		if (before != 0 && column + width > COLUMNS) {
			buf_add(out, s + line, before - line);
			buf_putc(out, '\n');
			buf_puts(out, indent);
			line = before + blanks;
			width -= blanks;
			column = strlen(indent);
		}
		column += width;
	}
	buf_add(out, s + line, n - line);
	buf_putc(out, '\n');
}

void
prose_say(struct buf *out, enum language l, enum wording w,
    const struct wording_field *fields, const char *indent)
{
	struct buf line = {0};

	if (fields == NULL) {
		const char *s = wording_texts[l][w];

		prose_wrap(out, s, strlen(s), indent);
		return;
	}
	wording_say(&line, l, w, fields);
	prose_wrap(out, line.data, line.n, indent);
	buf_free(&line);
}

void
prose_heading(struct buf *out, enum language l, enum wording w)
{
	const char *s = wording_texts[l][w];
	size_t n = prose_columns(s, strlen(s));

	buf_putc(out, '\n');
	buf_puts(out, s);
	buf_putc(out, '\n');
	while (n-- != 0)
		buf_putc(out, '-');
	buf_putc(out, '\n');
}

void
prose_label(struct buf *out, enum language l, enum wording w, size_t columns)
{
	const char *s = wording_texts[l][w];

	buf_puts(out, s);
	for (size_t n = prose_columns(s, strlen(s)); n < columns; n++)
		buf_putc(out, ' ');
}
