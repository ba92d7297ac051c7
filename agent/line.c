/* Headers of log lines; see line.h. */
#include <string.h>

#include "agent/line_inside.h"
#include "proto/event.h"

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* What a host name in a header may hold: a name, an address, and the chains
 * of relaying loggers.  Without brackets, so that a daemon's own prefix with
 * a client's text in it is never taken for a host. */
static const bool host_signs[256] = {
    ['-'] = true, ['.'] = true, ['/'] = true, [':'] = true, ['@'] = true,
    ['_'] = true, ['%'] = true,
    ['0'] = true, ['1'] = true, ['2'] = true, ['3'] = true, ['4'] = true,
    ['5'] = true, ['6'] = true, ['7'] = true, ['8'] = true, ['9'] = true,
    ['A'] = true, ['B'] = true, ['C'] = true, ['D'] = true, ['E'] = true,
    ['F'] = true, ['G'] = true, ['H'] = true, ['I'] = true, ['J'] = true,
    ['K'] = true, ['L'] = true, ['M'] = true, ['N'] = true, ['O'] = true,
    ['P'] = true, ['Q'] = true, ['R'] = true, ['S'] = true, ['T'] = true,
    ['U'] = true, ['V'] = true, ['W'] = true, ['X'] = true, ['Y'] = true,
    ['Z'] = true,
    ['a'] = true, ['b'] = true, ['c'] = true, ['d'] = true, ['e'] = true,
    ['f'] = true, ['g'] = true, ['h'] = true, ['i'] = true, ['j'] = true,
    ['k'] = true, ['l'] = true, ['m'] = true, ['n'] = true, ['o'] = true,
    ['p'] = true, ['q'] = true, ['r'] = true, ['s'] = true, ['t'] = true,
    ['u'] = true, ['v'] = true, ['w'] = true, ['x'] = true, ['y'] = true,
    ['z'] = true,
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

/* Reads the host from at on; returns where the tag begins, 0 when it is no
 * host. */
static size_t
parse_host(const char *s, size_t at, size_t n, struct line *out)
{
	size_t start = at;

	while (at < n && host_signs[(unsigned char)s[at]])
		at++;
	if (at == start || at == n || s[at] != ' ' || s[at - 1] == ':')
		return 0;
	out->host = (struct text){.at = s + start, .n = at - start};
	return at + 1;
}

/* "<mail.info> ", which some loggers write behind the stamp. */
static size_t
skip_priority(const char *s, size_t at, size_t n)
{
	const char *end;

	if (at == n || s[at] != '<')
		return at;
	end = memchr(s + at, '>', n - at < 24 ? n - at : 24);
	if (end == NULL || (size_t)(end - s) + 2 > n || end[1] != ' ')
		return at;
	return (size_t)(end - s) + 2;
}

static void
set_message(struct line *out, const char *s, size_t at, size_t n)
{
	out->message = (struct text){.at = s + at, .n = n - at};
}

/* A daemon's own file: no host, and with Exim no tag. */
static bool
parse_own(const char *s, size_t at, size_t n, struct line *out)
{
	struct text rest = {.at = s + at, .n = n - at};
	size_t message;

	out->host = (struct text){0};
	out->pid = EVENT_NO_PID;
	if (line_is_dovecot(rest)) {
		out->message = rest;
		line_take_dovecot(out);
		return true;
	}
	if (out->form == LINE_LOCAL) {
		out->program = TEXT("exim");
		out->message = rest;
		line_take_exim(out);
		return true;
	}
	message = parse_tag(s, at, n, out);
	if (message == 0)
		return false;
	set_message(out, s, message, n);
	line_take_daemon(out);
	return true;
}

/* "HOST exim[PID]: " with Exim's own stamp behind it and none in front, as
 * loggers write that leave out theirs.  Raw header lines in a reject log
 * cannot look so: they begin with a type and a blank, or with a blank. */
bool
line_parse_without_stamp(struct text line, struct line *out)
{
	const char *s = line.at;
	size_t n = line.n, at = parse_host(s, 0, n, out), stamp;

	if (at < 4)
		return false;
	at = parse_tag(s, at, n, out);
	if (at == 0 || out->pid == EVENT_NO_PID ||
	    !text_is(out->program, "exim") || n - at < 21 || !is_digit(s[at]))
		return false;
	stamp = line_stamp_length(s + at, n - at, &out->form);
	if (stamp == 0 || out->form != LINE_LOCAL)
		return false;
	out->stamp = (struct text){.at = s + at, .n = stamp};
	set_message(out, s, at, n);
	line_take_exim(out);
	return true;
}

bool
line_parse_behind(struct text rest, struct line *out)
{
	const char *s = rest.at;
	size_t n = rest.n, at = skip_priority(s, 0, n), tag, message;

	tag = parse_host(s, at, n, out);
	if (tag == 0)
		return parse_own(s, at, n, out);
	message = parse_tag(s, tag, n, out);
	/* in Exim's own file two words of its message look like a header */
	if (out->form == LINE_LOCAL &&
	    (message == 0 || out->pid == EVENT_NO_PID))
		return parse_own(s, at, n, out);
	if (message == 0)
		return false;
	set_message(out, s, message, n);
	line_take_daemon(out);
	return true;
}

bool
line_parse(struct text line, struct line *out)
{
	size_t n;

	if (line.n < 16)
		return false;
	out->piece = 0;
	n = line_stamp_length(line.at, line.n, &out->form);
	if (n == 0)
		return line_parse_rare(line, out);
	out->stamp = (struct text){.at = line.at, .n = n};
	return line_parse_behind(
	    (struct text){.at = line.at + n + 1, .n = line.n - n - 1}, out);
}
