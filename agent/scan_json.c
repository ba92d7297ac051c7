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

/* What the texts of an event hold that are copied as they are: looked at once
 * behind the last, since hardly any has what JSON writes otherwise. */
#ifdef __SSE2__
struct copied {
	__m128i least, largest; /* of bytes at the same place in their words */
	__m128i quoted;
};

static inline void
copied_begin(struct copied *k)
{
	k->least = k->largest = _mm_set1_epi8(' ');
	k->quoted = _mm_setzero_si128();
}

static inline void
see(struct copied *k, __m128i w)
{
	k->least = _mm_min_epu8(k->least, w);
	k->largest = _mm_max_epu8(k->largest, w);
	k->quoted = _mm_or_si128(k->quoted,
	    _mm_or_si128(_mm_cmpeq_epi8(w, _mm_set1_epi8('"')),
		_mm_cmpeq_epi8(w, _mm_set1_epi8('\\'))));
}

static inline bool
copied_is_plain(const struct copied *k)
{
	/* from 0x7f on the highest bit is set then */
	__m128i odd = _mm_or_si128(
	    _mm_adds_epu8(k->largest, _mm_set1_epi8(1)),
	    _mm_cmplt_epi8(k->least, _mm_set1_epi8(' ')));

	return _mm_movemask_epi8(_mm_or_si128(odd, k->quoted)) == 0;
}

static inline void
copy_word(struct copied *k, char *to, const char *s)
{
	__m128i w = _mm_loadu_si128((const __m128i *)(const void *)s);

	_mm_storeu_si128((__m128i *)(void *)to, w);
	see(k, w);
}

/* Fewer than sixteen bytes, as two words that overlap. */
static inline void
copy_short(struct copied *k, char *to, const char *s, size_t n)
{
	uint64_t first = SIGNS_ALL('x'), last = first;

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
	see(k, _mm_set_epi64x((int64_t)last, (int64_t)first));
}

static inline void
copy_text(struct copied *k, char *to, const char *s, size_t n)
{
	if (n < WORD) {
		copy_short(k, to, s, n);
		return;
	}
	copy_word(k, to, s);
	/* most are no longer, and which are cannot be guessed */
	if (n <= 3 * WORD) {
		size_t middle = n < 2 * WORD ? n - WORD : WORD;

		copy_word(k, to + middle, s + middle);
	} else {
		for (size_t at = WORD; n - at > WORD; at += WORD)
			copy_word(k, to + at, s + at);
	}
	/* the last word overlaps the one before */
	copy_word(k, to + n - WORD, s + n - WORD);
}
#else
struct copied {
	bool is_plain;
};

static inline void
copied_begin(struct copied *k)
{
	k->is_plain = true;
}

static inline bool
copied_is_plain(const struct copied *k)
{
	return k->is_plain;
}

static inline void
copy_text(struct copied *k, char *to, const char *s, size_t n)
{
	memcpy(to, s, n);
	k->is_plain = k->is_plain && buf_is_plain_json(s, n);
}
#endif

/* What is being written: to is its end, with room for a frame and the plain
 * texts that are left. */
struct writing {
	struct buf *b;
	char *to;
	size_t texts;
	struct copied copied;
};

/* A text that a client may have written. */
static inline void
put_text(struct writing *w, struct text t, bool is_plain)
{
	if (t.at == NULL) {
		w->to = PUT(w->to, "null");
		return;
	}
	*w->to++ = '"';
	if (is_plain) {
		copy_text(&w->copied, w->to, t.at, t.n);
		w->to += t.n;
	} else {
		w->b->n = (size_t)(w->to - w->b->data);
		buf_json(w->b, t.at, t.n);
		w->to = buf_reserve(w->b, w->texts + FRAME_BYTES);
	}
	*w->to++ = '"';
}

#define SAY(w, literal) ((w)->to = PUT((w)->to, literal))

/* With all texts as they are, if they are plain; false when they are not. */
static inline bool
write_event(
    struct buf *b, uint64_t line, const struct event *e, bool is_plain)
{
	struct writing w = {.b = b,
	    .texts = e->host.n + e->program.n + e->service.n + e->ptr.n +
	             e->login.n + e->mechanism.n + e->rule.n};

	copied_begin(&w.copied);
	w.to = buf_reserve(b, w.texts + FRAME_BYTES);
	SAY(&w, "{\"line\":");
	w.to = put_number(w.to, line);
	SAY(&w, ",\"time\":\"");
	w.to = put_time(w.to, e->time_us);
	SAY(&w, "\",\"host\":");
	put_text(&w, e->host, is_plain);
	SAY(&w, ",\"program\":");
	put_text(&w, e->program, is_plain);
	SAY(&w, ",\"pid\":");
	if (e->pid == EVENT_NO_PID)
		SAY(&w, "null");
	else
		w.to = put_number(w.to, (uint64_t)e->pid);
	SAY(&w, ",\"service\":");
	put_text(&w, e->service, is_plain);
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
	put_text(&w, e->ptr, is_plain);
	SAY(&w, ",\"login\":");
	put_text(&w, e->login, is_plain);
	SAY(&w, ",\"mechanism\":");
	put_text(&w, e->mechanism, is_plain);
	SAY(&w, ",\"rule\":");
	put_text(&w, e->rule, is_plain);
	SAY(&w, "}\n");
	if (is_plain && !copied_is_plain(&w.copied))
		return false;
	b->n = (size_t)(w.to - b->data);
	return true;
}

/* Apart, since it is seldom wanted. */
__attribute__((noinline)) static void
write_otherwise(struct buf *b, uint64_t line, const struct event *e)
{
	(void)write_event(b, line, e, false);
}

void
scan_json_add(struct buf *b, uint64_t line, const struct event *e)
{
	if (!write_event(b, line, e, true))
		write_otherwise(b, line, e);
}
