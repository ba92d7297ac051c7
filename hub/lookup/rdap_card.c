/* Mail in contact cards; see rdap_card.h. */
#include "hub/lookup/rdap_card.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/base/arena.h"

enum {
	PREF_NONE = 101, /* behind 1..100 */
	SAID_BYTES = 1000,
	RANK_STEP = 1000, /* more than there are of the next rank */
};

/* One email property. */
struct candidate {
	const char *text;
	int rank; /* smaller is better */
};

/* RFC 6350 5.3: 1..100, 1 the most preferred; as text or as number. */
static int
pref_of(const json_t *parameters)
{
	const json_t *v = json_object_get(parameters, "pref");
	const char *s = json_string_value(v);
	json_int_t n = json_integer_value(v);

	if (s != NULL && s[0] != '\0' && strlen(s) <= 3 &&
	    s[strspn(s, "0123456789")] == '\0')
		n = atoi(s);
	return n >= 1 && n < PREF_NONE ? (int)n : PREF_NONE;
}

static bool
is_word(const json_t *v, const char *word)
{
	const char *s = json_string_value(v);

	return s != NULL && strcasecmp(s, word) == 0;
}

/* RIPE marks the mail that is meant; several types may stand in a list. */
static bool
is_for_abuse(const json_t *parameters)
{
	const json_t *type = json_object_get(parameters, "type"), *v;
	size_t i;

	json_array_foreach(type, i, v)
		if (is_word(v, "abuse"))
			return true;
	return is_word(type, "abuse");
}

/* [name, {parameters}, type, value]; NULL when it is no email. */
static const char *
email_of(const json_t *property)
{
	if (json_array_size(property) != 4 ||
	    !is_word(json_array_get(property, 0), "email") ||
	    !json_is_object(json_array_get(property, 1)) ||
	    !is_word(json_array_get(property, 2), "text"))
		return NULL;
	return json_string_value(json_array_get(property, 3));
}

static int
by_rank(const void *one, const void *two)
{
	const struct candidate *a = one, *b = two;

	return (a->rank > b->rank) - (a->rank < b->rank);
}

static size_t
candidates(const json_t *card, struct candidate *out)
{
	const json_t *properties = json_array_get(card, 1), *p;
	size_t i, n = 0;

	if (!is_word(json_array_get(card, 0), "vcard"))
		return 0;
	json_array_foreach(properties, i, p) {
		const json_t *parameters = json_array_get(p, 1);
		const char *s = email_of(p);
		int place = (int)n;

		if (s == NULL || n == RDAP_CARD_MAILS_MOST)
			continue;
		if (!is_for_abuse(parameters))
			place += PREF_NONE * RANK_STEP;
		out[n++] = (struct candidate){s,
		    place + pref_of(parameters) * RANK_STEP};
	}
	/* ranks hold the place, so no two are equal */
	qsort(out, n, sizeof *out, by_rank);
	return n;
}

static void
say(struct arena *a, struct rdap_mail *out, const char *s)
{
	if (out->said == NULL)
		out->said = arena_alloc(a, SAID_BYTES);
	else
		out->said_n += text_neuter(out->said + out->said_n,
		    SAID_BYTES - out->said_n, " | ", 3);
	out->said_n += text_neuter(out->said + out->said_n,
	    SAID_BYTES - out->said_n, s, strlen(s));
}

/* Words that registrars put where a mailbox was; never part of one, since
 * there is a blank or no @. */
static bool
is_withheld(const char *s)
{
	static const char *const words[] = {"redacted", "not disclosed",
	    "please query", "withheld", "not available", "private"};

	if (strchr(s, '@') != NULL && strchr(s, ' ') == NULL)
		return false;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcasestr(s, words[i]) != NULL)
			return true;
	return false;
}

static const char *
wrong(const char *s)
{
	if (s[strspn(s, " \t\r\n")] == '\0')
		return "mail is empty";
	if (is_withheld(s))
		return "mail is redacted";
	if (strpbrk(s, ",;") != NULL)
		return "mail is a list";
	return NULL;
}

void
rdap_card_take(struct arena *a, const struct json_t *card,
    struct rdap_mail *out)
{
	struct candidate c[RDAP_CARD_MAILS_MOST];
	size_t n = candidates(card, c);

	out->entities++;
	for (size_t i = 0; i < n; i++) {
		const char *why = wrong(c[i].text);
		struct text t = text_of(c[i].text);
		bool again = false;

		for (size_t k = 0; k < out->n; k++)
			again = again || text_equal(out->at[k], t);
		if (again)
			continue;
		say(a, out, c[i].text);
		if (why != NULL && out->why == NULL)
			out->why = why;
		if (why == NULL && out->n < RDAP_CARD_MAILS_MOST)
			out->at[out->n++] = (struct text){
			    arena_copy(a, t.at, t.n), t.n};
	}
}
