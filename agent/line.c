/* Headers of log lines; see line.h.  A new form is one row of the table and
 * one function that finds where its stamp ends. */
#include "agent/line.h"

#include <string.h>

#include "proto/event.h"

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Length of an RFC 3164 stamp at s (with one blank behind it), or 0.  The
 * day is padded with a blank or a zero, or not at all. */
static size_t
rfc3164_length(const char *s, size_t n)
{
	size_t at;

	if (n < 16 || s[3] != ' ')
		return 0;
	if (s[6] == ' ')
		at = 7;
	else if (s[5] == ' ')
		at = 6;
	else
		return 0;
	if (s[at + 2] != ':' || s[at + 5] != ':' || s[at + 8] != ' ')
		return 0;
	return at + 8;
}

/* Length of an RFC 3339 stamp at s, or 0. */
static size_t
rfc3339_length(const char *s, size_t n)
{
	const char *blank;

	if (n < 21 || s[4] != '-' || s[7] != '-' || s[10] != 'T' ||
	    s[13] != ':' || s[16] != ':')
		return 0;
	/* the longest has a fraction of nine digits and a zone */
	blank = memchr(s + 19, ' ', n - 19 < 18 ? n - 19 : 18);
	return blank == NULL ? 0 : (size_t)(blank - s);
}

static const struct {
	enum line_form form;
	size_t (*length)(const char *s, size_t n);
} forms[] = {
    {LINE_RFC3164, rfc3164_length},
    {LINE_RFC3339, rfc3339_length},
};

/* Reads "tag[pid]: " or "tag: " from at on; returns where the message
 * begins, 0 when it is no tag. */
static size_t
parse_tag(const char *s, size_t at, size_t n, struct line *out)
{
	size_t start = at;
	int64_t pid = 0;

	while (at < n && s[at] != '[' && s[at] != ':' && s[at] != ' ')
		at++;
	if (at == start || at == n)
		return 0;
	out->program = (struct text){.at = s + start, .n = at - start};
	out->pid = EVENT_NO_PID;
	if (s[at] == '[') {
		size_t first = ++at;

		for (; at < n && is_digit(s[at]) && at - first < 10; at++)
			pid = pid * 10 + (s[at] - '0');
		if (at == first || at == n || s[at] != ']')
			return 0;
		at++;
		out->pid = pid;
	}
	if (at == n || s[at] != ':')
		return 0;
	at++;
	if (at < n && s[at] == ' ')
		at++;
	return at;
}

bool
line_parse(struct text line, struct line *out)
{
	const char *s = line.at;
	size_t n = line.n, at = 0, host;

	if (n < 16)
		return false;
	for (size_t i = 0; at == 0 && i < sizeof forms / sizeof forms[0]; i++) {
		at = forms[i].length(s, n);
		out->form = forms[i].form;
	}
	if (at == 0)
		return false;
	out->stamp = (struct text){.at = s, .n = at};
	host = ++at;
	while (at < n && s[at] != ' ')
		at++;
	if (at == host || at == n)
		return false;
	out->host = (struct text){.at = s + host, .n = at - host};
	at = parse_tag(s, at + 1, n, out);
	if (at == 0)
		return false;
	out->message = (struct text){.at = s + at, .n = n - at};
	return true;
}
