/* The JSON form of journal entries (RFC 8259); see journal.h.  An entry is
 * an object of strings; bytes that are no plain text come as an array of
 * numbers, what journalctl finds too long as null. */
#include <stdint.h>
#include <string.h>

#include "agent/journal.h"
#include "agent/line.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"

enum { DEPTH = 8 };

struct reading {
	struct arena *arena;
	const char *at, *end;
};

static int
next(const struct reading *r)
{
	return r->at < r->end ? (unsigned char)*r->at : -1;
}

static bool
take(struct reading *r, int c)
{
	if (next(r) != c)
		return false;
	r->at++;
	return true;
}

static void
skip_blanks(struct reading *r)
{
	while (next(r) == ' ' || next(r) == '\t' || next(r) == '\r' ||
	       next(r) == '\n')
		r->at++;
}

/* A string as it is written, without the quotes. */
static bool
read_raw(struct reading *r, struct text *out)
{
	const char *start;

	if (!take(r, '"'))
		return false;
	for (start = r->at; r->at < r->end && *r->at != '"'; r->at++) {
		if ((unsigned char)*r->at < ' ')
			return false;
		if (*r->at == '\\' && ++r->at == r->end)
			return false;
	}
	*out = (struct text){.at = start, .n = (size_t)(r->at - start)};
	return take(r, '"');
}

static int
hex4(const char *s, const char *end)
{
	int v = 0;

	if (end - s < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = s[i];

		if (c >= '0' && c <= '9')
			v = v * 16 + (c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			v = v * 16 + ((c | 0x20) - 'a' + 10);
		else
			return -1;
	}
	return v;
}

static char *
put_utf8(char *to, uint32_t c)
{
	if (c < 0x80) {
		*to++ = (char)c;
	} else if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
		*to++ = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*to++ = (char)(0xe0 | c >> 12);
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
		*to++ = (char)(0x80 | (c & 0x3f));
	} else {
		*to++ = (char)(0xf0 | c >> 18);
		*to++ = (char)(0x80 | (c >> 12 & 0x3f));
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
		*to++ = (char)(0x80 | (c & 0x3f));
	}
	return to;
}

/* The four digits behind "\u" at s, and those of a second half; where they
 * end, NULL when they are not right. */
static const char *
read_unicode(const char *s, const char *end, uint32_t *c)
{
	int high = hex4(s, end), low;

	if (high < 0 || (high >= 0xdc00 && high < 0xe000))
		return NULL;
	*c = (uint32_t)high;
	if (high < 0xd800 || high >= 0xdc00)
		return s + 4;
	if (end - s < 6 || s[4] != '\\' || s[5] != 'u')
		return NULL;
	low = hex4(s + 6, end);
	if (low < 0xdc00 || low > 0xdfff)
		return NULL;
	*c = 0x10000 + ((*c - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
	return s + 10;
}

/* A string as it is meant: never longer than it is written. */
static bool
decode(struct arena *a, struct text raw, struct text *out)
{
	static const char names[] = "\"\\/bfnrt", signs[] = "\"\\/\b\f\n\r\t";
	const char *s = raw.at, *end = raw.at + raw.n;
	char *copy = arena_alloc(a, raw.n + 1), *to = copy;

	while (s < end) {
		const char *name;
		uint32_t c;

		if (*s != '\\') {
			*to++ = *s++;
			continue;
		}
		if (s[1] == 'u') {
			s = read_unicode(s + 2, end, &c);
			if (s == NULL)
				return false;
			to = put_utf8(to, c);
			continue;
		}
		name = memchr(names, s[1], sizeof names - 1);
		if (name == NULL)
			return false;
		*to++ = signs[name - names];
		s += 2;
	}
	*out = (struct text){.at = copy, .n = (size_t)(to - copy)};
	return true;
}

static bool
skip_word(struct reading *r)
{
	const char *start = r->at;

	while ((next(r) >= '0' && next(r) <= '9') ||
	       (next(r) >= 'a' && next(r) <= 'z') || next(r) == 'E' ||
	       next(r) == '+' || next(r) == '-' || next(r) == '.')
		r->at++;
	return r->at > start;
}

static bool
skip_value(struct reading *r, int depth)
{
	struct text raw;
	int close;

	skip_blanks(r);
	if (next(r) == '"')
		return read_raw(r, &raw);
	if (next(r) != '[' && next(r) != '{')
		return skip_word(r);
	if (depth == 0)
		return false;
	close = *r->at++ == '[' ? ']' : '}';
	skip_blanks(r);
	if (take(r, close))
		return true;
	for (;;) {
		skip_blanks(r);
		if (close == '}') {
			if (!read_raw(r, &raw))
				return false;
			skip_blanks(r);
			if (!take(r, ':'))
				return false;
		}
		if (!skip_value(r, depth - 1))
			return false;
		skip_blanks(r);
		if (take(r, close))
			return true;
		if (!take(r, ','))
			return false;
	}
}

/* "[72,105]"; an array of anything else leaves *out absent. */
static bool
read_bytes(struct reading *r, struct text *out)
{
	struct reading all = *r;
	char *copy;
	size_t n = 0;

	if (!skip_value(&all, DEPTH))
		return false;
	copy = arena_alloc(r->arena, (size_t)(all.at - r->at));
	for (r->at++; r->at < all.at; r->at++) {
		unsigned v = 0;

		skip_blanks(r);
		if (n == 0 && next(r) == ']')
			break;
		if (next(r) < '0' || next(r) > '9')
			goto other;
		while (next(r) >= '0' && next(r) <= '9' && v < 256)
			v = v * 10 + (unsigned)(*r->at++ - '0');
		skip_blanks(r);
		if (v > 255 || (next(r) != ',' && next(r) != ']'))
			goto other;
		copy[n++] = (char)(unsigned char)v;
	}
	*out = (struct text){.at = copy, .n = n};
other:
	r->at = all.at;
	return true;
}

static bool
read_value(struct reading *r, struct text *out)
{
	const char *start;
	struct text raw;

	skip_blanks(r);
	start = r->at;
	switch (next(r)) {
	case '"':
		return read_raw(r, &raw) && decode(r->arena, raw, out);
	case '[':
		return read_bytes(r, out);
	case 'n':
		return skip_word(r);
	default:
		if (!skip_value(r, DEPTH))
			return false;
		*out =
		    (struct text){.at = start, .n = (size_t)(r->at - start)};
		return true;
	}
}

static bool
read_pair(struct reading *r, struct journal_entry *e)
{
	struct text name, *member;

	skip_blanks(r);
	if (!read_raw(r, &name))
		return false;
	skip_blanks(r);
	if (!take(r, ':'))
		return false;
	member = journal_member(e, name);
	if (member == NULL)
		return skip_value(r, DEPTH);
	return member->at == NULL && read_value(r, member);
}

bool
journal_read_json(
    struct arena *a, struct text record, struct journal_entry *e)
{
	struct reading r = {
	    .arena = a, .at = record.at, .end = record.at + record.n};

	*e = (struct journal_entry){0};
	if (!take(&r, '{'))
		return false;
	do {
		if (!read_pair(&r, e))
			return false;
		skip_blanks(&r);
	} while (take(&r, ','));
	if (!take(&r, '}'))
		return false;
	skip_blanks(&r);
	return r.at == r.end;
}

bool
journal_parse(struct arena *a, struct text record, struct line *out)
{
	struct journal_entry e;
	struct buf line = {0};
	struct text copy;

	if (record.n == 0 || record.at[0] != '{' ||
	    !journal_read_json(a, record, &e) || !journal_write(&line, &e))
		return false;
	copy = (struct text){
	    .at = arena_copy(a, line.data, line.n), .n = line.n};
	buf_free(&line);
	return line_parse(copy, out);
}
