/* Searching for a text; see search.h. */
#include "agent/search.h"

#include <stdint.h>
#include <string.h>

#include "agent/signs.h"

#ifdef __SSE2__
#include <emmintrin.h>

enum { WORD = 16 };

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

const char *
search(struct text in, struct text what)
{
	const char *s = in.at, *last;
	unsigned found;

	if (in.n < what.n + WORD)
		return memmem(in.at, in.n, what.at, what.n);
	/* the last sixteen places overlap those before */
	last = in.at + in.n - what.n + 1 - WORD;
	for (;; s = last - s < WORD ? last : s + WORD) {
		for (found = candidates(s, what); found != 0;
		     found &= found - 1) {
			const char *at = s + __builtin_ctz(found);

			if (signs_same(at, what.at, what.n))
				return at;
		}
		if (s == last)
			return NULL;
	}
}

#else

const char *
search(struct text in, struct text what)
{
	return memmem(in.at, in.n, what.at, what.n);
}

#endif
