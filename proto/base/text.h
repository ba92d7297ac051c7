/*
 * Pieces of text that came from outside: where they begin and how long they
 * are, whether they are UTF-8, and how to make them harmless.
 */
#ifndef PLAINTIFF_TEXT_H
#define PLAINTIFF_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct arena;

/* A span of bytes, not NUL-terminated, owned by someone else.
 * at == NULL: absent (the line does not say), unlike an empty text. */
struct text {
	const char *at;
	size_t n;
};

#define TEXT(literal) ((struct text){.at = (literal), .n = sizeof(literal) - 1})
/* The same in what is static. */
#define TEXT_INIT(literal) {.at = (literal), .n = sizeof(literal) - 1}

/* A C string as text; NULL gives the absent text. */
static inline struct text
text_of(const char *s)
{
	return s == NULL ? (struct text){0}
	                 : (struct text){.at = s, .n = strlen(s)};
}

static inline bool
text_equal(struct text a, struct text b)
{
	if (a.n != b.n || (a.at == NULL) != (b.at == NULL))
		return false;
	return a.n == 0 || memcmp(a.at, b.at, a.n) == 0;
}

static inline bool
text_is(struct text a, const char *s)
{
	return text_equal(a, text_of(s));
}

static inline bool
text_begins(struct text t, const char *s)
{
	size_t n = strlen(s);

	return t.n >= n && memcmp(t.at, s, n) == 0;
}

static inline bool
text_ends(struct text t, const char *s)
{
	size_t n = strlen(s);

	return t.n >= n && memcmp(t.at + t.n - n, s, n) == 0;
}

/* The number in decimal, at the end of out. */
enum { TEXT_NUMBER_BYTES = sizeof "-9223372036854775808" };
struct text text_of_number(char out[TEXT_NUMBER_BYTES], int64_t n);

/* Without the bytes at both ends that are in the set. */
struct text text_trim(struct text t, const char *set);

/* Length of the well-formed UTF-8 sequence (RFC 3629: no surrogates, no
 * overlong forms) at s, or 0; a NUL byte counts as malformed. */
size_t text_utf8_length(const char *s, size_t n);
/* How many bytes from s on are ASCII and not NUL. */
size_t text_ascii_length(const char *s, size_t n);
/* Wholly well-formed UTF-8 without NUL. */
bool text_is_utf8(const char *s, size_t n);

/* A copy that PostgreSQL, JSON and people can take: at most max_bytes long,
 * cut between characters; NUL and malformed bytes become \xNN. */
struct text text_clean(struct arena *a, struct text t, size_t max_bytes);

/* Writes n bytes of in to out so that no byte can steer a terminal: C0, DEL,
 * C1, bidirectional controls and malformed bytes become \xNN (of each byte).
 * Returns the length written, at most cap; cuts between characters. */
size_t text_neuter(char *out, size_t cap, const char *in, size_t n);

/* Lower-cases A-Z in place. */
void text_lower(char *s);

/* Is it a name of 1 to `most` bytes as hosts and zones have: labels of 1 to 63
 * lower-case letters, digits, hyphens and underscores, without a dot at its
 * end? */
bool text_is_domain(const char *s, size_t most);

/* The word of list nearest to word by edit distance, or NULL when nothing is
 * near enough to be a likely slip (distance over a third of its length). */
const char *text_nearest(const char *word, const char *const *list,
    size_t count);

#endif
