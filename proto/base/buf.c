/* Growing byte buffer; see buf.h. */
#include "proto/base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "proto/base/die.h"
#include "proto/base/text.h"

static void
buf_room(struct buf *b, size_t n)
{
	size_t cap = b->cap == 0 ? 256 : b->cap;
	char *p;

	if (b->cap > n && b->cap - n > b->n)
		return;
	if (n > SIZE_MAX / 4 - b->n)
		die(EX_OSERR, "out of memory");
	while (cap < b->n + n + 1)
		cap *= 2;
	p = realloc(b->data, cap);
	if (p == NULL)
		die(EX_OSERR, "out of memory");
	b->data = p;
	b->cap = cap;
}

char *
buf_reserve(struct buf *b, size_t n)
{
	buf_room(b, n);
	return b->data + b->n;
}

void
buf_number(struct buf *b, int64_t n)
{
	char s[TEXT_NUMBER_BYTES];
	struct text t = text_of_number(s, n);

	buf_add(b, t.at, t.n);
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	/* mostly there is room, and once is enough */
	buf_room(b, 1);
	va_start(ap, fmt);
	n = vsnprintf(b->data + b->n, b->cap - b->n, fmt, ap);
	va_end(ap);
	assert(n >= 0);
	if ((size_t)n < b->cap - b->n) {
		b->n += (size_t)n;
		return;
	}
	buf_room(b, (size_t)n);
	va_start(ap, fmt);
	(void)vsnprintf(b->data + b->n, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->n += (size_t)n;
}

/* A word with the byte c everywhere. */
#define BYTES(c) (UINT64_C(0x0101010101010101) * (c))

static inline bool
is_plain_byte(char c)
{
	return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

static inline bool
is_plain_word(const char *s)
{
	uint64_t w, quote, slash, del;

	memcpy(&w, s, sizeof w);
	quote = (w ^ BYTES('"')) - BYTES(1);
	slash = (w ^ BYTES('\\')) - BYTES(1);
	del = (w ^ BYTES(0x7f)) - BYTES(1);
	/* a borrow can only make a word look less plain */
	return ((w | (w - BYTES(' ')) | quote | slash | del) & BYTES(0x80)) ==
	       0;
}

static size_t
plain_length(const char *s, size_t n)
{
	size_t at = 0;

	while (n - at >= 8 && is_plain_word(s + at))
		at += 8;
	while (at < n && is_plain_byte(s[at]))
		at++;
	return at;
}

bool
buf_is_plain_json(const char *s, size_t n)
{
	size_t at = 0;

	if (n < 8)
		return plain_length(s, n) == n;
	for (; n - at > 8; at += 8)
		if (!is_plain_word(s + at))
			return plain_length(s, n) == n;
	/* the last word overlaps the one before */
	return is_plain_word(s + n - 8) || plain_length(s, n) == n;
}

void
buf_json(struct buf *b, const char *s, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t len = plain_length(s + i, n - i);
		unsigned char c;

		buf_add(b, s + i, len);
		i += len;
		if (i == n)
			return;
		c = (unsigned char)s[i];
		if (c == '"' || c == '\\') {
			buf_putc(b, '\\');
			buf_putc(b, (char)c);
			i++;
		} else if (c < 0x20 || c == 0x7f) {
			buf_printf(b, "\\u%04x", c);
			i++;
		} else if ((len = text_utf8_length(s + i, n - i)) == 0) {
			buf_printf(b, "\\u%04x", c);
			i++;
		} else {
			buf_add(b, s + i, len);
			i += len;
		}
	}
}

void
buf_reset(struct buf *b)
{
	b->n = 0;
	if (b->data != NULL)
		b->data[0] = '\0';
}

void
buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf){0};
}
