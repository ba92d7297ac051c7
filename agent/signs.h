/*
 * Where certain bytes are among the next sixteen.  A line's header is looked
 * at in this way, since a loop over its bytes costs more than all the rest.
 * SSE2 is part of every amd64; other machines take eight bytes at a time.
 */
#ifndef PLAINTIFF_SIGNS_H
#define PLAINTIFF_SIGNS_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { SIGNS_BYTES = 16, SIGNS_WORD = 8 };

/* A word with the byte c everywhere. */
#define SIGNS_ALL(c) (UINT64_C(0x0101010101010101) * (uint64_t)(c))

/* Eight bytes, the first in the lowest bits. */
static inline uint64_t
signs_load(const char *s)
{
	uint64_t w;

	memcpy(&w, s, sizeof w);
	return le64toh(w);
}

/* memcmp() == 0, without a call for what is no longer than 32 bytes: most
 * texts of forms are short, and words may overlap. */
static inline bool
signs_same(const char *a, const char *b, size_t n)
{
	uint32_t first, second, last, other;

	if (n > 4 * SIGNS_WORD)
		return memcmp(a, b, n) == 0;
	if (n >= SIGNS_WORD) {
		const char *c = a + n - SIGNS_WORD, *d = b + n - SIGNS_WORD;

		if (((signs_load(a) ^ signs_load(b)) |
			(signs_load(c) ^ signs_load(d))) != 0)
			return false;
		return n <= 2 * SIGNS_WORD ||
		       ((signs_load(a + SIGNS_WORD) ^
			    signs_load(b + SIGNS_WORD)) |
			   (signs_load(c - SIGNS_WORD) ^
			       signs_load(d - SIGNS_WORD))) == 0;
	}
	if (n >= sizeof first) {
		memcpy(&first, a, sizeof first);
		memcpy(&second, b, sizeof second);
		memcpy(&last, a + n - sizeof last, sizeof last);
		memcpy(&other, b + n - sizeof other, sizeof other);
		return ((first ^ second) | (last ^ other)) == 0;
	}
	return n == 0 || (a[0] == b[0] && a[n / 2] == b[n / 2] &&
			     a[n - 1] == b[n - 1]);
}

/* The last eight of n bytes or, if there are fewer, all. */
static inline uint64_t
signs_load_last(const char *s, size_t n)
{
	uint64_t w = 0;

	if (n >= SIGNS_WORD)
		return signs_load(s + n - SIGNS_WORD);
	for (size_t i = 0; i < n; i++)
		w = w << 8 | (unsigned char)s[i];
	return w;
}

/* The high bit of each byte that is c; above the lowest it may lie. */
static inline uint64_t
signs_find(uint64_t w, char c)
{
	uint64_t x = w ^ SIGNS_ALL(c);

	return (x - SIGNS_ALL(1)) & ~x & SIGNS_ALL(0x80);
}

/* The first of sixteen bytes that is a, b or c; 16 when none is. */
static inline size_t
signs_first_plain(const char *s, char a, char b, char c)
{
	for (size_t at = 0; at < SIGNS_BYTES; at += SIGNS_WORD) {
		uint64_t w = signs_load(s + at);
		uint64_t found =
		    signs_find(w, a) | signs_find(w, b) | signs_find(w, c);

		if (found != 0)
			return at + (size_t)__builtin_ctzll(found) / 8;
	}
	return SIGNS_BYTES;
}

/* How many of sixteen bytes, from the first on, are digits. */
static inline size_t
signs_digits_plain(const char *s)
{
	size_t n = 0;

	while (n < SIGNS_BYTES && s[n] >= '0' && s[n] <= '9')
		n++;
	return n;
}

/* How many of sixteen bytes, from the first on, names of hosts are made of:
 * letters, digits, ".", "-" and "_". */
static inline size_t
signs_name_plain(const char *s)
{
	size_t n = 0;

	while (n < SIGNS_BYTES &&
	       ((s[n] >= '0' && s[n] <= '9') || (s[n] >= 'a' && s[n] <= 'z') ||
		   (s[n] >= 'A' && s[n] <= 'Z') || s[n] == '.' ||
		   s[n] == '-' || s[n] == '_'))
		n++;
	return n;
}

#ifdef __SSE2__
/* Which bytes are of the `more` + 1 from `from` on? */
static inline __m128i
signs_within(__m128i w, char from, char more)
{
	__m128i x = _mm_sub_epi8(w, _mm_set1_epi8(from));

	return _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(more)), x);
}

static inline size_t
signs_count(__m128i in)
{
	return (size_t)__builtin_ctz(~(unsigned)_mm_movemask_epi8(in));
}

static inline size_t
signs_first(const char *s, char a, char b, char c)
{
	__m128i w = _mm_loadu_si128((const __m128i *)(const void *)s);
	__m128i x = _mm_or_si128(_mm_cmpeq_epi8(w, _mm_set1_epi8(a)),
	    _mm_or_si128(_mm_cmpeq_epi8(w, _mm_set1_epi8(b)),
		_mm_cmpeq_epi8(w, _mm_set1_epi8(c))));

	return (size_t)__builtin_ctz(
	    (unsigned)_mm_movemask_epi8(x) | 1U << SIGNS_BYTES);
}

static inline size_t
signs_digits(const char *s)
{
	__m128i w = _mm_loadu_si128((const __m128i *)(const void *)s);

	return signs_count(signs_within(w, '0', 9));
}

static inline size_t
signs_name(const char *s)
{
	__m128i w = _mm_loadu_si128((const __m128i *)(const void *)s);
	__m128i lower = _mm_or_si128(w, _mm_set1_epi8('a' - 'A'));
	__m128i slash = _mm_cmpeq_epi8(w, _mm_set1_epi8('/'));

	/* "-./0123456789" */
	return signs_count(_mm_or_si128(
	    _mm_or_si128(signs_within(lower, 'a', 'z' - 'a'),
		_mm_cmpeq_epi8(w, _mm_set1_epi8('_'))),
	    _mm_andnot_si128(slash, signs_within(w, '-', '9' - '-'))));
}
#else
static inline size_t
signs_first(const char *s, char a, char b, char c)
{
	return signs_first_plain(s, a, b, c);
}

static inline size_t
signs_digits(const char *s)
{
	return signs_digits_plain(s);
}

static inline size_t
signs_name(const char *s)
{
	return signs_name_plain(s);
}
#endif

#endif
