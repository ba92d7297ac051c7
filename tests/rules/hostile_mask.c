/*
 * Hostile lines: how each daemon shows bytes that a client sent; see
 * hostile.h.  Each stops in front of what would not fit whole.
 */
#include <stdio.h>
#include <string.h>

#include "proto/base/text.h"
#include "tests/rules/hostile.h"

static bool
is_control(char c)
{
	return (unsigned char)c < 32 || c == 127;
}

size_t
mask_printable(char *out, const char *in, size_t n, size_t max)
{
	size_t w = 0;

	for (size_t i = 0, k; i < n && w < max; i += k) {
		k = text_utf8_length(in + i, n - i);
		if (k == 0 || is_control(in[i])) {
			out[w++] = '?';
			k = 1;
			continue;
		}
		if (k > max - w)
			break;
		memcpy(out + w, in + i, k);
		w += k;
	}
	return w;
}

size_t
mask_sanitize(char *out, const char *in, size_t n, size_t max)
{
	size_t w = mask_printable(out, in, n, max + 1);

	if (w <= max)
		return w;
	w = mask_printable(out, in, n, max - 3);
	memcpy(out + w, "...", 3);
	return w + 3;
}

size_t
mask_helo(char *out, const char *in, size_t n, size_t max)
{
	size_t w = mask_printable(out, in, n, max);

	for (size_t i = 0; i < w; i++)
		if (strchr("<>()\\\";@ ", out[i]) != NULL)
			out[i] = '?';
	return w;
}

/* Every byte for which keep is false: ^J for lead '^', else lead and octal. */
static size_t
escape(char *out, const char *in, size_t n, size_t max,
    bool (*keep)(unsigned char), char lead)
{
	size_t w = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)in[i];
		char part[8] = {(char)c, '\0'};
		size_t k;

		if (!keep(c) && lead == '^')
			snprintf(part, sizeof part, "^%c", c ^ 64);
		else if (!keep(c))
			snprintf(part, sizeof part, "%c%03o", lead, c);
		k = strlen(part);
		if (k > max - w)
			break;
		memcpy(out + w, part, k);
		w += k;
	}
	return w;
}

static bool
is_ascii(unsigned char c)
{
	return c >= 32 && c < 127;
}

static bool
is_no_control(unsigned char c)
{
	return c >= 32 && c != 127;
}

static bool
is_word(unsigned char c)
{
	return c > 32 && c < 127 && c != '\\';
}

size_t
mask_exim(char *out, const char *in, size_t n, size_t max)
{
	return escape(out, in, n, max, is_ascii, '\\');
}

size_t
mask_caret(char *out, const char *in, size_t n, size_t max)
{
	return escape(out, in, n, max, is_no_control, '^');
}

size_t
mask_vis(char *out, const char *in, size_t n, size_t max)
{
	return escape(out, in, n, max, is_word, '\\');
}

size_t
mask_octal(char *out, const char *in, size_t n, size_t max)
{
	return escape(out, in, n, max, is_no_control, '#');
}

/* Letters, digits, dots, hyphens, underscores, or an address in brackets. */
size_t
mask_exim_helo(char *out, const char *in, size_t n, size_t max)
{
	size_t w = 0;
	bool literal = n > 0 && in[0] == '[';

	for (size_t i = 0; i < n && w < max; i++) {
		unsigned char c = (unsigned char)in[i];

		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
		    (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '_')
			out[w++] = (char)c;
		else if (literal && (c == '[' || c == ':'))
			out[w++] = (char)c;
		else if (literal && c == ']') {
			out[w++] = ']';
			break;
		}
	}
	if (literal && w < max && out[w - 1] != ']')
		out[w++] = ']';
	if (w == 0 && max > 0)
		out[w++] = 'x';
	return w;
}
