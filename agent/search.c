/* Searching for a text; see search.h. */
#include "agent/search.h"

#include <string.h>

#include "agent/signs.h"

static const char *
search_last_plain(struct text in, struct text what)
{
	if (in.n < what.n)
		return NULL;
	for (const char *s = in.at + (in.n - what.n);; s--) {
		if (memcmp(s, what.at, what.n) == 0)
			return s;
		if (s == in.at)
			return NULL;
	}
}

#ifdef __SSE2__
#include <emmintrin.h>

#include "agent/words.h"

enum { WORD = 16 };

/* Most texts are short: memmem() takes longer.  Apart, as the others, so that
 * none pays for another's stack. */
__attribute__((noinline)) static const char *
search_few(struct text in, struct text what)
{
	const char *s = in.at;

	for (size_t n = in.n; n >= what.n; n--, s++)
		if (*s == *what.at && memcmp(s, what.at, what.n) == 0)
			return s;
	return NULL;
}

/* A bit for each of sixteen places at s where the text begins and ends as it
 * should. */
static inline unsigned
candidates(const char *s, struct text what)
{
	__m128i first = _mm_loadu_si128((const __m128i *)(const void *)s);
	__m128i last = _mm_loadu_si128(
	    (const __m128i *)(const void *)(s + what.n - 1));

	return (unsigned)_mm_movemask_epi8(_mm_and_si128(
	    _mm_cmpeq_epi8(first, _mm_set1_epi8(what.at[0])),
	    _mm_cmpeq_epi8(last, _mm_set1_epi8(what.at[what.n - 1]))));
}

/* As memcmp() == 0.  A call would have what is looked for fetched anew. */
static inline bool
is_there(const char *s, struct text what)
{
	size_t at = 0;

	if (what.n >= SIGNS_WORD) {
		for (; at < what.n - SIGNS_WORD; at += SIGNS_WORD)
			if (signs_load(s + at) != signs_load(what.at + at))
				return false;
		at = what.n - SIGNS_WORD;
		return signs_load(s + at) == signs_load(what.at + at);
	}
	while (at < what.n && s[at] == what.at[at])
		at++;
	return at == what.n;
}

#ifdef __x86_64__
/* As below, by thirty-two places. */
WORDS_FAST static const char *
search_words(struct text in, struct text what)
{
	const __m256i first = _mm256_set1_epi8(what.at[0]);
	const __m256i end = _mm256_set1_epi8(what.at[what.n - 1]);
	const char *s = in.at, *last = in.at + in.n - what.n + 1 - WORDS_BYTES;
	uint32_t found;

	for (;; s = last - s < WORDS_BYTES ? last : s + WORDS_BYTES) {
		found = (uint32_t)_mm256_movemask_epi8(_mm256_and_si256(
		    _mm256_cmpeq_epi8(words_load(s), first),
		    _mm256_cmpeq_epi8(words_load(s + what.n - 1), end)));
		for (; found != 0; found &= found - 1) {
			const char *at = s + __builtin_ctz(found);

			if (is_there(at, what))
				return at;
		}
		if (s == last)
			return NULL;
	}
}
#endif

__attribute__((noinline)) static const char *
search_many(struct text in, struct text what)
{
	const char *s = in.at, *last;
	unsigned found;

	/* the last sixteen places overlap those before */
	last = in.at + in.n - what.n + 1 - WORD;
	for (;; s = last - s < WORD ? last : s + WORD) {
		for (found = candidates(s, what); found != 0;
		     found &= found - 1) {
			const char *at = s + __builtin_ctz(found);

			if (is_there(at, what))
				return at;
		}
		if (s == last)
			return NULL;
	}
}

const char *
search(struct text in, struct text what)
{
#ifdef __x86_64__
	if (in.n >= what.n + WORDS_BYTES && __builtin_cpu_supports("avx2") &&
	    __builtin_cpu_supports("bmi2"))
		return search_words(in, what);
#endif
	return in.n < what.n + WORD ? search_few(in, what)
	                            : search_many(in, what);
}

const char *
search_last(struct text in, struct text what)
{
	const char *s;
	unsigned found;

	if (in.n < what.n + WORD)
		return search_last_plain(in, what);
	/* the first sixteen places overlap those behind */
	s = in.at + in.n - what.n + 1 - WORD;
	for (;; s = s - in.at < WORD ? in.at : s - WORD) {
		for (found = candidates(s, what); found != 0;) {
			int last = WORD * 2 - 1 - __builtin_clz(found);

			if (is_there(s + last, what))
				return s + last;
			found &= ~(1U << last);
		}
		if (s == in.at)
			return NULL;
	}
}

#else

const char *
search_last(struct text in, struct text what)
{
	return search_last_plain(in, what);
}

const char *
search(struct text in, struct text what)
{
	return memmem(in.at, in.n, what.at, what.n);
}

#endif
