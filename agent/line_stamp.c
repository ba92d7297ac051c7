/* Where the stamp at the beginning of a line ends; see line_inside.h.  A new
 * form is one function here and one instant in stamp.c. */
#include <string.h>

#include "agent/line_inside.h"

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Where the digits of a fraction behind at end, if there is one. */
static size_t
skip_fraction(const char *s, size_t at, size_t n)
{
	if (at + 1 >= n || (s[at] != '.' && s[at] != ',') ||
	    !is_digit(s[at + 1]))
		return at;
	at++;
	for (size_t first = at; at < n && is_digit(s[at]) && at - first < 9;)
		at++;
	return at;
}

/* The day is padded with a blank or a zero, or not at all. */
static size_t
rfc3164_length(const char *s, size_t n)
{
	size_t at;

	if (s[3] != ' ')
		return 0;
	if (s[6] == ' ')
		at = 7;
	else if (s[5] == ' ')
		at = 6;
	else
		return 0;
	if (s[at + 2] != ':' || s[at + 5] != ':')
		return 0;
	if (s[at + 8] == ' ')
		return at + 8;
	at = skip_fraction(s, at + 8, n);
	return at < n && s[at] == ' ' ? at : 0;
}

static size_t
rfc3339_length(const char *s, size_t n)
{
	const char *blank;

	if (n < 21)
		return 0;
	/* the longest has a fraction of nine digits and a zone */
	blank = memchr(s + 19, ' ', n - 19 < 18 ? n - 19 : 18);
	return blank == NULL ? 0 : (size_t)(blank - s);
}

/* A blank in place of the T; a zone stands behind another blank. */
static size_t
local_length(const char *s, size_t n)
{
	size_t at;

	if (n < 21)
		return 0;
	at = skip_fraction(s, 19, n);
	if (at == n || s[at] != ' ')
		return 0;
	if (at + 7 <= n && (s[at + 1] == '+' || s[at + 1] == '-') &&
	    is_digit(s[at + 2]) && is_digit(s[at + 3]) &&
	    is_digit(s[at + 4]) && is_digit(s[at + 5]) && s[at + 6] == ' ')
		return at + 6;
	return at;
}

static size_t
tai64n_length(const char *s, size_t n)
{
	if (n < 27 || s[25] != ' ')
		return 0;
	for (size_t i = 1; i < 25; i++)
		if (!is_digit(s[i]) && !(s[i] >= 'a' && s[i] <= 'f'))
			return 0;
	return 25;
}

/* Seconds with a fraction, or the microseconds of the journal. */
static size_t
unix_length(const char *s, size_t n, enum line_form *form)
{
	size_t at = 0;

	while (at < n && at < 17 && is_digit(s[at]))
		at++;
	*form = at >= 15 ? LINE_JOURNAL : LINE_UNIX;
	if (at >= 15)
		return at < n && s[at] == ' ' ? at : 0;
	if (at < 9 || at > 11 || s[at] != '.')
		return 0;
	at = skip_fraction(s, at, n);
	return at < n && s[at] == ' ' ? at : 0;
}

size_t
line_stamp_length(const char *s, size_t n, enum line_form *form)
{
	if (s[0] >= 'A' && s[0] <= 'Z') {
		*form = LINE_RFC3164;
		return rfc3164_length(s, n);
	}
	if (s[0] == '@') {
		*form = LINE_TAI64N;
		return tai64n_length(s, n);
	}
	if (s[4] != '-' || s[7] != '-' || s[13] != ':')
		return unix_length(s, n, form);
	*form = s[10] == 'T' ? LINE_RFC3339 : LINE_LOCAL;
	if (n < 21 || s[16] != ':')
		return 0;
	if (s[10] == 'T')
		return rfc3339_length(s, n);
	return s[10] == ' ' ? local_length(s, n) : 0;
}
