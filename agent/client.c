/* Clients as daemons write them; see client.h.  The facts are checked in
 * the sources of Postfix (smtpd.h SMTPD_BUILD_NAMADDRPORT), Exim
 * (host_and_ident), sendmail (CurHostName, anynet_ntoa) and Dovecot
 * (login_log_format_elements, auth_request_get_log_prefix). */
#include "agent/client.h"

#include <string.h>

#include "agent/client_dovecot.h"
#include "agent/client_exim.h"
#include "agent/client_inside.h"
#include "agent/client_sendmail.h"
#include "agent/field.h"

bool
client_read_port(struct text digits, uint16_t *out)
{
	unsigned v = 0;

	if (digits.n == 0 || digits.n > 5)
		return false;
	for (size_t i = 0; i < digits.n; i++) {
		if (!client_is_digit(digits.at[i]))
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

/* "[192.0.2.1]" or "192.0.2.1", which most are, and where it ends; 0 when it
 * is another. */
static size_t
read_dotted(const char *s, size_t from, size_t limit, struct addr *out)
{
	struct addr found;
	size_t end, n;
	bool brackets;

	if (limit - from < 1 + ADDR_DOTTED_READ)
		return 0;
	brackets = s[from] == '[';
	n = addr_read_dotted(s + from + brackets, &found);
	end = from + brackets + n;
	if (n == 0 ||
	    (brackets ? s[end] != ']' : client_is_address(s[end])))
		return 0;
	*out = found;
	return end + brackets;
}

size_t
client_read_address(
    struct text message, size_t from, size_t limit, struct addr *out)
{
	const char *s = message.at;
	size_t at = read_dotted(s, from, limit, out);

	if (at != 0)
		return at;
	at = from;

	if (at < limit && s[at] == '[') {
		for (at++; at < limit && client_is_address(s[at]); at++)
			continue;
		if (at == limit || s[at] != ']' || !parse(s, from + 1, at, out))
			return FIELD_NOWHERE;
		return at + 1;
	}
	while (at < limit && client_is_address(s[at]))
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
	while (at > from && client_is_address(s[at - 1]))
		at--;
	if (!parse(s, at, to - brackets, out))
		return FIELD_NOWHERE;
	if (!brackets)
		return at;
	return at > from && s[at - 1] == '[' ? at - 1 : FIELD_NOWHERE;
}

void
client_keep_name(struct text name, struct match *m)
{
	if (name.n > 0 && !text_is(name, "unknown"))
		m->ptr = name;
}

size_t
client_skip_digits(const char *s, size_t at, size_t limit, uint16_t *out)
{
	size_t first = at + 1, end = first;

	while (end < limit && client_is_digit(s[end]))
		end++;
	/* "name[address]: text" has a colon too */
	if (end == first)
		return at;
	return client_read_port(
		   (struct text){.at = s + first, .n = end - first}, out)
	           ? end
	           : FIELD_NOWHERE;
}

size_t
client_skip_port_back(const char *s, size_t from, size_t to, uint16_t *out)
{
	size_t at = to;

	while (at > from && client_is_digit(s[at - 1]))
		at--;
	if (at == to)
		return to;
	if (at - from < 2 || s[at - 1] != ':' || s[at - 2] != ']' ||
	    !client_read_port((struct text){.at = s + at, .n = to - at}, out))
		return FIELD_NOWHERE;
	return at - 1;
}

size_t
client_skip_name(
    struct text message, size_t from, size_t limit, struct match *m)
{
	const char *s = message.at;
	size_t at = client_name_end(s, from, limit);

	if (at == from)
		return from;
	if (at == limit || s[at] != ' ')
		return FIELD_NOWHERE;
	client_keep_name((struct text){.at = s + from, .n = at - from}, m);
	return at + 1;
}

static size_t
read_postfix(struct text message, size_t from, size_t limit, struct match *m)
{
	const char *s = message.at;
	size_t at = client_name_end(s, from, limit);

	if (at == from || at == limit || s[at] != '[')
		return FIELD_NOWHERE;
	client_keep_name((struct text){.at = s + from, .n = at - from}, m);
	at = client_read_address(message, at, limit, &m->source);
	if (at == FIELD_NOWHERE)
		return at;
	return client_skip_port(s, at, limit, &m->source_port);
}

static size_t
read_postfix_back(struct text message, size_t from, size_t to, struct match *m)
{
	const char *s = message.at;
	size_t at, name;

	at = client_skip_port_back(s, from, to, &m->source_port);
	if (at == FIELD_NOWHERE || at == from || s[at - 1] != ']')
		return FIELD_NOWHERE;
	name = at = client_read_address_back(message, from, at, &m->source);
	if (at == FIELD_NOWHERE)
		return at;
	while (at > from && client_is_name(s[at - 1]))
		at--;
	if (at == name)
		return FIELD_NOWHERE;
	client_keep_name((struct text){.at = s + at, .n = name - at}, m);
	return at;
}

size_t
client_read(enum client_form form, struct text message, size_t from,
    size_t limit, struct match *m)
{
	switch (form) {
	case CLIENT_POSTFIX:
		return read_postfix(message, from, limit, m);
	case CLIENT_EXIM:
		return client_exim(message, from, limit, m);
	case CLIENT_SENDMAIL:
		return client_sendmail(message, from, limit, m);
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
		return client_sendmail_back(message, from, to, m);
	case CLIENT_DOVECOT:
		return client_dovecot_back(message, from, to, m);
	case CLIENT_DOVECOT_AUTH:
		return client_dovecot_auth_back(message, from, to, m);
	case CLIENT_EXIM:
		return client_exim_back(message, from, to, m);
	case CLIENT_NONE:
		break;
	}
	return FIELD_NOWHERE;
}

bool
client_read_twice(enum client_form form, struct text message, size_t from,
    size_t to, struct match *m)
{
	return form == CLIENT_SENDMAIL &&
	       client_sendmail_twice(message, from, to, m);
}
