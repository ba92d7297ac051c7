/* Fields, apart from clients; see field.h and client.h. */
#include "agent/field.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "agent/client.h"
#include "agent/signs.h"

static const char *const names[FIELD_COUNT] = {
    [FIELD_LITERAL] = "",
    [FIELD_CLIENT] = "client",
    [FIELD_IP] = "ip",
    [FIELD_PORT] = "port",
    [FIELD_LOCAL] = "local",
    [FIELD_HOST] = "host",
    [FIELD_WORD] = "word",
    [FIELD_NUM] = "num",
    [FIELD_QID] = "qid",
    [FIELD_MECH] = "mech",
    [FIELD_HELO] = "helo",
    [FIELD_PATH] = "path",
    [FIELD_PLAIN] = "plain",
    [FIELD_AGAIN] = "again",
    [FIELD_NOTE] = "note",
    [FIELD_GIVEN] = "given",
    [FIELD_BLANKS] = "blanks",
    [FIELD_SID] = "sid",
    [FIELD_ACCOUNT] = "account",
    [FIELD_USER] = "user",
    [FIELD_SAID] = "said",
    [FIELD_REST] = "rest",
    [FIELD_TWICE] = "twice",
};

enum {
	MECH_BYTES = 20, /* RFC 4422 3.1 */
};

enum field
field_of_name(struct text name)
{
	for (int f = FIELD_LITERAL + 1; f < FIELD_COUNT; f++)
		if (text_is(name, names[f]))
			return (enum field)f;
	return FIELD_LITERAL;
}

const char *
field_nearest(const char *name)
{
	return text_nearest(name, names + 1, FIELD_COUNT - 1);
}

bool
field_is_open(enum field f)
{
	return field_is_unbounded(f) || f == FIELD_PATH || f == FIELD_PLAIN ||
	       f == FIELD_AGAIN;
}

/* Alphabets of the fields that are nothing but a run of certain bytes: a bit
 * for each, in a table of all bytes. */
enum {
	PORT = 1,
	NUM = 2,
	QID = 4,
	HOST = 8,
	MECH = 16,
	PLAIN = 32,
	HELO = 64,
	WORD = 128,
	SID = 256,
	VISIBLE = PLAIN | HELO | WORD,
	DIGIT = PORT | NUM | QID | HOST | MECH | SID | VISIBLE,
	LETTER = QID | HOST | MECH | SID | VISIBLE,
};

static const uint16_t alphabets[256] = {
    ['!'] = VISIBLE,
    ['"'] = HELO | WORD,
    ['#' ... '\''] = VISIBLE,
    ['(' ... ')'] = PLAIN | WORD,
    ['*'] = VISIBLE,
    ['+'] = SID | VISIBLE,
    [','] = VISIBLE,
    ['-'] = HOST | MECH | VISIBLE,
    ['.'] = NUM | HOST | VISIBLE,
    ['/'] = SID | VISIBLE,
    ['0' ... '9'] = DIGIT,
    [':' ... ';'] = VISIBLE,
    ['<'] = WORD,
    ['='] = SID | VISIBLE,
    ['>'] = WORD,
    ['?' ... '@'] = VISIBLE,
    ['A' ... 'Z'] = LETTER,
    ['[' ... '^'] = VISIBLE,
    ['_'] = HOST | MECH | VISIBLE,
    ['`'] = VISIBLE,
    ['a' ... 'z'] = LETTER,
    ['{' ... 255] = VISIBLE,
};

/* 0: it is more than a run of bytes. */
static const uint16_t alphabet_of[FIELD_COUNT] = {
    [FIELD_WORD] = WORD,
    [FIELD_ACCOUNT] = WORD,
    [FIELD_PORT] = PORT,
    [FIELD_NUM] = NUM,
    [FIELD_QID] = QID,
    [FIELD_SID] = SID,
    [FIELD_HOST] = HOST,
    [FIELD_MECH] = MECH,
    [FIELD_PLAIN] = PLAIN,
    [FIELD_HELO] = HELO,
};

static inline bool
takes(uint16_t alphabet, char c)
{
	return (alphabets[(unsigned char)c] & alphabet) != 0;
}

#ifdef __SSE2__
static inline __m128i
is(__m128i w, int c)
{
	return _mm_cmpeq_epi8(w, _mm_set1_epi8((char)c));
}

/* A bit for each of the sixteen bytes at s that is the stop byte, or that an
 * alphabet of visible bytes does not take. */
static inline unsigned
ends(uint16_t alphabet, const char *s, int stop)
{
	__m128i w = _mm_loadu_si128((const __m128i *)(const void *)s);
	__m128i all = _mm_cmpeq_epi8(_mm_min_epu8(w, _mm_set1_epi8(' ')), w);

	if (alphabet != WORD)
		all = _mm_or_si128(all, _mm_or_si128(is(w, '<'), is(w, '>')));
	if (alphabet == PLAIN)
		all = _mm_or_si128(all, is(w, '"'));
	if (alphabet == HELO)
		all = _mm_or_si128(all, _mm_or_si128(is(w, '('), is(w, ')')));
	/* a blank is one of them */
	all = _mm_or_si128(all, is(w, stop < 0 ? ' ' : stop));
	return (unsigned)_mm_movemask_epi8(all);
}
#endif

/* Where the run of the alphabet's bytes ends that begins at from. */
static inline size_t
run_end(uint16_t alphabet, const char *s, size_t from, size_t limit, int stop)
{
	size_t at = from;

#ifdef __SSE2__
	if ((alphabet & VISIBLE) != 0)
		for (; limit - at >= SIGNS_BYTES; at += SIGNS_BYTES) {
			unsigned found = ends(alphabet, s + at, stop);

			if (found != 0)
				return at + (size_t)__builtin_ctz(found);
		}
#endif
	while (at < limit && takes(alphabet, s[at]) &&
	       (unsigned char)s[at] != stop)
		at++;
	return at;
}

/* Where that begins which ends at to. */
static inline size_t
run_start(uint16_t alphabet, const char *s, size_t from, size_t to, int stop)
{
	size_t at = to;

#ifdef __SSE2__
	if ((alphabet & VISIBLE) != 0)
		for (; at - from >= SIGNS_BYTES; at -= SIGNS_BYTES) {
			unsigned found =
			    ends(alphabet, s + at - SIGNS_BYTES, stop);

			if (found != 0)
				return at + SIGNS_BYTES -
				       (size_t)__builtin_clz(found);
		}
#endif
	while (at > from && takes(alphabet, s[at - 1]) &&
	       (unsigned char)s[at - 1] != stop)
		at--;
	return at;
}

/* Queue ids of all daemons hold a digit or a capital; "warning" and "fatal",
 * which can stand in their place, do not. */
static bool
is_queue_id(struct text run)
{
	for (size_t i = 0; i < run.n; i++)
		if (run.at[i] < 'a')
			return true;
	return false;
}

/* Where an {account} begins that may hold the stop byte too: behind the first
 * one in its run without blanks. */
static size_t
behind_first(const char *s, size_t from, size_t to, int stop)
{
	for (size_t i = from; i < to; i++)
		if ((unsigned char)s[i] == stop)
			return i + 1;
	return from;
}

/* Keeps what a run of bytes says; false when it cannot be said. */
static inline bool
keep_run(enum field f, struct text run, struct match *m)
{
	if (f == FIELD_PORT)
		return client_read_port(run, &m->source_port);
	if (f == FIELD_MECH) {
		if (run.n > MECH_BYTES)
			return false;
		m->mechanism = run;
	}
	if (f == FIELD_QID) {
		m->qid = run;
		return is_queue_id(run);
	}
	if (f == FIELD_ACCOUNT)
		m->login = run;
	if (f == FIELD_SID)
		m->session = run;
	if (f == FIELD_HOST && !text_is(run, "unknown"))
		m->ptr = run;
	return run.n > 0 || f == FIELD_HELO || f == FIELD_PLAIN;
}

void
field_say(enum field f, struct text bytes, struct match *m)
{
	if (f == FIELD_IP)
		(void)client_read_address(bytes, 0, bytes.n, &m->source);
	else if (f == FIELD_LOCAL)
		(void)client_read_address(bytes, 0, bytes.n, &m->local);
	else
		(void)keep_run(f, bytes, m);
}

static size_t
read_path(const char *s, size_t from, size_t limit)
{
	size_t at = from;

	if (at < limit && s[at] == '"') {
		for (at++; at < limit && s[at] != '"'; at++)
			if (s[at] == '\\' && at + 1 < limit)
				at++;
		if (at == limit)
			return FIELD_NOWHERE;
		at++;
	}
	return run_end(PLAIN, s, at, limit, -1);
}

/* An address "local"@domain read from its end: inside the quotes each quote
 * has an odd number of backslashes before it, so the first with an even
 * number is the opening one, whatever the client wrote in between. */
static size_t
read_path_back(const char *s, size_t from, size_t to)
{
	size_t at = run_start(PLAIN, s, from, to, -1), slashes;

	if (at == from || s[at - 1] != '"')
		return at;
	if (at != to && s[at] != '@')
		return FIELD_NOWHERE;
	for (at--; at > from; at--) {
		if (s[at - 1] != '"')
			continue;
		slashes = 0;
		while (at - 1 - slashes > from && s[at - 2 - slashes] == '\\')
			slashes++;
		if (slashes % 2 == 0)
			return at - 1;
	}
	return FIELD_NOWHERE;
}

/* The password that Dovecot logs if it is told to, or nothing.  A login can
 * hold these words too, but behind it Dovecot always writes ": "; so what
 * holds no ": " is a password.  A password can hold them as well, and the
 * whole end of another form; then nobody can say which is which. */
static size_t
read_given_back(const char *s, size_t from, size_t to)
{
	static const char *const leads[] = {
	    " (given password: ", " (SHA1 of given password: "};
	static const char words[] = "given password: ";
	enum { WORDS = sizeof words - 1 };
	size_t at = to;

	if (to == from || s[to - 1] != ')' ||
	    memmem(s + from, to - from, words, WORDS) == NULL)
		return to;
	while (at - from >= 2 && (s[at - 2] != ':' || s[at - 1] != ' '))
		at--;
	for (size_t i = 0; i < sizeof leads / sizeof leads[0]; i++) {
		size_t n = strlen(leads[i]);

		if (at - from < n || memcmp(s + at - n, leads[i], n) != 0)
			continue;
		return memmem(s + from, at - n - from, words, WORDS) == NULL
		           ? at - n
		           : FIELD_NOWHERE;
	}
	return FIELD_NOWHERE;
}

size_t
field_read(enum field f, enum client_form form, struct text message,
    size_t from, size_t limit, int stop, struct match *m)
{
	const char *s = message.at;
	size_t at = from;

	if (alphabet_of[f] != 0) {
		at = run_end(alphabet_of[f], s, from, limit, stop);
		return keep_run(f,
			   (struct text){.at = s + from, .n = at - from}, m)
		           ? at : FIELD_NOWHERE;
	}
	if (f == FIELD_CLIENT)
		return client_read(form, message, from, limit, m);
	if (f == FIELD_IP)
		return client_read_address(message, from, limit, &m->source);
	if (f == FIELD_LOCAL)
		return client_read_address(message, from, limit, &m->local);
	if (f == FIELD_PATH)
		return read_path(s, from, limit);
	while (f == FIELD_BLANKS && at < limit && s[at] == ' ')
		at++;
	return at;
}

size_t
field_read_back(enum field f, enum client_form form, struct text message,
    size_t from, size_t to, int stop, struct match *m)
{
	const char *s = message.at;
	size_t at = to;

	if (alphabet_of[f] != 0) {
		at = run_start(alphabet_of[f], s, from, to,
		    f == FIELD_ACCOUNT ? -1 : stop);
		if (f == FIELD_ACCOUNT)
			at = behind_first(s, at, to, stop);
		return keep_run(
			   f, (struct text){.at = s + at, .n = to - at}, m)
		           ? at : FIELD_NOWHERE;
	}
	if (f == FIELD_CLIENT)
		return client_read_back(form, message, from, to, m);
	if (f == FIELD_IP)
		return client_read_address_back(message, from, to, &m->source);
	if (f == FIELD_LOCAL)
		return client_read_address_back(message, from, to, &m->local);
	if (f == FIELD_PATH)
		return read_path_back(s, from, to);
	if (f == FIELD_GIVEN)
		return read_given_back(s, from, to);
	while (f == FIELD_BLANKS && at > from && s[at - 1] == ' ')
		at--;
	return at;
}

/* Most addresses are not quoted. */
static inline bool
is_quoted(struct text path)
{
	return path.n > 0 && path.at[0] == '"';
}

/* Walks the address without its quoting. */
static size_t
unquote(struct text quoted, struct text plain, bool *equal)
{
	size_t n = 0;
	bool inside = is_quoted(quoted);

	*equal = true;
	for (size_t i = inside; i < quoted.n; i++) {
		if (inside && quoted.at[i] == '"') {
			inside = false;
			continue;
		}
		if (inside && quoted.at[i] == '\\' && i + 1 < quoted.n)
			i++;
		if (n >= plain.n || plain.at[n] != quoted.at[i])
			*equal = false;
		n++;
	}
	return n;
}

bool
field_path_says(struct text quoted, struct text plain)
{
	bool equal;

	if (!is_quoted(quoted))
		return quoted.n == plain.n &&
		       signs_same(quoted.at, plain.at, plain.n);
	return unquote(quoted, plain, &equal) == plain.n && equal;
}

size_t
field_path_length(struct text quoted)
{
	bool equal;

	if (!is_quoted(quoted))
		return quoted.n;
	return unquote(quoted, (struct text){0}, &equal);
}
