/* Clients as Dovecot writes them; see client_dovecot.h.  The facts are checked
 * in its source (login_log_format_elements, auth_request_get_log_prefix). */
#include "agent/client_dovecot.h"

#include <stdbool.h>
#include <string.h>

#include "agent/client.h"
#include "agent/field.h"
#include "agent/search.h"
#include "agent/signs.h"

/* What Dovecot's login processes say behind the addresses: ", TLS: why",
 * ", session=<...>".  An element that is not known could be one that an
 * administrator added and a client writes. */
static bool
is_behind_addresses(struct text rest, struct text *session)
{
	static const struct text known[] = {TEXT_INIT(", session=<"),
	    TEXT_INIT(", TLS"), TEXT_INIT(", secured"), TEXT_INIT(", mpid="),
	    TEXT_INIT(", lport="), TEXT_INIT(", rport=")};
	enum { COUNT = sizeof known / sizeof known[0], SIGN = 2 };
	size_t head = known[0].n;

	while (rest.n > 0) {
		const char *comma;
		size_t i = 0;

		/* their third bytes are most of what differs */
		while (i < COUNT &&
		       (rest.n < known[i].n ||
			   rest.at[SIGN] != known[i].at[SIGN] ||
			   !signs_same(rest.at, known[i].at, known[i].n)))
			i++;
		if (i == COUNT)
			return false;
		comma = search(
		    (struct text){.at = rest.at + 2, .n = rest.n - 2},
		    TEXT(", "));
		if (i == 0 && comma == NULL && rest.at[rest.n - 1] == '>')
			*session = (struct text){
			    .at = rest.at + head, .n = rest.n - head - 1};
		if (comma == NULL)
			return true;
		rest.n -= (size_t)(comma - rest.at);
		rest.at = comma;
	}
	return true;
}

size_t
client_dovecot_back(
    struct text message, size_t from, size_t to, struct match *m)
{
	static const struct text rip = TEXT_INIT(" rip=");
	static const struct text lip = TEXT_INIT(", lip=");
	const char *s = message.at, *found;
	size_t start, at;

	found = search_last(
	    (struct text){.at = s + from, .n = to - from}, rip);
	if (found == NULL)
		return FIELD_NOWHERE;
	start = (size_t)(found - s);
	at = client_read_address(message, start + rip.n, to, &m->source);
	if (at == FIELD_NOWHERE)
		return at;
	if (to - at > lip.n && signs_same(s + at, lip.at, lip.n)) {
		at = client_read_address(message, at + lip.n, to, &m->local);
		if (at == FIELD_NOWHERE)
			return at;
	}
	return is_behind_addresses((struct text){.at = s + at, .n = to - at},
		   &m->session)
	           ? start + 1
	           : FIELD_NOWHERE;
}

size_t
client_dovecot_auth_back(
    struct text message, size_t from, size_t to, struct match *m)
{
	const char *s = message.at;
	size_t at = to;

	if (at > from && s[at - 1] == '>') {
		while (at > from && s[at - 1] != '<')
			at--;
		if (at == from)
			return FIELD_NOWHERE;
		m->session = (struct text){.at = s + at, .n = to - 1 - at};
		at--;
		if (at == from || s[at - 1] != ',')
			return FIELD_NOWHERE;
	}
	if (at > from && s[at - 1] == ',')
		at--;
	return client_read_address_back(message, from, at, &m->source);
}
