/* Events as JSON; see scan_json.h.  Without printf: with it, one event would
 * cost as much as a hundred lines without. */
#include "agent/scan_json.h"

#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "agent/signs.h"
#include "proto/base/addr.h"
#include "proto/base/buf.h"
#include "proto/base/clock.h"
#include "proto/event.h"

enum {
	FRAME_BYTES = 1024, /* all but the texts: keys, numbers, names */
	NUMBER_DIGITS = 20,
	WORD = 16,
};

#define PUT(to, literal) put(to, literal, sizeof(literal) - 1)

static inline char *
put(char *to, const char *s, size_t n)
{
	memcpy(to, s, n);
	return to + n;
}

static char *
put_string(char *to, const char *s)
{
	return put(to, s, strlen(s));
}

#define TEN(tens) \
	tens "0" tens "1" tens "2" tens "3" tens "4" \
	tens "5" tens "6" tens "7" tens "8" tens "9"

/* Two digits, of a number below 100. */
static inline char *
put_pair(char *to, unsigned v)
{
	static const char pairs[] = TEN("0") TEN("1") TEN("2") TEN("3")
	    TEN("4") TEN("5") TEN("6") TEN("7") TEN("8") TEN("9");

	memcpy(to, pairs + (size_t)2 * v, 2);
	return to + 2;
}

/* Of fewer than nine digits: all eight in one word, and those in front of the
 * first that counts left out. */
static char *
put_short_number(char *to, uint32_t v)
{
	uint64_t four = v / 10000 | (uint64_t)(v % 10000) << 32, two, one;
	unsigned zeros;

	/* hundreds of each half, then tens of each quarter */
	two = (four * 10486 >> 20) & UINT64_C(0x7f0000007f);
	two |= (four - two * 100) << 16;
	one = (two * 103 >> 10) & UINT64_C(0x000f000f000f000f);
	one |= (two - one * 10) << 8;
	/* a zero has its last digit */
	zeros = (unsigned)__builtin_ctzll(one | UINT64_C(1) << 56) / 8;
	one = htole64((one | SIGNS_ALL('0')) >> 8 * zeros);
	memcpy(to, &one, sizeof one);
	return to + (sizeof one - zeros);
}

static char *
put_number(char *to, uint64_t v)
{
	char digits[NUMBER_DIGITS];
	size_t at = sizeof digits;

	if (v < 100000000)
		return put_short_number(to, (uint32_t)v);
	for (; v >= 100; v /= 100) {
		at -= 2;
		(void)put_pair(digits + at, (unsigned)(v % 100));
	}
	if (v >= 10) {
		at -= 2;
		(void)put_pair(digits + at, (unsigned)v);
	} else {
		digits[--at] = (char)('0' + v);
	}
	memcpy(to, digits + at, sizeof digits - at);
	return to + (sizeof digits - at);
}

/* A byte as a number, and the point behind it. */
#define DOTTED(v) \
	{(v) > 99 ? '0' + (v) / 100 : (v) > 9 ? '0' + (v) / 10 : '0' + (v), \
	    (v) > 99 ? '0' + (v) / 10 % 10 : (v) > 9 ? '0' + (v) % 10 : '.', \
	    (v) > 99 ? '0' + (v) % 10 : '.', '.'}
#define FOUR(v) DOTTED(v), DOTTED((v) + 1), DOTTED((v) + 2), DOTTED((v) + 3)
#define SIXTEEN(v) FOUR(v), FOUR((v) + 4), FOUR((v) + 8), FOUR((v) + 12)
#define SIXTY_FOUR(v) \
	SIXTEEN(v), SIXTEEN((v) + 16), SIXTEEN((v) + 32), SIXTEEN((v) + 48)

/* Without a branch for how many digits each number has: nobody can guess. */
static char *
put_addr(char *to, const struct addr *a)
{
	static const char dotted[256][4] = {SIXTY_FOUR(0), SIXTY_FOUR(64),
	    SIXTY_FOUR(128), SIXTY_FOUR(192)};
	char text[ADDR_TEXT_BYTES];

	if (a->family != 4)
		return put_string(to, addr_format(text, a));
	for (int i = 0; i < 4; i++) {
		unsigned v = a->bytes[i];

		memcpy(to, dotted[v], sizeof dotted[v]);
		to += 2 + (v > 9) + (v > 99);
	}
	return to - 1;
}

/* As clock_format writes it, but of common years only; its date is Howard
 * Hinnant's civil_from_days. */
static char *
put_time(char *to, int64_t us)
{
	char text[CLOCK_TEXT_BYTES];
	uint32_t s, day, doe, yoe, doy, mp, f;

	if (us < 0 || us >= UINT32_MAX * CLOCK_SECOND_US)
		return put_string(to,
		    clock_format(text, us, us % CLOCK_SECOND_US != 0));
	s = (uint32_t)(us / CLOCK_SECOND_US);
	f = (uint32_t)(us % CLOCK_SECOND_US);
	day = s / 86400 + 719468;
	s %= 86400;
	doe = day % 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	yoe += day / 146097 * 400 + (mp >= 10);
	to = put_pair(put_pair(to, yoe / 100), yoe % 100);
	*to++ = '-';
	to = put_pair(to, mp < 10 ? mp + 3 : mp - 9);
	*to++ = '-';
	to = put_pair(to, doy - (153 * mp + 2) / 5 + 1);
	*to++ = 'T';
	to = put_pair(to, s / 3600);
	*to++ = ':';
	to = put_pair(to, s / 60 % 60);
	*to++ = ':';
	to = put_pair(to, s % 60);
	if (f != 0) {
		*to++ = '.';
		to = put_pair(to, f / 10000);
		to = put_pair(put_pair(to, f / 100 % 100), f % 100);
	}
	*to++ = 'Z';
	return to;
}

#ifdef __SSE2__
static inline __m128i
quotes(__m128i w)
{
	return _mm_or_si128(_mm_cmpeq_epi8(w, _mm_set1_epi8('"')),
	    _mm_cmpeq_epi8(w, _mm_set1_epi8('\\')));
}

/* Does JSON write all bytes as they are?  Of many words: the least and the
 * largest bytes, and where quotes() are. */
static inline bool
are_plain(__m128i least, __m128i largest, __m128i quoted)
{
	/* from 0x7f on the highest bit is set then */
	__m128i odd = _mm_or_si128(
	    _mm_adds_epu8(largest, _mm_set1_epi8(1)),
	    _mm_cmplt_epi8(least, _mm_set1_epi8(' ')));

	return _mm_movemask_epi8(_mm_or_si128(odd, quoted)) == 0;
}

static inline __m128i
load(const char *s)
{
	return _mm_loadu_si128((const __m128i *)(const void *)s);
}

static inline void
store(char *to, __m128i w)
{
	_mm_storeu_si128((__m128i *)(void *)to, w);
}

/* Fewer than sixteen bytes, as two words that overlap. */
static inline bool
copy_short(char *to, const char *s, size_t n)
{
	uint64_t first = SIGNS_ALL('x'), last = first;
	__m128i w;

	if (n >= sizeof first) {
		memcpy(&first, s, sizeof first);
		memcpy(&last, s + n - sizeof last, sizeof last);
		memcpy(to, &first, sizeof first);
		memcpy(to + n - sizeof last, &last, sizeof last);
	} else if (n >= sizeof first / 2) {
		memcpy(&first, s, sizeof first / 2);
		memcpy(&last, s + n - sizeof last / 2, sizeof last / 2);
		memcpy(to, &first, sizeof first / 2);
		memcpy(to + n - sizeof last / 2, &last, sizeof last / 2);
	} else {
		for (size_t i = 0; i < n; i++) {
			to[i] = s[i];
			first = first << 8 | (unsigned char)s[i];
		}
	}
	w = _mm_set_epi64x((int64_t)last, (int64_t)first);
	return are_plain(w, w, quotes(w));
}

/* Copies the text; false when a byte of it is to be written otherwise. */
static inline bool
copy_plain(char *to, const char *s, size_t n)
{
	__m128i least, largest, quoted, w;

	if (n < WORD)
		return copy_short(to, s, n);
	/* most are no longer, and which are cannot be guessed */
	if (n <= 3 * WORD) {
		size_t middle = n < 2 * WORD ? n - WORD : WORD;
		__m128i a = load(s), b = load(s + middle);
		__m128i c = load(s + n - WORD);

		store(to, a);
		store(to + middle, b);
		store(to + n - WORD, c);
		return are_plain(_mm_min_epu8(a, _mm_min_epu8(b, c)),
		    _mm_max_epu8(a, _mm_max_epu8(b, c)),
		    _mm_or_si128(
			quotes(a), _mm_or_si128(quotes(b), quotes(c))));
	}
	least = largest = _mm_set1_epi8(' ');
	quoted = _mm_setzero_si128();
	/* the last word overlaps the one before */
	for (size_t at = 0;; at = n - at < 2 * WORD ? n - WORD : at + WORD) {
		w = load(s + at);
		store(to + at, w);
		least = _mm_min_epu8(least, w);
		largest = _mm_max_epu8(largest, w);
		quoted = _mm_or_si128(quoted, quotes(w));
		if (at + WORD == n)
			return are_plain(least, largest, quoted);
	}
}
#else
static inline bool
copy_plain(char *to, const char *s, size_t n)
{
	memcpy(to, s, n);
	return buf_is_plain_json(s, n);
}
#endif

/* What is being written: to is its end, with room for a frame and the plain
 * texts that are left. */
struct writing {
	struct buf *b;
	char *to;
	size_t texts;
};

/* A text that a client may have written. */
static void
put_text(struct writing *w, struct text t)
{
	if (t.at == NULL) {
		w->to = PUT(w->to, "null");
		return;
	}
	*w->to++ = '"';
	if (copy_plain(w->to, t.at, t.n)) {
		w->to += t.n;
	} else {
		w->b->n = (size_t)(w->to - w->b->data);
		buf_json(w->b, t.at, t.n);
		w->to = buf_reserve(w->b, w->texts + FRAME_BYTES);
	}
	*w->to++ = '"';
}

#define SAY(w, literal) ((w)->to = PUT((w)->to, literal))

void
scan_json_add(struct buf *b, uint64_t line, const struct event *e)
{
	struct writing w = {.b = b,
	    .texts = e->host.n + e->program.n + e->service.n + e->ptr.n +
	             e->login.n + e->mechanism.n + e->rule.n};

	w.to = buf_reserve(b, w.texts + FRAME_BYTES);
	SAY(&w, "{\"line\":");
	w.to = put_number(w.to, line);
	SAY(&w, ",\"time\":\"");
	w.to = put_time(w.to, e->time_us);
	SAY(&w, "\",\"host\":");
	put_text(&w, e->host);
	SAY(&w, ",\"program\":");
	put_text(&w, e->program);
	SAY(&w, ",\"pid\":");
	if (e->pid == EVENT_NO_PID)
		SAY(&w, "null");
	else
		w.to = put_number(w.to, (uint64_t)e->pid);
	SAY(&w, ",\"service\":");
	put_text(&w, e->service);
	SAY(&w, ",\"kind\":\"");
	w.to = put_string(w.to, kind_name(e->kind));
	SAY(&w, "\",\"ip\":\"");
	w.to = put_addr(w.to, &e->source);
	SAY(&w, "\",\"port\":");
	if (e->source_port == EVENT_NO_PORT)
		SAY(&w, "null");
	else
		w.to = put_number(w.to, e->source_port);
	SAY(&w, ",\"ptr\":");
	put_text(&w, e->ptr);
	SAY(&w, ",\"login\":");
	put_text(&w, e->login);
	SAY(&w, ",\"mechanism\":");
	put_text(&w, e->mechanism);
	SAY(&w, ",\"rule\":");
	put_text(&w, e->rule);
	SAY(&w, "}\n");
	b->n = (size_t)(w.to - b->data);
}
