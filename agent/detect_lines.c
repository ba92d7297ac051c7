/*
 * Many lines at once; see detect.h.
 *
 * By far most lines of a log have the header of the line before and begin
 * like no form of their program.  All that tells so is looked at here in
 * words of 32 bytes, and nearly without branches that depend on the line: one
 * guessed wrongly costs as much as fifty instructions.  What is found here is
 * what detect_line would find, for the same reasons; whatever is in any doubt
 * is left to it.  Machines without AVX2 do without.
 */
#include <string.h>

#include "agent/detect_inside.h"
#include "proto/base/arena.h"
#include "proto/event.h"

#if defined(__x86_64__)
#include "agent/rules_filter.h"
#include "agent/words.h"

#define FAST WORDS_FAST

enum {
	WORD = WORDS_BYTES,
	BLOCK = 2 * WORD, /* a bit each in 64 */
	STEP = 2 * BLOCK,
	/* a line's end can be looked behind so far, and more */
	BEHIND = 4 * BLOCK,
};

_Static_assert(DETECT_WINDOW % STEP == 0, "a window is looked at in steps");
_Static_assert(
    (int)LINE_AGAIN_RANGES == (int)BLOCK, "a head is compared as a block");

/* Where the name of a program ends, and that of a process of Dovecot. */
static const struct words_signs program_ends = {
    {' ', 0, 3, 2, 5, 4, 7, 6, 9, 8, ':', '[', 13, 12, 15, 14}};
static const struct words_signs process_ends = {
    {' ', 0, 3, 2, 5, 4, 7, 6, '(', 8, ':', 10, 13, 12, 15, 14}};
static const struct words_signs digits = {
    {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 11, 10, 13, 12, 15, 14}};

/* The header to compare with, and bytes to look for, ready in registers. */
struct head {
	__m256i from[2], more[2]; /* as in struct line_again */
	__m256i colon, program_ends, digits;
	size_t n;
	const char *behind; /* what of it is behind these */
};

/* What a line says, as far as it is looked at. */
struct seen {
	const char *line, *end;
	const char *tag; /* behind the program, "[pid]: " */
	const struct detect_known *known;
	const char *message;
};

enum verdict { NOTHING, HIT, DOUBT };

/* Writes where lines end in the block; where the next ends are to be. */
FAST static inline uint16_t *
add_ends(const char *window, size_t at, __m256i all, uint16_t *to)
{
	const char *s = window + at;
	uint64_t lf = words_find(words_load(s), words_load(s + WORD), all);
	uint16_t *next = to + _mm_popcnt_u64(lf);

	/* seldom more than one, and written whether there or not */
	*to++ = (uint16_t)(at + _tzcnt_u64(lf));
	while (to < next) {
		lf = _blsr_u64(lf);
		*to++ = (uint16_t)(at + _tzcnt_u64(lf));
	}
	return next;
}

/* Where in the window lines end. */
FAST static inline void
find_ends(struct detect_lines *l)
{
	const __m256i all = words_all_of('\n');
	const char *window = l->window;
	uint16_t *to = l->ends;

	for (size_t at = 0; at < l->window_bytes; at += STEP) {
		to = add_ends(window, at, all, to);
		to = add_ends(window, at + BLOCK, all, to);
	}
	l->n = (unsigned)(to - l->ends);
	l->next = 0;
}

/* line_again_stamp and line_again_host. */
FAST static inline bool
has_head(const struct head *k, const char *s)
{
	__m256i outside = _mm256_or_si256(
	    words_outside(words_load(s), k->from[0], k->more[0]),
	    words_outside(words_load(s + WORD), k->from[1], k->more[1]));

	return _mm256_testz_si256(outside, outside) != 0 &&
	       (k->n <= BLOCK ||
		   memcmp(s + BLOCK, k->behind, k->n - BLOCK) == 0);
}

/* The program of n bytes at s, if its view is known. */
FAST static inline const struct detect_known *
find_known(const struct detect *d, const char *s, size_t n, __m256i name)
{
	uint64_t first, last;
	const struct detect_known *k;

	memcpy(&first, s, sizeof first);
	memcpy(&last, s + n - sizeof last, sizeof last);
	/* no branch: names of both kinds take turns */
	last &= (uint64_t)(n < sizeof last) - 1;
	k = &d->views[detect_slot(
	    n, _bzhi_u64(first, 8 * (unsigned)n), last)];
	return k->n == n && words_is_name(name, k->program, n) ? k : NULL;
}

/* What stands behind "[pid]: " or ": ", line_again_message; NULL when it
 * cannot be told. */
FAST static inline const char *
find_message(const struct head *k, const char *s)
{
	bool bracket = *s == '[';
	size_t count = words_count(words_load(s + 1), k->digits);
	const char *at = bracket ? s + count + 2 : s;
	uint32_t sign, signs = bracket ? 0xffffff : 0xffff00;

	/* "]: " */
	memcpy(&sign, at - 1, sizeof sign);
	if (((sign ^ 0x203a5d) & signs) != 0 ||
	    (bracket && count - 1 >= LINE_AGAIN_PID))
		return NULL;
	return at + 2;
}

static inline bool
begins(const char *s, const char four[4])
{
	return memcmp(s, four, 4) == 0;
}

/* line_take_dovecot: the process becomes the program. */
FAST static inline bool
take_dovecot(struct detect *d, struct seen *l)
{
	__m256i name = words_load(l->message);
	size_t n = words_first_of(name, words_load_signs(&process_ends));
	const struct detect_process *p;
	const char *sign = l->message + n;
	uint64_t first;

	if (n - 1 >= DETECT_PROCESS_BYTES - 1)
		return false;
	memcpy(&first, l->message, sizeof first);
	p = &d->processes[detect_process_slot(
	    n, _bzhi_u64(first, 8 * (unsigned)n))];
	if (p->n != n || !words_is_name(name, p->name, n)) {
		detect_keep_process(d,
		    (struct text){.at = l->message,
			.n = (size_t)(l->end - l->message)},
		    n);
		return false;
	}
	l->known = p->known;
	l->message = sign;
	/* "(default): " and "(pid): " are taken off */
	if (*sign == '(')
		return !begins(sign, "(def") &&
		       !(sign[1] >= '0' && sign[1] <= '9');
	l->message += 2;
	/* so are levels, such as "Info: " */
	return sign[0] == ':' && sign[1] == ' ' && !begins(sign + 2, "Info") &&
	       !begins(sign + 2, "Warn") && !begins(sign + 2, "Erro") &&
	       !begins(sign + 2, "Debu") && !begins(sign + 2, "Fata") &&
	       !begins(sign + 2, "Pani");
}

FAST static inline enum verdict
look(struct detect *d, const struct head *k, struct seen *l)
{
	const char *program = l->line + k->n, *behind;
	__m256i name = words_load(program);
	size_t n = words_first_of(name, k->program_ends);
	struct text message;

	l->tag = program + n;
	/* so long line_again and line_again_message want it to be */
	if (!has_head(k, l->line) || n - 1 >= WORD - 1 ||
	    l->end < l->tag + 1 + SIGNS_BYTES)
		return DOUBT;
	l->message = find_message(k, l->tag);
	if (l->message == NULL)
		return DOUBT;
	/* of Exim or of Dovecot */
	if ((unsigned char)(*program - 'd') <= 'e' - 'd' &&
	    (*program == 'e' ||
		(n == 7 && words_is_name(name, d->dovecot, n)))) {
		if (*program == 'e' || !take_dovecot(d, l))
			return DOUBT;
	} else {
		l->known = find_known(d, program, n, name);
		if (l->known == NULL)
			return DOUBT;
	}
	behind = l->message + RULES_FILTER_COLON +
	         _tzcnt_u32((uint32_t)_mm256_movemask_epi8(
		     _mm256_cmpeq_epi8(words_load(l->message), k->colon)));
	if (!rules_filter_passes(l->known->filter, l->message, behind))
		return NOTHING;
	message = (struct text){
	    .at = l->message, .n = (size_t)(l->end - l->message)};
	d->rule = rules_find(l->known->view, message, &d->match);
	return d->rule == NULL ? NOTHING : HIT;
}

/* Is the line ASCII without NUL? */
FAST static inline bool
is_ascii(const char *s, const char *end)
{
	__m256i all = words_load(s), least = all, w;

	/* what is behind the end counts for nothing: the last word overlaps */
	for (; end - s > WORD; s += WORD) {
		w = words_load(s);
		all = _mm256_or_si256(all, w);
		least = _mm256_min_epu8(least, w);
	}
	w = words_load(end - WORD);
	all = _mm256_or_si256(all, w);
	least = _mm256_min_epu8(least, w);
	return (_mm256_movemask_epi8(all) |
		   _mm256_movemask_epi8(_mm256_cmpeq_epi8(
		       least, _mm256_setzero_si256()))) == 0;
}

static int64_t
read_pid(const char *s)
{
	int64_t pid = 0;

	if (*s != '[')
		return EVENT_NO_PID;
	for (s++; *s != ']'; s++)
		pid = pid * 10 + (*s - '0');
	return pid;
}

/* As line_parse says it of a line that has all this. */
FAST static enum detect_result
take(struct detect *d, const struct seen *l, struct arena *a,
    struct event *out)
{
	const struct line_again *k = &d->again;
	const struct line parsed = {.form = k->form,
	    .stamp = {.at = l->line, .n = k->stamp_n},
	    .host = {.at = l->line + k->stamp_n + 1,
		.n = k->n - k->stamp_n - 2},
	    .program = {.at = l->known->program, .n = l->known->n},
	    .message = {.at = l->message,
		.n = (size_t)(l->end - l->message)},
	    .pid = read_pid(l->tag),
	    .piece = 0,
	    .pieces = 0,
	    .is_cut = false};

	arena_reset(a);
	d->is_ascii = is_ascii(l->line, l->end);
	return detect_take(d, &parsed, a, out);
}

/* The next window in which a line ends, the last ones of which are shorter;
 * false when the end of all is near, or when the line is longer than any. */
FAST static bool
next_window(struct detect_lines *l, const char *line)
{
	const char *end = l->left.at + l->left.n;

	do {
		const char *window =
		    l->window == NULL ? line : l->window + l->window_bytes;
		ptrdiff_t bytes = end - window - BEHIND;

		if (bytes < STEP ||
		    window - line > LINE_BYTES - DETECT_WINDOW)
			return false;
		l->window = window;
		l->window_bytes = bytes < DETECT_WINDOW
		    ? (size_t)(bytes - bytes % STEP)
		    : DETECT_WINDOW;
		find_ends(l);
	} while (l->n == 0);
	return true;
}

/* As much of what is read next as most lines have.  Line by line, since much
 * more at once takes longer (docs/decisions/prefetch.md). */
static inline void
prefetch(const char *s)
{
	__builtin_prefetch(s, 0, 2);
	__builtin_prefetch(s + BLOCK, 0, 2);
	__builtin_prefetch(s + 2 * BLOCK, 0, 2);
}

/* Passes over the lines of the window that are nothing, up to another. */
FAST static inline enum verdict
pass_over(struct detect *d, struct detect_lines *l, const struct head *k,
    struct seen *seen, uint64_t *ignored, const char **last)
{
	const char *window = l->window, *from = seen->line, *next = window;
	const uint16_t *first = l->ends + l->next, *stop = l->ends + l->n, *at;
	enum verdict v = NOTHING;

	/* otherwise what is at hand already is fetched, in vain */
	if (l->next_read != NULL)
		next = l->next_read + (window - l->begin);
	for (at = first; at < stop; at++) {
		prefetch(next + *at);
		seen->end = window + *at;
		v = look(d, k, seen);
		if (v != NOTHING)
			break;
		seen->line = seen->end + 1;
	}
	if (at > first)
		*last = at == first + 1 ? from : window + at[-2] + 1;
	*ignored += (uint64_t)(at - first);
	l->next = (unsigned)(at - l->ends);
	return v;
}

static void
pass_to(struct detect *d, struct detect_lines *l, const char *at)
{
	size_t n = (size_t)(at - l->left.at);

	d->read_bytes += n;
	l->left = (struct text){.at = at, .n = l->left.n - n};
}

/* The stamps go on behind the line; NULL if there was none. */
static inline void
set_second(struct detect *d, const char *line)
{
	if (line == NULL || d->again.form != LINE_RFC3164)
		return;
	line += LINE_AGAIN_MINUTE;
	(void)stamp_again(
	    &d->stamps, (line[0] - '0') * 10 + (line[1] - '0'));
}

/* Goes on up to a line in doubt, which is left, or up to one that is not
 * ignored, whose result it is. */
FAST static enum detect_result
walk(struct detect *d, struct detect_lines *l, struct arena *a,
    struct event *out, uint64_t *ignored)
{
	const struct line_again *again = &d->again;
	const char *from = (const char *)again->from,
		   *more = (const char *)again->more;
	const struct head k = {
	    .from = {words_load(from), words_load(from + WORD)},
	    .more = {words_load(more), words_load(more + WORD)},
	    .colon = words_all_of(':'),
	    .program_ends = words_load_signs(&program_ends),
	    .digits = words_load_signs(&digits),
	    .n = again->n,
	    .behind = again->head + BLOCK};
	enum detect_result result = DETECT_IGNORED;
	struct seen seen = {.line = l->left.at};
	const char *last = NULL;

	/* not the ends of many lines, if all are to be in doubt */
	if (l->left.n < STEP + BEHIND || !has_head(&k, seen.line))
		return result;
	while (result == DETECT_IGNORED &&
	       (l->next < l->n || next_window(l, seen.line))) {
		enum verdict v = pass_over(d, l, &k, &seen, ignored, &last);

		if (v == DOUBT)
			break;
		if (v == NOTHING)
			continue;
		l->next++;
		set_second(d, seen.line);
		last = NULL;
		pass_to(d, l, seen.end + 1);
		result = take(d, &seen, a, out);
		*ignored += result == DETECT_IGNORED;
		seen.line = l->left.at;
	}
	set_second(d, last);
	pass_to(d, l, seen.line);
	return result;
}

static bool
can_walk(const struct detect *d)
{
	return d->again.n > 0 && __builtin_cpu_supports("avx2") &&
	       __builtin_cpu_supports("bmi2") &&
	       (d->again.form != LINE_RFC3164 || d->stamps.key_n > 0);
}

#else

static bool
can_walk(const struct detect *d)
{
	(void)d;
	return false;
}

static enum detect_result
walk(struct detect *d, struct detect_lines *l, struct arena *a,
    struct event *out, uint64_t *ignored)
{
	(void)d, (void)l, (void)a, (void)out, (void)ignored;
	return DETECT_IGNORED;
}

#endif

void
detect_begin(struct detect_lines *l, struct text lines)
{
	l->left = lines;
	l->next_read = NULL;
	l->begin = lines.at;
	l->window = NULL;
	l->n = l->next = 0;
}

/* The line at hand; false when it has no LF. */
static bool
take_line(struct detect_lines *l, struct text *line)
{
	const char *end = memchr(l->left.at, '\n', l->left.n);

	if (end == NULL)
		return false;
	*line = (struct text){
	    .at = l->left.at, .n = (size_t)(end - l->left.at)};
	l->left.at += line->n + 1;
	l->left.n -= line->n + 1;
	if (l->next < l->n)
		l->next++;
	else
		l->window = NULL;
	return true;
}

enum detect_result
detect_lines(struct detect *d, struct detect_lines *l, struct arena *a,
    struct event *out, uint64_t *ignored)
{
	enum detect_result result;
	struct text line;

	for (;;) {
		if (can_walk(d)) {
			result = walk(d, l, a, out, ignored);
			if (result != DETECT_IGNORED)
				return result;
		}
		if (l->left.n == 0 || !take_line(l, &line))
			return DETECT_IGNORED;
		arena_reset(a);
		result = detect_line(d, line, a, out);
		if (result != DETECT_IGNORED)
			return result;
		++*ignored;
	}
}
