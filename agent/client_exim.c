/* Exim's clients; see client_exim.h. */
#include "agent/client_exim.h"

#include <string.h>

#include "agent/client.h"
#include "agent/client_inside.h"
#include "agent/field.h"

static size_t
skip_word(const char *s, size_t at, size_t limit, const char *key)
{
	size_t n = strlen(key);

	if (limit - at < n || memcmp(s + at, key, n) != 0)
		return at;
	for (at += n; at < limit && s[at] > ' '; at++)
		continue;
	return at;
}

/* The words of a connection with TLS.  The name (SNI) is the client's, but
 * Exim writes its blanks as octal numbers. */
static size_t
skip_tls(const char *s, size_t at, size_t limit)
{
	at = skip_word(s, at, limit, " X=");
	at = skip_word(s, at, limit, " CV=");
	return skip_word(s, at, limit, " SNI=");
}

/* " Ci=number": its length, 0 if it is not there. */
static size_t
skip_connection(const char *s, size_t left)
{
	size_t n = 4;

	if (left < n || memcmp(s, " Ci=", n) != 0)
		return 0;
	while (n < left && client_is_digit(s[n]))
		n++;
	return n;
}

/* " I=[local]:port", if it is there. */
static size_t
read_local(struct text message, size_t at, size_t limit, struct match *m)
{
	const char *s = message.at;

	if (limit - at < 4 || memcmp(s + at, " I=[", 4) != 0)
		return at;
	at = client_read_address(message, at + 3, limit, &m->local);
	return at == FIELD_NOWHERE
	           ? at
	           : client_skip_port(s, at, limit, &m->local_port);
}

size_t
client_exim(struct text message, size_t from, size_t limit, struct match *m)
{
	const char *s = message.at;
	size_t at = client_skip_name(message, from, limit, m);

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
	at = client_skip_port(s, at, limit, &m->source_port);
	if (at == FIELD_NOWHERE)
		return at;
	at = read_local(message, at, limit, m);
	if (at == FIELD_NOWHERE)
		return at;
	at += skip_connection(s + at, limit - at);
	return skip_tls(s, at, limit);
}

/* " Ci=number" that ends at to, if it is there. */
static size_t
skip_connection_back(const char *s, size_t from, size_t to)
{
	size_t at = to;

	while (at > from && client_is_digit(s[at - 1]))
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
	size_t at = client_skip_port_back(s, from, to, &port);

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
	for (name = at - 1; name > from && client_is_name(s[name - 1]); name--)
		continue;
	if (name == at - 1)
		return at;
	client_keep_name((struct text){.at = s + name, .n = at - 1 - name}, m);
	return name;
}

/* The last bracket but ours is the client's, whatever a client wrote to the
 * left of it. */
size_t
client_exim_back(struct text message, size_t from, size_t to, struct match *m)
{
	const char *s = message.at;
	size_t at = skip_connection_back(s, from, to);

	at = read_local_back(message, from, at, m);
	if (at == FIELD_NOWHERE)
		return at;
	at = client_skip_port_back(s, from, at, &m->source_port);
	if (at == FIELD_NOWHERE || at == from || s[at - 1] != ']')
		return FIELD_NOWHERE;
	at = client_read_address_back(message, from, at, &m->source);
	return at == FIELD_NOWHERE ? at : read_names_back(s, from, at, m);
}
