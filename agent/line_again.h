/*
 * The headers of most lines in a log have the minute and the host of the
 * line before; a few comparisons of eight bytes at once find what follows.
 *
 * Only what tells whether a line can be an event is found here, and it is
 * what line_parse finds; whoever wants more calls line_parse.  In a header,
 * since a call would cost a tenth of what a line may cost.
 */
#ifndef PLAINTIFF_LINE_AGAIN_H
#define PLAINTIFF_LINE_AGAIN_H

#include <endian.h>
#include <stddef.h>
#include <string.h>

#include "agent/line.h"

enum {
	LINE_AGAIN_BYTES = 128,
	LINE_AGAIN_WORD = 8,
	/* RFC 3164: "Mmm dd hh:mm:" is to be the same, "ss" is looked at */
	LINE_AGAIN_MINUTE = 13,
	LINE_AGAIN_RFC3164 = 15,
	/* RFC 3339: "YYYY-mm-ddT" is to be the same; all up to the second has
	 * a fixed length; two words see the rest of a stamp */
	LINE_AGAIN_DATE = 11,
	LINE_AGAIN_SECOND = 19,
	LINE_AGAIN_LONGEST = LINE_AGAIN_SECOND + 2 * LINE_AGAIN_WORD,
};

/* The header before; {0} at first. */
struct line_again {
	enum line_form form;
	size_t stamp_n;
	size_t n; /* of stamp and host, with the blanks behind; 0: none */
	char head[LINE_AGAIN_BYTES];
};

struct line_found {
	struct text program, message;
	int second; /* of LINE_RFC3164: 0 to 59, of the minute before */
};

/* Keeps the header that line_parse found in the line, for the next ones. */
void line_again_keep(
    struct line_again *k, struct text line, const struct line *parsed);
/* Forgets it. */
void line_again_drop(struct line_again *k);
/* Takes off what Dovecot and Exim put in front of their messages.  False for
 * a piece of a split record. */
bool line_again_take_daemon(struct line_found *out);

/* A word with the byte c everywhere. */
#define LINE_AGAIN_ALL(c) (UINT64_C(0x0101010101010101) * (uint64_t)(c))

/* Eight bytes, the first in the lowest bits. */
static inline uint64_t
line_again_load(const char *s)
{
	uint64_t w;

	memcpy(&w, s, sizeof w);
	return le64toh(w);
}

/* The high bit of each byte that is c; above the lowest it may lie. */
static inline uint64_t
line_again_find(uint64_t w, char c)
{
	uint64_t x = w ^ LINE_AGAIN_ALL(c);

	return (x - LINE_AGAIN_ALL(1)) & ~x & LINE_AGAIN_ALL(0x80);
}

static inline size_t
line_again_first(uint64_t found)
{
	return (size_t)__builtin_ctzll(found) / 8;
}

/* memcmp() == 0; a word can be read at both. */
static inline bool
line_again_same(const char *a, const char *b, size_t n)
{
	uint64_t x = line_again_load(a) ^ line_again_load(b);

	if (n < LINE_AGAIN_WORD)
		return x << 8 * (LINE_AGAIN_WORD - n) == 0;
	for (size_t at = LINE_AGAIN_WORD; at + LINE_AGAIN_WORD < n;
	     at += LINE_AGAIN_WORD)
		x |= line_again_load(a + at) ^ line_again_load(b + at);
	a += n - LINE_AGAIN_WORD;
	b += n - LINE_AGAIN_WORD;
	return (x | (line_again_load(a) ^ line_again_load(b))) == 0;
}

/* Has the stamp the form and the length of the one before?  By the checks of
 * line_stamp_length, less those that equal bytes have passed already. */
static inline bool
line_again_stamp(
    const struct line_again *k, const char *s, struct line_found *out)
{
	unsigned tens, ones;

	if (k->form == LINE_RFC3164) {
		tens = (unsigned char)s[LINE_AGAIN_MINUTE] - '0';
		ones = (unsigned char)s[LINE_AGAIN_MINUTE + 1] - '0';
		out->second = (int)(tens * 10 + ones);
		return line_again_same(s, k->head, LINE_AGAIN_MINUTE) &&
		       tens <= 5 && ones <= 9;
	}
	return line_again_same(s, k->head, LINE_AGAIN_DATE) && s[13] == ':' &&
	       s[16] == ':' &&
	       (line_again_find(line_again_load(s + LINE_AGAIN_SECOND), ' ') |
		   line_again_find(
		       line_again_load(s + k->stamp_n - LINE_AGAIN_WORD),
		       ' ')) == 0;
}

/* Are the first n bytes of w, 1 to 7, digits? */
static inline bool
line_again_digits(uint64_t w, size_t n)
{
	w = w << 8 * (LINE_AGAIN_WORD - n) | LINE_AGAIN_ALL('0') >> 8 * n;
	return (((w + LINE_AGAIN_ALL(6)) | w) & LINE_AGAIN_ALL(0xf0)) ==
	       LINE_AGAIN_ALL(0x30);
}

/* "tag[pid]: " or "tag: " at at, with room behind for some words; where the
 * message begins, or 0 when it may be something else. */
static inline size_t
line_again_tag(const char *s, size_t at, size_t n, struct text *program)
{
	size_t start = at, count;
	uint64_t w, found;

	for (;; at += LINE_AGAIN_WORD) {
		if (n < at + 3 * LINE_AGAIN_WORD)
			return 0;
		w = line_again_load(s + at);
		found = line_again_find(w, '[') | line_again_find(w, ':') |
		        line_again_find(w, ' ');
		if (found != 0)
			break;
	}
	at += line_again_first(found);
	*program = (struct text){.at = s + start, .n = at - start};
	if (s[at] == '[') {
		w = line_again_load(s + at + 1);
		found = line_again_find(w, ']');
		if (found == 0)
			return 0;
		count = line_again_first(found);
		if (count == 0 || !line_again_digits(w, count))
			return 0;
		at += 2 + count;
	}
	if (at == start || s[at] != ':' || s[at + 1] != ' ')
		return 0;
	return at + 2;
}

/* Has the line the header of the one kept, but for seconds, tag and pid?
 * False if it cannot be told at once. */
static inline bool
line_again(
    const struct line_again *k, struct text line, struct line_found *out)
{
	const char *s = line.at;
	size_t at = k->n;

	/* with room for each word that is looked at */
	if (at == 0 || line.n <= at + 3 * LINE_AGAIN_WORD ||
	    !line_again_stamp(k, s, out) ||
	    !line_again_same(
		s + k->stamp_n, k->head + k->stamp_n, at - k->stamp_n))
		return false;
	at = line_again_tag(s, at, line.n, &out->program);
	if (at == 0)
		return false;
	out->message = (struct text){.at = s + at, .n = line.n - at};
	if (out->program.at[0] == 'd' || out->program.at[0] == 'e')
		return line_again_take_daemon(out);
	return true;
}

#endif
