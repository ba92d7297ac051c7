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

#include <stddef.h>
#include <string.h>

#include "agent/line.h"
#include "agent/signs.h"

enum {
	LINE_AGAIN_BYTES = 128,
	LINE_AGAIN_RANGES = 64,
	LINE_AGAIN_PID = 10, /* digits of a pid */
	/* RFC 3164: "Mmm dd hh:mm:" is to be the same, "ss" is looked at */
	LINE_AGAIN_MINUTE = 13,
	LINE_AGAIN_RFC3164 = 15,
	/* RFC 3339: "YYYY-mm-ddT" is to be the same; all up to the second has
	 * a fixed length; two words see the rest of a stamp */
	LINE_AGAIN_DATE = 11,
	LINE_AGAIN_SECOND = 19,
	LINE_AGAIN_LONGEST = LINE_AGAIN_SECOND + 2 * SIGNS_WORD,
};

/* The header before; {0} at first. */
struct line_again {
	enum line_form form;
	size_t stamp_n;
	size_t n; /* of stamp and host, with the blanks behind; 0: none */
	uint64_t host_mask; /* of its first eight bytes, those that count */
	char head[LINE_AGAIN_BYTES];
	/* of the first bytes of a line what line_again_stamp and
	 * line_again_host want of each: to be one of the `more` + 1 from
	 * `from` on, where 255 is before 0 */
	uint8_t from[LINE_AGAIN_RANGES], more[LINE_AGAIN_RANGES];
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
/* Can something of Dovecot or Exim stand in front of its message, and its
 * program be another for that? */
static inline bool
line_again_has_daemon(const struct line_found *f)
{
	return f->program.at[0] == 'd' || f->program.at[0] == 'e';
}
/* May the byte be one of the name of a process of Dovecot? */
static inline bool
line_is_process_sign(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}
/* Takes it off, behind line_again_message.  False for a piece of a split
 * record. */
bool line_again_take_daemon(struct line_found *out);

/* memcmp() == 0 for 8 to 16 bytes: words that may overlap. */
static inline bool
line_again_same(const char *a, const char *b, size_t n)
{
	uint64_t first = signs_load(a) ^ signs_load(b);

	a += n - SIGNS_WORD;
	b += n - SIGNS_WORD;
	return (first | (signs_load(a) ^ signs_load(b))) == 0;
}

/* Does the host with its blanks stand behind the stamp?  Sixteen bytes can
 * be read behind it. */
static inline bool
line_again_host(const struct line_again *k, const char *s)
{
	const char *a = s + k->stamp_n, *b = k->head + k->stamp_n;
	size_t n = k->n - k->stamp_n;

	if (((signs_load(a) ^ signs_load(b)) & k->host_mask) != 0)
		return false;
	return n <= SIGNS_WORD ||
	       memcmp(a + SIGNS_WORD, b + SIGNS_WORD, n - SIGNS_WORD) == 0;
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
	       (signs_find(signs_load(s + LINE_AGAIN_SECOND), ' ') |
		   signs_find(
		       signs_load(s + k->stamp_n - SIGNS_WORD),
		       ' ')) == 0;
}

/* Has the line the stamp and the host of the one kept, but for the seconds?
 * Then *out has what looks like its program.  False if it cannot be told at
 * once. */
static inline bool
line_again(
    const struct line_again *k, struct text line, struct line_found *out)
{
	const char *s = line.at;
	size_t at = k->n, count;

	if (at == 0 || line.n < at + SIGNS_BYTES ||
	    !line_again_stamp(k, s, out) || !line_again_host(k, s))
		return false;
	do {
		if (line.n < at + SIGNS_BYTES)
			return false;
		count = signs_first(s + at, '[', ':', ' ');
		at += count;
	} while (count == SIGNS_BYTES);
	out->program = (struct text){.at = s + k->n, .n = at - k->n};
	return at > k->n;
}

/* "[pid]: " or ": " behind the program, and the message.  False when it is
 * no header, or cannot be told at once. */
static inline bool
line_again_message(struct text line, struct line_found *f)
{
	const char *s = f->program.at + f->program.n;
	size_t left = (size_t)(line.at + line.n - s), count;

	if (left < 1 + SIGNS_BYTES)
		return false;
	if (*s == '[') {
		count = signs_digits(++s);
		s += count;
		if (count == 0 || count > LINE_AGAIN_PID || *s++ != ']')
			return false;
	}
	if (s[0] != ':' || s[1] != ' ')
		return false;
	f->message.at = s + 2;
	f->message.n = (size_t)(line.at + line.n - f->message.at);
	return true;
}

#endif
