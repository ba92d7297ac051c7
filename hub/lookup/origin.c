/* Who announces an address; see origin.h. */
#include "hub/lookup/origin.h"

#include <string.h>

#include "hub/lookup/ask.h"
#include "proto/base/addr.h"

enum { ASN_DIGITS = 10 };

/* The next field of a text, without the blanks around it. */
static struct text
field(struct text *rest)
{
	const char *bar = memchr(rest->at, '|', rest->n);
	struct text t = *rest;

	if (bar != NULL)
		t.n = (size_t)(bar - t.at);
	rest->at += bar == NULL ? t.n : t.n + 1;
	rest->n -= bar == NULL ? t.n : t.n + 1;
	return text_trim(t, " ");
}

/* The first number of a list separated by blanks. */
static bool
asn_parse(struct text t, uint32_t *out)
{
	uint64_t v = 0;
	size_t i = 0;

	for (; i < t.n && t.at[i] >= '0' && t.at[i] <= '9'; i++) {
		if (i == ASN_DIGITS)
			return false;
		v = v * 10 + (uint64_t)(t.at[i] - '0');
	}
	*out = (uint32_t)v;
	return i > 0 && v <= UINT32_MAX && (i == t.n || t.at[i] == ' ');
}

static bool
route_parse(struct text t, const struct addr *address, struct prefix *out)
{
	char s[ADDR_TEXT_BYTES];
	const char *why;

	if (t.n >= sizeof s || memchr(t.at, '\0', t.n) != NULL)
		return false;
	memcpy(s, t.at, t.n);
	s[t.n] = '\0';
	return prefix_parse(s, out, &why) && prefix_holds(out, address);
}

static void
country_parse(struct text t, char out[3])
{
	memset(out, 0, 3);
	if (t.n == 2 && t.at[0] >= 'A' && t.at[0] <= 'Z' && t.at[1] >= 'A' &&
	    t.at[1] <= 'Z')
		memcpy(out, t.at, 2);
}

void
origin_read(const struct text *texts, size_t n, const struct addr *address,
    struct ask_origin *out)
{
	*out = (struct ask_origin){0};
	for (size_t i = 0; i < n; i++) {
		struct text rest = texts[i];
		struct ask_origin one = {.known = true};

		if (rest.n == 0 || !asn_parse(field(&rest), &one.asn) ||
		    rest.n == 0 ||
		    !route_parse(field(&rest), address, &one.route))
			continue;
		if (rest.n > 0)
			country_parse(field(&rest), one.country);
		if (!out->known || one.route.bits > out->route.bits)
			*out = one;
	}
}
