/* Clients as daemons write them; see client.h.  The facts are checked in
 * the sources of Postfix (smtpd.h SMTPD_BUILD_NAMADDRPORT), Exim
 * (host_and_ident), sendmail (CurHostName, anynet_ntoa) and Dovecot
 * (login_log_format_elements, auth_request_get_log_prefix). */
#include "agent/client.h"

#include <string.h>

#include "agent/client_dovecot.h"
#include "agent/field.h"

static bool
is_name(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '_';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Bytes of an address, with "IPv6:" before and "%zone" behind. */
static bool
is_address(char c)
{
	return is_name(c) || c == ':' || c == '%';
}

bool
client_read_port(struct text digits, uint16_t *out)
{
	unsigned v = 0;

	if (digits.n == 0 || digits.n > 5)
		return false;
	for (size_t i = 0; i < digits.n; i++) {
		if (!is_digit(digits.at[i]))
			return false;
		v = v * 10 + (unsigned)(digits.at[i] - '0');
	}
	if (v == 0 || v > 65535)
		return false;
	*out = (uint16_t)v;
	return true;
}

static bool
parse(const char *s, size_t from, size_t to, struct addr *out)
{
	return to > from &&
	       addr_parse((struct text){.at = s + from, .n = to - from}, out);
}

size_t
client_read_address(
    struct text message, size_t from, size_t limit, struct addr *out)
{
	const char *s = message.at;
	size_t at = from;

	if (at < limit && s[at] == '[') {
		for (at++; at < limit && is_address(s[at]); at++)
			continue;
		if (at == limit || s[at] != ']' || !parse(s, from + 1, at, out))
			return FIELD_NOWHERE;
		return at + 1;
	}
	while (at < limit && is_address(s[at]))
		at++;
	if (parse(s, from, at, out))
		return at;
	/* a colon or full stop behind it belongs to the sentence */
	if (at > from && (s[at - 1] == ':' || s[at - 1] == '.') &&
	    parse(s, from, at - 1, out))
		return at - 1;
	return FIELD_NOWHERE;
}

size_t
client_read_address_back(
    struct text message, size_t from, size_t to, struct addr *out)
{
	const char *s = message.at;
	size_t at = to;
	bool brackets = to > from && s[to - 1] == ']';

	at -= brackets;
	while (at > from && is_address(s[at - 1]))
		at--;
	if (!parse(s, at, to - brackets, out))
		return FIELD_NOWHERE;
	if (!brackets)
		return at;
	return at > from && s[at - 1] == '[' ? at - 1 : FIELD_NOWHERE;
}

static void
keep_name(struct text name, struct match *m)
{
	if (name.n > 0 && !text_is(name, "unknown"))
		m->ptr = name;
}

/* ":port" at at, if it is there. */
static size_t
read_port(const char *s, size_t at, size_t limit, uint16_t *out)
{
	size_t first = at + 1, end = first;

	if (at == limit || s[at] != ':')
		return at;
	while (end < limit && is_digit(s[end]))
		end++;
	/* "name[address]: text" has a colon too */
	if (end == first)
		return at;
	return client_read_port(
		   (struct text){.at = s + first, .n = end - first}, out)
	           ? end
	           : FIELD_NOWHERE;
}

static size_t
read_postfix(struct text message, size_t from, size_t limit, struct match *m)
{
	const char *s = message.at;
	size_t at = from;

	while (at < limit && is_name(s[at]))
		at++;
	if (at == from || at == limit || s[at] != '[')
		return FIELD_NOWHERE;
	keep_name((struct text){.at = s + from, .n = at - from}, m);
	at = client_read_address(message, at, limit, &m->source);
	if (at == FIELD_NOWHERE)
		return at;
	return read_port(s, at, limit, &m->source_port);
}

static size_t
read_postfix_back(struct text message, size_t from, size_t to, struct match *m)
{
	const char *s = message.at;
	size_t at = to, name;

	while (at > from && is_digit(s[at - 1]))
		at--;
	if (at != to) {
		if (at - from < 2 || s[at - 1] != ':' || s[at - 2] != ']' ||
		    !client_read_port((struct text){.at = s + at, .n = to - at},
			&m->source_port))
			return FIELD_NOWHERE;
		at--;
	}
	if (at == from || s[at - 1] != ']')
		return FIELD_NOWHERE;
	name = at = client_read_address_back(message, from, at, &m->source);
	if (at == FIELD_NOWHERE)
		return at;
	while (at > from && is_name(s[at - 1]))
		at--;
	if (at == name)
		return FIELD_NOWHERE;
	keep_name((struct text){.at = s + at, .n = name - at}, m);
	return at;
}

/* "name " in front of a bracket, if it is there. */
static size_t
read_name(struct text message, size_t from, size_t limit, struct match *m)
{
	const char *s = message.at;
	size_t at = from;

	while (at < limit && is_name(s[at]))
		at++;
	if (at == from)
		return from;
	if (at == limit || s[at] != ' ')
		return FIELD_NOWHERE;
	keep_name((struct text){.at = s + from, .n = at - from}, m);
	return at + 1;
}

/* " Ci=number", if it is there. */
static size_t
skip_connection(const char *s, size_t at, size_t limit)
{
	size_t end = at + 4;

	if (limit - at < 4 || memcmp(s + at, " Ci=", 4) != 0)
		return at;
	while (end < limit && is_digit(s[end]))
		end++;
	return end;
}

static size_t
read_exim(struct text message, size_t from, size_t limit, struct match *m)
{
	const char *s = message.at;
	size_t at = read_name(message, from, limit, m), end;

	if (at == FIELD_NOWHERE)
		return at;
	if (at < limit && s[at] == '(') {
		/* the HELO name; Exim lets no blank or ")" into it */
		at = field_read(
		    FIELD_HELO, CLIENT_NONE, message, at + 1, limit, ')', m);
		if (at == FIELD_NOWHERE || limit - at < 2 || s[at] != ')' ||
		    s[at + 1] != ' ')
			return FIELD_NOWHERE;
		at += 2;
	}
	if (at == limit || s[at] != '[')
		return FIELD_NOWHERE;
	at = client_read_address(message, at, limit, &m->source);
	if (at == FIELD_NOWHERE)
		return at;
	at = read_port(s, at, limit, &m->source_port);
	if (at == FIELD_NOWHERE || limit - at < 4 ||
	    memcmp(s + at, " I=[", 4) != 0)
		return at;
	end = client_read_address(message, at + 3, limit, &m->local);
	if (end == FIELD_NOWHERE)
		return end;
	end = read_port(s, end, limit, &m->local_port);
	return end == FIELD_NOWHERE ? end : skip_connection(s, end, limit);
}

/* ":port" that ends at to, if it is there behind a bracket. */
static size_t
read_port_back(const char *s, size_t from, size_t to, uint16_t *out)
{
	size_t at = to;

	while (at > from && is_digit(s[at - 1]))
		at--;
	if (at == to)
		return to;
	if (at - from < 2 || s[at - 1] != ':' || s[at - 2] != ']' ||
	    !client_read_port((struct text){.at = s + at, .n = to - at}, out))
		return FIELD_NOWHERE;
	return at - 1;
}

/* " Ci=number" that ends at to, if it is there. */
static size_t
skip_connection_back(const char *s, size_t from, size_t to)
{
	size_t at = to;

	while (at > from && is_digit(s[at - 1]))
		at--;
	return at < to && at - from >= 4 && memcmp(s + at - 4, " Ci=", 4) == 0
	           ? at - 4
	           : to;
}

/* " I=[local]:port" that ends at to, if it is there: its address and port
 * are ours. */
static size_t
read_local_back(struct text message, size_t from, size_t to, struct match *m)
{
	const char *s = message.at;
	struct addr local = {0};
	uint16_t port = 0;
	size_t at = read_port_back(s, from, to, &port);

	if (at == FIELD_NOWHERE || at == from || s[at - 1] != ']')
		return FIELD_NOWHERE;
	at = client_read_address_back(message, from, at, &local);
	if (at == FIELD_NOWHERE || at - from < 3 ||
	    memcmp(s + at - 3, " I=", 3) != 0)
		return to;
	m->local = local;
	m->local_port = port;
	return at - 3;
}

/* "name " or "name (helo) " that ends at to, or nothing. */
static size_t
read_names_back(const char *s, size_t from, size_t to, struct match *m)
{
	size_t at = to, name;

	if (at - from < 2 || s[at - 1] != ' ')
		return at;
	if (s[at - 2] == ')') {
		for (at -= 2; at > from && s[at - 1] != '('; at--)
			continue;
		if (at == from)
			return FIELD_NOWHERE;
		at--;
		if (at == from || s[at - 1] != ' ')
			return at;
	}
	for (name = at - 1; name > from && is_name(s[name - 1]); name--)
		continue;
	if (name == at - 1)
		return at;
	keep_name((struct text){.at = s + name, .n = at - 1 - name}, m);
	return name;
}

/* The last bracket but ours is the client's, whatever a client wrote to the
 * left of it. */
static size_t
read_exim_back(struct text message, size_t from, size_t to, struct match *m)
{
	const char *s = message.at;
	size_t at = skip_connection_back(s, from, to);

	at = read_local_back(message, from, at, m);
	if (at == FIELD_NOWHERE)
		return at;
	at = read_port_back(s, from, at, &m->source_port);
	if (at == FIELD_NOWHERE || at == from || s[at - 1] != ']')
		return FIELD_NOWHERE;
	at = client_read_address_back(message, from, at, &m->source);
	return at == FIELD_NOWHERE ? at : read_names_back(s, from, at, m);
}

static const char may_be_forged[] = " (may be forged)";
enum { MAY_BE_FORGED = sizeof may_be_forged - 1 };

static size_t
read_sendmail(struct text message, size_t from, size_t limit, struct match *m)
{
	size_t at = read_name(message, from, limit, m);

	if (at == FIELD_NOWHERE || at == limit || message.at[at] != '[')
		return FIELD_NOWHERE;
	at = client_read_address(message, at, limit, &m->source);
	if (at != FIELD_NOWHERE && limit - at >= MAY_BE_FORGED &&
	    memcmp(message.at + at, may_be_forged, MAY_BE_FORGED) == 0)
		at += MAY_BE_FORGED;
	return at;
}

static size_t
read_sendmail_back(struct text message, size_t from, size_t to, struct match *m)
{
	const char *s = message.at;
	size_t at = to, name;

	if (to - from > MAY_BE_FORGED &&
	    memcmp(s + to - MAY_BE_FORGED, may_be_forged, MAY_BE_FORGED) == 0)
		at -= MAY_BE_FORGED;
	if (at == from || s[at - 1] != ']')
		return FIELD_NOWHERE;
	at = client_read_address_back(message, from, at, &m->source);
	if (at == FIELD_NOWHERE || at - from < 2 || s[at - 1] != ' ' ||
	    !is_name(s[at - 2]))
		return at;
	for (name = at - 1; name > from && is_name(s[name - 1]); name--)
		continue;
	keep_name((struct text){.at = s + name, .n = at - 1 - name}, m);
	return name;
}

static const char behind_twice[] = ", reject=", before_twice[] = ", relay=";
enum {
	BEHIND_TWICE = sizeof behind_twice - 1,
	BEFORE_TWICE = sizeof before_twice - 1,
	MOST_READINGS = 32,
};

/* "550 5.7.1 ", or "550 "; where it ends. */
static size_t
skip_codes(const char *s, size_t at, size_t to)
{
	for (int i = 0; i < 2; i++) {
		size_t end = at;

		while (end < to && (is_digit(s[end]) || s[end] == '.'))
			end++;
		if (end == at || end == to || s[end] != ' ')
			return i == 0 ? FIELD_NOWHERE : at;
		at = end + 1;
	}
	return at;
}

/* The one reading in which the codes end at second. */
static bool
read_twice_at(struct text message, size_t from, size_t codes, size_t second,
    size_t to, struct match *m)
{
	const char *s = message.at;
	size_t n = to - second, relay = from + n + BEFORE_TWICE;

	return relay < codes && memcmp(s + from, s + second, n) == 0 &&
	       memcmp(s + from + n, before_twice, BEFORE_TWICE) == 0 &&
	       read_sendmail(message, relay, codes, m) == codes;
}

bool
client_read_twice(enum client_form form, struct text message, size_t from,
    size_t to, struct match *m)
{
	const char *s = message.at;
	size_t readings = 0;
	bool found = false;

	if (form != CLIENT_SENDMAIL)
		return false;
	for (size_t at = from;; at++) {
		const char *next =
		    memmem(s + at, to - at, behind_twice, BEHIND_TWICE);
		struct match one = *m;
		size_t second;

		if (next == NULL)
			return found;
		at = (size_t)(next - s);
		second = skip_codes(s, at + BEHIND_TWICE, to);
		if (++readings > MOST_READINGS)
			return false;
		if (second == FIELD_NOWHERE ||
		    !read_twice_at(message, from, at, second, to, &one))
			continue;
		if (found)
			return false;
		found = true;
		*m = one;
	}
}

bool
client_reads_forward(enum client_form form)
{
	return form != CLIENT_DOVECOT && form != CLIENT_DOVECOT_AUTH;
}

size_t
client_read(enum client_form form, struct text message, size_t from,
    size_t limit, struct match *m)
{
	switch (form) {
	case CLIENT_POSTFIX:
		return read_postfix(message, from, limit, m);
	case CLIENT_EXIM:
		return read_exim(message, from, limit, m);
	case CLIENT_SENDMAIL:
		return read_sendmail(message, from, limit, m);
	case CLIENT_DOVECOT: /* template_compile wants these in the tail */
	case CLIENT_DOVECOT_AUTH:
	case CLIENT_NONE:
		break;
	}
	return FIELD_NOWHERE;
}

size_t
client_read_back(enum client_form form, struct text message, size_t from,
    size_t to, struct match *m)
{
	switch (form) {
	case CLIENT_POSTFIX:
		return read_postfix_back(message, from, to, m);
	case CLIENT_SENDMAIL:
		return read_sendmail_back(message, from, to, m);
	case CLIENT_DOVECOT:
		return client_dovecot_back(message, from, to, m);
	case CLIENT_DOVECOT_AUTH:
		return client_dovecot_auth_back(message, from, to, m);
	case CLIENT_EXIM:
		return read_exim_back(message, from, to, m);
	case CLIENT_NONE:
		break;
	}
	return FIELD_NOWHERE;
}
