/*
 * Words of 32 bytes, of processors with AVX2: where certain bytes are among
 * them.  Only for code that has asked for AVX2 and BMI2 at run time; it is
 * compiled with WORDS_FAST.  Nothing on other machines.  Used by
 * detect_lines.c.
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

/* The first of 32 bytes that is one of these; 32 when none is. */
WORDS_FAST static inline size_t
words_first_of(__m256i bytes, __m256i a, __m256i b, __m256i c)
{
	__m256i found = _mm256_or_si256(_mm256_cmpeq_epi8(bytes, a),
	    _mm256_or_si256(
		_mm256_cmpeq_epi8(bytes, b), _mm256_cmpeq_epi8(bytes, c)));

	return _tzcnt_u32((uint32_t)_mm256_movemask_epi8(found));
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
