/* Foreign text; see text.h.  No locale is consulted anywhere here. */
#include "proto/base/text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/arena.h"

struct text
text_trim(struct text t, const char *set)
{
	size_t n = strlen(set);

	while (t.n != 0 && memchr(set, t.at[0], n) != NULL) {
		t.at++;
		t.n--;
	}
	while (t.n != 0 && memchr(set, t.at[t.n - 1], n) != NULL)
		t.n--;
	return t;
}

static bool
is_tail(const char *s, size_t i)
{
	return ((unsigned char)s[i] & 0xc0) == 0x80;
}

size_t
text_utf8_length(const char *s, size_t n)
{
	unsigned char a, b;

	if (n == 0)
		return 0;
	a = (unsigned char)s[0];
	if (a < 0x80)
		return a == 0 ? 0 : 1;
	if (a < 0xc2 || a > 0xf4 || n < 2 || !is_tail(s, 1))
		return 0;
	if (a < 0xe0)
		return 2;
	b = (unsigned char)s[1];
	if (n < 3 || !is_tail(s, 2))
		return 0;
	if (a < 0xf0) {
		if ((a == 0xe0 && b < 0xa0) || (a == 0xed && b > 0x9f))
			return 0;
		return 3;
	}
	if (n < 4 || !is_tail(s, 3))
		return 0;
	if ((a == 0xf0 && b < 0x90) || (a == 0xf4 && b > 0x8f))
		return 0;
	return 4;
}

size_t
text_ascii_length(const char *s, size_t n)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	size_t at = 0;

	for (; n - at >= 8; at += 8) {
		uint64_t w;

		memcpy(&w, s + at, sizeof w);
		/* a borrow can only make a word look less plain */
		if (((w | (w - ones)) & (ones << 7)) != 0)
			break;
	}
	while (at < n && s[at] > 0 && (unsigned char)s[at] < 0x80)
		at++;
	return at;
}

struct text
text_of_number(char out[TEXT_NUMBER_BYTES], int64_t n)
{
	uint64_t left = n < 0 ? -(uint64_t)n : (uint64_t)n;
	char *end = out + TEXT_NUMBER_BYTES - 1, *at = end;

	*end = '\0';
	do
		*--at = (char)('0' + left % 10);
	while ((left /= 10) != 0);
	if (n < 0)
		*--at = '-';
	return (struct text){.at = at, .n = (size_t)(end - at)};
}

bool
text_is_utf8(const char *s, size_t n)
{
	for (size_t i = text_ascii_length(s, n), len; i < n; i += len) {
		len = text_utf8_length(s + i, n - i);
		if (len == 0)
			return false;
	}
	return true;
}

/* Is the character of len bytes at s one that moves a cursor, recolours,
 * reorders or hides text? */
static bool
is_steering(const char *s, size_t len)
{
	uint32_t c;

	if (len == 1)
		return (unsigned char)s[0] < 0x20 || s[0] == 0x7f;
	if (len == 2) {
		c = ((uint32_t)(s[0] & 0x1f) << 6) | (uint32_t)(s[1] & 0x3f);
		return c < 0xa0 || c == 0x61c;
	}
	if (len != 3)
		return false;
	c = ((uint32_t)(s[0] & 0x0f) << 12) | ((uint32_t)(s[1] & 0x3f) << 6) |
	    (uint32_t)(s[2] & 0x3f);
	return (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	    (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
	    (c >= 0xfff9 && c <= 0xfffb);
}

static size_t
put_escape(char *out, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";

	out[0] = '\\';
	out[1] = 'x';
	out[2] = hex[c >> 4];
	out[3] = hex[c & 15];
	return 4;
}

/* The one loop behind text_clean and text_neuter. */
static size_t
escape(char *out, size_t cap, const char *in, size_t n, bool steering_too)
{
	size_t at = 0, i = 0;

	/* nearly all text is plain */
	if (!steering_too) {
		at = i = text_ascii_length(in, n < cap ? n : cap);
		memcpy(out, in, i);
	}
	while (i < n) {
		size_t len = text_utf8_length(in + i, n - i);
		size_t bytes = len == 0 ? 1 : len;

		if (len == 0 || (steering_too && is_steering(in + i, len))) {
			if (cap - at < 4 * bytes)
				break;
			for (size_t k = 0; k < bytes; k++)
				at += put_escape(out + at,
				    (unsigned char)in[i + k]);
		} else {
			if (cap - at < len)
				break;
			memcpy(out + at, in + i, len);
			at += len;
		}
		i += bytes;
	}
	return at;
}

struct text
text_clean(struct arena *a, struct text t, size_t max_bytes)
{
	size_t cap = t.n < max_bytes / 4 ? 4 * t.n : max_bytes;
	char *out;

	if (t.at == NULL)
		return t;
	out = arena_alloc(a, cap + 1);
	return (struct text){.at = out,
	    .n = escape(out, cap, t.at, t.n, false)};
}

size_t
text_neuter(char *out, size_t cap, const char *in, size_t n)
{
	return escape(out, cap, in, n, true);
}

void
text_lower(char *s)
{
	for (; *s != '\0'; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s - 'A' + 'a');
}

/* Levenshtein distance; words here are setting and command names. */
static size_t
distance(const char *a, const char *b)
{
	enum { LONGEST = 64 };
	size_t row[LONGEST + 1], la = strlen(a), lb = strlen(b);

	if (la > LONGEST || lb > LONGEST)
		return SIZE_MAX;
	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t up = row[j];
			size_t best = corner + (a[i - 1] != b[j - 1]);

			if (up + 1 < best)
				best = up + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
			corner = up;
		}
	}
	return row[lb];
}

const char *
text_nearest(const char *word, const char *const *list, size_t count)
{
	const char *best = NULL;
	size_t best_distance = strlen(word) / 3 + 1;

	for (size_t i = 0; i < count; i++) {
		size_t d = distance(word, list[i]);

		if (d <= best_distance && (best == NULL || d < best_distance)) {
			best = list[i];
			best_distance = d;
		}
	}
	return best;
}

bool
text_is_domain(const char *s, size_t most)
{
	size_t n = strlen(s), label = 0;

	if (n == 0 || n > most)
		return false;
	for (size_t i = 0; i <= n; i++) {
		bool end = s[i] == '.' || s[i] == '\0';

		if (end && (label == 0 || label > 63))
			return false;
		if (!end && strchr("abcdefghijklmnopqrstuvwxyz0123456789-_",
		                s[i]) == NULL)
			return false;
		label = end ? 0 : label + 1;
	}
	return true;
}
