/* Sendmail's relays; see client_sendmail.h. */
#include "agent/client_sendmail.h"

#include <string.h>

#include "agent/client.h"
#include "agent/client_inside.h"
#include "agent/field.h"

static const char may_be_forged[] = " (may be forged)";
enum { MAY_BE_FORGED = sizeof may_be_forged - 1 };

size_t
client_sendmail(struct text message, size_t from, size_t limit, struct match *m)
{
	size_t at = client_skip_name(message, from, limit, m);

	if (at == FIELD_NOWHERE || at == limit || message.at[at] != '[')
		return FIELD_NOWHERE;
	at = client_read_address(message, at, limit, &m->source);
	if (at != FIELD_NOWHERE && limit - at >= MAY_BE_FORGED &&
	    memcmp(message.at + at, may_be_forged, MAY_BE_FORGED) == 0)
		at += MAY_BE_FORGED;
	return at;
}

size_t
client_sendmail_back(
    struct text message, size_t from, size_t to, struct match *m)
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
	    !client_is_name(s[at - 2]))
		return at;
	for (name = at - 1; name > from && client_is_name(s[name - 1]); name--)
		continue;
	client_keep_name((struct text){.at = s + name, .n = at - 1 - name}, m);
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

		while (end < to && (client_is_digit(s[end]) || s[end] == '.'))
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
	       client_sendmail(message, relay, codes, m) == codes;
}

bool
client_sendmail_twice(
    struct text message, size_t from, size_t to, struct match *m)
{
	const char *s = message.at;
	size_t readings = 0;
	bool found = false;

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
