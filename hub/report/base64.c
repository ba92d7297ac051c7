/* Base64; see base64.h. */
#include "hub/report/base64.h"

#include <stdint.h>

#include "proto/base/buf.h"

enum { LINE_BYTES = 57 }; /* 76 characters */

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static char *
put_three(char *at, const unsigned char *s)
{
	uint32_t v = (uint32_t)s[0] << 16 | (uint32_t)s[1] << 8 | s[2];

	*at++ = digits[v >> 18];
	*at++ = digits[v >> 12 & 63];
	*at++ = digits[v >> 6 & 63];
	*at++ = digits[v & 63];
	return at;
}

/* One or two bytes. */
static char *
put_rest(char *at, const unsigned char *s, size_t n)
{
	const unsigned char three[3] = {s[0], n == 2 ? s[1] : 0, 0};

	at = put_three(at, three);
	at[-1] = '=';
	if (n == 1)
		at[-2] = '=';
	return at;
}

static char *
put_line(char *at, const unsigned char *s, size_t n)
{
	for (; n >= 3; s += 3, n -= 3)
		at = put_three(at, s);
	return n == 0 ? at : put_rest(at, s, n);
}

void
base64_add(struct buf *out, const void *bytes, size_t n)
{
	char *begin = buf_reserve(out, (n + 2) / 3 * 4);
	char *at = put_line(begin, bytes, n);

	*at = '\0';
	out->n += (size_t)(at - begin);
}

void
base64_add_lines(struct buf *out, const void *bytes, size_t n)
{
	const unsigned char *s = bytes;
	size_t lines = (n + LINE_BYTES - 1) / LINE_BYTES;
	char *begin = buf_reserve(out, (n + 2) / 3 * 4 + 2 * lines);
	char *at = begin;

	while (n != 0) {
		size_t part = n < LINE_BYTES ? n : LINE_BYTES;

		at = put_line(at, s, part);
		*at++ = '\r';
		*at++ = '\n';
		s += part;
		n -= part;
	}
	*at = '\0';
	out->n += (size_t)(at - begin);
}
