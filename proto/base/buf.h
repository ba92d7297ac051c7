/*
 * A growing byte buffer.  `struct buf b = {0};` is empty; buf_free ends it.
 * The bytes are always followed by a NUL that does not count.
 */
#ifndef PLAINTIFF_BUF_H
#define PLAINTIFF_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buf {
	char *data; /* NULL while nothing was ever added */
	size_t n;
	size_t cap;
};

/* Makes room for n more bytes, which the caller may then write behind the
 * last and count in b->n.  Returns where. Dies when memory runs out. */
char *buf_reserve(struct buf *b, size_t n);
/* Appends n bytes, which are not the buffer's own. Dies when memory runs
 * out. */
static inline void
buf_add(struct buf *b, const void *bytes, size_t n)
{
	char *at = b->cap - b->n > n ? b->data + b->n : buf_reserve(b, n);

	if (n != 0)
		memcpy(at, bytes, n);
	at[n] = '\0';
	b->n += n;
}

/* Appends a C string. */
static inline void
buf_puts(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

/* Appends one byte. */
static inline void
buf_putc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

/* Appends a number in decimal. */
void buf_number(struct buf *b, int64_t n);
/* printf to the end. */
void buf_printf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Are these bytes themselves inside a JSON string: printable ASCII without
 * the quote and the backslash? */
bool buf_is_plain_json(const char *s, size_t n);
/* Appends s as the inside of a JSON string (RFC 8259), without the quotes;
 * bytes that are not UTF-8 become \u00XX of their value. */
void buf_json(struct buf *b, const char *s, size_t n);
/* Forgets the content, keeps the memory. */
void buf_reset(struct buf *b);
/* Frees the memory; the buffer is empty again. */
void buf_free(struct buf *b);

#endif
