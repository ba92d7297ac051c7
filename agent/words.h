/*
 * Words of 32 bytes, of processors with AVX2: where certain bytes are among
 * them.  Only for code that has asked for AVX2 and BMI2 at run time; it is
 * compiled with WORDS_FAST.  Nothing on other machines.  Used by
 * detect_lines.c and search.c.
 */
#ifndef PLAINTIFF_WORDS_H
#define PLAINTIFF_WORDS_H

#if defined(__x86_64__)
#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORDS_FAST __attribute__((target("avx2,bmi,bmi2,popcnt")))

enum { WORDS_BYTES = 32 };

WORDS_FAST static inline __m256i
words_load(const char *s)
{
	return _mm256_loadu_si256((const __m256i *)(const void *)s);
}

WORDS_FAST static inline uint64_t
words_bits(__m256i first, __m256i second)
{
	return (uint32_t)_mm256_movemask_epi8(first) |
	       (uint64_t)(uint32_t)_mm256_movemask_epi8(second) << WORDS_BYTES;
}

/* The byte everywhere, and for good: compilers like to make it anew each
 * time, in three instructions. */
WORDS_FAST static inline __m256i
words_all_of(char c)
{
	__m256i v = _mm256_set1_epi8(c);

	__asm__("" : "+x"(v));
	return v;
}

WORDS_FAST static inline uint64_t
words_find(__m256i first, __m256i second, __m256i all)
{
	return words_bits(_mm256_cmpeq_epi8(first, all),
	    _mm256_cmpeq_epi8(second, all));
}

/* Signs to be found: at i the one whose low four bits are i; where there is
 * none, any byte that has others there. */
struct words_signs {
	char at[16];
};

WORDS_FAST static inline __m256i
words_load_signs(const struct words_signs *signs)
{
	return _mm256_broadcastsi128_si256(
	    _mm_loadu_si128((const __m128i *)(const void *)signs->at));
}

/* A bit for each byte that is one of the signs.  Each is compared with the one
 * sign that it could be; those above 127, which get a 0 for that, are none. */
WORDS_FAST static inline uint32_t
words_are(__m256i bytes, __m256i signs)
{
	return (uint32_t)_mm256_movemask_epi8(
	    _mm256_cmpeq_epi8(bytes, _mm256_shuffle_epi8(signs, bytes)));
}

/* The first of 32 bytes that is one of the signs; 32 when none is. */
WORDS_FAST static inline size_t
words_first_of(__m256i bytes, __m256i signs)
{
	return _tzcnt_u32(words_are(bytes, signs));
}

/* How many bytes, from the first on, are signs. */
WORDS_FAST static inline size_t
words_count(__m256i bytes, __m256i signs)
{
	return _tzcnt_u32(~words_are(bytes, signs));
}

/* 0 where a byte is one of the `more` + 1 from `from` on. */
WORDS_FAST static inline __m256i
words_outside(__m256i bytes, __m256i from, __m256i more)
{
	return _mm256_subs_epu8(_mm256_sub_epi8(bytes, from), more);
}

/* Are the first n bytes, fewer than 32, those at s? */
WORDS_FAST static inline bool
words_is_name(__m256i bytes, const char *s, size_t n)
{
	uint32_t same = (uint32_t)_mm256_movemask_epi8(
	    _mm256_cmpeq_epi8(bytes, words_load(s)));

	return _bzhi_u32(~same, (unsigned)n) == 0;
}
#endif

#endif
