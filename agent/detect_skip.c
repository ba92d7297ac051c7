/*
 * Passing over lines that are nothing, many at once; see detect.h.
 *
 * By far most lines of a log have the header of the line before and begin
 * like no form of their program.  All that tells so is looked at here in
 * words of 32 bytes, and nearly without branches that depend on the line: one
 * guessed wrongly costs as much as fifty instructions.  What is passed over
 * here is_nothing (detect.c) would have found to be nothing, for the same
 * reasons; whatever is in any doubt is left to it.  Machines without AVX2 do
 * without.
 */
#include "agent/detect_inside.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "agent/rules_filter.h"

#define FAST __attribute__((target("avx2,bmi,bmi2,popcnt")))

enum {
	WORD = 32,
	BLOCK = 2 * WORD,  /* a bit each in 64 */
	WINDOW = 16 * BLOCK, /* whose line ends are found at once */
	/* a line's end can be looked behind so far, and more */
	BEHIND = 4 * BLOCK,
};

/* The header to compare with, ready in registers. */
struct head {
	__m256i first, second;
	uint64_t same, unblank;
	size_t n;
	const char *behind; /* what of it is behind these two */
	bool is_rfc3164;
};

FAST static inline __m256i
load(const char *s)
{
	return _mm256_loadu_si256((const __m256i *)(const void *)s);
}

FAST static inline uint64_t
bits(__m256i first, __m256i second)
{
	return (uint32_t)_mm256_movemask_epi8(first) |
	       (uint64_t)(uint32_t)_mm256_movemask_epi8(second) << WORD;
}

FAST static inline uint64_t
find(__m256i first, __m256i second, char c)
{
	__m256i all = _mm256_set1_epi8(c);

	return bits(_mm256_cmpeq_epi8(first, all),
	    _mm256_cmpeq_epi8(second, all));
}

/* Where in a window lines end: room for all of it, and two more. */
FAST static inline size_t
find_ends(const char *s, uint16_t *ends)
{
	size_t n = 0;

	for (size_t at = 0; at < WINDOW; at += BLOCK) {
		uint64_t lf = find(load(s + at), load(s + at + WORD), '\n');
		size_t count = (size_t)_mm_popcnt_u64(lf);
		uint16_t *to = ends + n;

		/* seldom more than two, and written whether there or not */
		to[0] = (uint16_t)(at + _tzcnt_u64(lf));
		lf = _blsr_u64(lf);
		to[1] = (uint16_t)(at + _tzcnt_u64(lf));
		n += count;
		for (size_t i = 2; i < count; i++) {
			lf = _blsr_u64(lf);
			to[i] = (uint16_t)(at + _tzcnt_u64(lf));
		}
	}
	return n;
}

/* line_again_stamp and line_again_host. */
FAST static inline bool
has_head(const struct head *k, const char *s, int *second)
{
	__m256i a = load(s), b = load(s + WORD);
	uint64_t same = bits(_mm256_cmpeq_epi8(a, k->first),
	    _mm256_cmpeq_epi8(b, k->second));
	unsigned tens, ones;

	if (((~same & k->same) | (find(a, b, ' ') & k->unblank)) != 0)
		return false;
	if (k->n > BLOCK && memcmp(s + BLOCK, k->behind, k->n - BLOCK) != 0)
		return false;
	if (!k->is_rfc3164)
		return true;
	tens = (unsigned char)s[LINE_AGAIN_MINUTE] - '0';
	ones = (unsigned char)s[LINE_AGAIN_MINUTE + 1] - '0';
	*second = (int)(tens * 10 + ones);
	return tens <= 5 && ones <= 9;
}

/* The program of n bytes at s, if its view is known. */
FAST static inline const struct detect_known *
find_known(const struct detect *d, const char *s, size_t n, __m256i name)
{
	uint64_t first, last;
	const struct detect_known *k;
	uint32_t same;

	memcpy(&first, s, sizeof first);
	memcpy(&last, s + n - sizeof last, sizeof last);
	k = &d->views[detect_slot(n, _bzhi_u64(first, 8 * (unsigned)n),
	    n < sizeof last ? 0 : last)];
	same = (uint32_t)_mm256_movemask_epi8(
	    _mm256_cmpeq_epi8(name, load(k->program)));
	if (k->n != n || _bzhi_u32(~same, (unsigned)n) != 0)
		return NULL;
	return k;
}

/* What stands behind "[pid]: " or ": ", line_again_message; NULL when it
 * cannot be told. */
FAST static inline const char *
find_message(const char *s)
{
	bool bracket = *s == '[';
	size_t count = signs_digits(s + 1);
	const char *at = bracket ? s + count + 2 : s;
	uint32_t sign, signs = bracket ? 0xffffff : 0xffff00;

	/* "]: " */
	memcpy(&sign, at - 1, sizeof sign);
	if (((sign ^ 0x203a5d) & signs) != 0 ||
	    (bracket && count - 1 >= LINE_AGAIN_PID))
		return NULL;
	return at + 2;
}

FAST static inline bool
is_nothing(struct detect *d, const struct head *k, const char *s,
    const char *end, int *second)
{
	const char *program = s + k->n, *message, *behind;
	const struct detect_known *known;
	__m256i name = load(program);
	uint32_t tag = (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(
	    _mm256_cmpeq_epi8(name, _mm256_set1_epi8('[')),
	    _mm256_or_si256(_mm256_cmpeq_epi8(name, _mm256_set1_epi8(':')),
		_mm256_cmpeq_epi8(name, _mm256_set1_epi8(' ')))));
	size_t n = _tzcnt_u32(tag);
	struct line_found found;

	/* so long line_again and line_again_message want it to be */
	if (!has_head(k, s, second) || n - 1 >= WORD - 1 ||
	    end - program < (ptrdiff_t)(n + 1 + SIGNS_BYTES) ||
	    end - s > LINE_BYTES)
		return false;
	found.program = (struct text){.at = program, .n = n};
	if (line_again_has_daemon(&found))
		return detect_daemon_is_nothing(d,
		    (struct text){.at = s, .n = (size_t)(end - s)}, found);
	known = find_known(d, program, n, name);
	message = find_message(program + n);
	if (known == NULL || message == NULL)
		return false;
	behind = message + _tzcnt_u32((uint32_t)_mm256_movemask_epi8(
			       _mm256_cmpeq_epi8(
				   load(message), _mm256_set1_epi8(':')))) +
	         RULES_FILTER_COLON;
	return !rules_filter_passes(known->filter, message, behind) ||
	       !rules_may_find(known->view,
		   (struct text){.at = message, .n = (size_t)(end - message)});
}

FAST static size_t
skip(struct detect *d, struct text lines, uint64_t *count)
{
	const struct line_again *again = &d->again;
	const struct head k = {.first = load(again->head),
	    .second = load(again->head + WORD),
	    .same = again->same,
	    .unblank = again->unblank,
	    .n = again->n,
	    .behind = again->head + BLOCK,
	    .is_rfc3164 = again->form == LINE_RFC3164};
	const char *s = lines.at, *window = s, *end = s + lines.n;
	uint16_t ends[WINDOW + 2];
	int second = 0, last = -1;

	if (end - s < WINDOW + BEHIND || !has_head(&k, s, &second))
		return 0;
	d->rule = NULL;
	for (; end - window >= WINDOW + BEHIND; window += WINDOW) {
		size_t n = find_ends(window, ends);

		for (size_t i = 0; i < n; i++) {
			if (!is_nothing(d, &k, s, window + ends[i], &second))
				goto done;
			last = second;
			s = window + ends[i] + 1;
			++*count;
		}
	}
done:
	if (k.is_rfc3164 && last >= 0)
		(void)stamp_again(&d->stamps, last);
	d->read_bytes += (uint64_t)(s - lines.at);
	return (size_t)(s - lines.at);
}

size_t
detect_skip(struct detect *d, struct text lines, uint64_t *count)
{
	if (d->again.n == 0 || !__builtin_cpu_supports("avx2") ||
	    !__builtin_cpu_supports("bmi2") ||
	    (d->again.form == LINE_RFC3164 && d->stamps.key_n == 0))
		return 0;
	return skip(d, lines, count);
}

#else

size_t
detect_skip(struct detect *d, struct text lines, uint64_t *count)
{
	(void)d;
	(void)lines;
	(void)count;
	return 0;
}

#endif
