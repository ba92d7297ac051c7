/* Abuse mailboxes; see mailbox.h. */
#include "hub/lookup/mailbox.h"

#include <idn2.h>
#include <string.h>
#include <strings.h>

#include "proto/base/arena.h"

enum { LOCAL_BYTES = 64, DOMAIN_BYTES = 253, LABEL_BYTES = 63 };

/* Domains that no mail server of the world can reach (RFC 6761, 6762, 9476,
 * 3172) or that mean whoever asks. */
static const char *const local_domains[] = {"alt", "arpa", "home", "internal",
    "invalid", "lan", "local", "localdomain", "localhost", "onion"};

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9');
}

/* RFC 5322 atext, without "%" and "!", which once meant routes. */
static bool
is_atext(char c)
{
	return is_alnum(c) ||
	    (c != '\0' && strchr("#$&'*+-/=?^_`{|}~", c) != NULL);
}

static const char *
local_wrong(struct text t)
{
	if (t.n == 0)
		return "nothing before the @";
	if (t.n > LOCAL_BYTES)
		return "local part over 64 bytes";
	if (t.at[0] == '-')
		return "local part begins with a hyphen";
	for (size_t i = 0; i < t.n; i++) {
		bool dot = t.at[i] == '.';

		if (!dot && !is_atext(t.at[i]))
			return "local part is no dot-atom";
		if (dot && (i == 0 || i + 1 == t.n || t.at[i + 1] == '.'))
			return "local part has an empty atom";
	}
	return NULL;
}

static const char *
label_wrong(const char *s, size_t n)
{
	if (n == 0)
		return "domain has an empty label";
	if (n > LABEL_BYTES)
		return "domain has a label over 63 bytes";
	if (s[0] == '-' || s[n - 1] == '-')
		return "domain has a label with a hyphen at its edge";
	for (size_t i = 0; i < n; i++)
		if (!is_alnum(s[i]) && s[i] != '-')
			return "domain has a character that no name has";
	return NULL;
}

/* An ASCII domain: labels of letters, digits and hyphens (RFC 1123 2.1), the
 * last not of digits alone, since that would be an address. */
static const char *
domain_wrong(const char *s)
{
	size_t n = strlen(s);

	if (n == 0)
		return "nothing behind the @";
	if (n > DOMAIN_BYTES)
		return "domain over 253 bytes";
	for (;;) {
		size_t label = strcspn(s, ".");
		const char *why = label_wrong(s, label);

		if (why != NULL)
			return why;
		if (s[label] == '\0')
			break;
		s += label + 1;
	}
	if (strspn(s, "0123456789") == strlen(s))
		return "domain is an address";
	return NULL;
}

static bool
has_a_label(const char *s)
{
	for (; s != NULL; s = strchr(s, '.')) {
		s += *s == '.';
		if (strncmp(s, "xn--", 4) == 0)
			return true;
	}
	return false;
}

/* The domain in lower-case A-labels, or NULL.  Without TR46 mappings: what
 * IDNA 2008 does not allow as it stands is rejected, not made to fit. */
static const char *
domain_ascii(struct arena *a, struct text t)
{
	char *s = arena_copy(a, t.at, t.n);
	uint8_t *out = NULL;
	bool ascii = true;

	for (size_t i = 0; i < t.n; i++)
		ascii = ascii && (unsigned char)s[i] < 0x80;
	text_lower(s);
	if (ascii && !has_a_label(s))
		return s;
	if (idn2_lookup_u8((const uint8_t *)s, &out, IDN2_NO_TR46) != IDN2_OK)
		return NULL;
	s = arena_string(a, (const char *)out);
	idn2_free(out);
	text_lower(s);
	return s;
}

/* Lower case, without the tag behind the first "+" of the local part, nor
 * dots that this leaves at its end. */
static const char *
key_of(struct arena *a, struct text local, const char *domain)
{
	const char *plus = memchr(local.at, '+', local.n);
	char *key;

	if (plus != NULL && plus != local.at)
		local.n = (size_t)(plus - local.at);
	while (local.at[local.n - 1] == '.')
		local.n--;
	key = arena_printf(a, "%.*s@%s", (int)local.n, local.at, domain);
	text_lower(key);
	return key;
}

bool
mailbox_is_within(const struct mailbox *m, const char *domain)
{
	size_t n = strlen(m->domain), want = strlen(domain);

	if (want == 0 || n < want ||
	    strcasecmp(m->domain + n - want, domain) != 0)
		return false;
	return n == want || m->domain[n - want - 1] == '.';
}

static const char *
refusal(const struct mailbox *m)
{
	for (size_t i = 0; i < COUNT(local_domains); i++)
		if (mailbox_is_within(m, local_domains[i]))
			return "mailbox in a domain that is not public";
	if (strchr(m->domain, '.') == NULL)
		return "mailbox without a full domain";
	return NULL;
}

enum mailbox_result
mailbox_parse(struct arena *a, struct text t, struct mailbox *out,
    const char **why)
{
	const char *at = t.n == 0 ? NULL : memchr(t.at, '@', t.n);
	struct text local, domain;

	*why = "no @";
	if (at == NULL)
		return MAILBOX_MALFORMED;
	/* U-labels may be longer than the A-labels they stand for, not much */
	*why = "over 254 bytes";
	if (t.n > MAILBOX_BYTES)
		return MAILBOX_MALFORMED;
	local = (struct text){t.at, (size_t)(at - t.at)};
	domain = (struct text){at + 1, t.n - local.n - 1};
	*why = "a NUL byte";
	if (memchr(t.at, '\0', t.n) != NULL)
		return MAILBOX_MALFORMED;
	*why = local_wrong(local);
	if (*why != NULL)
		return MAILBOX_MALFORMED;
	out->domain = domain_ascii(a, domain);
	*why = "domain is no internationalised name";
	if (out->domain == NULL)
		return MAILBOX_MALFORMED;
	*why = domain_wrong(out->domain);
	if (*why != NULL)
		return MAILBOX_MALFORMED;
	*why = "over 254 bytes";
	if (local.n + 1 + strlen(out->domain) > MAILBOX_BYTES)
		return MAILBOX_MALFORMED;
	out->address = arena_printf(a, "%.*s@%s", (int)local.n, local.at,
	    out->domain);
	out->key = key_of(a, local, out->domain);
	*why = refusal(out);
	return *why == NULL ? MAILBOX_GOOD : MAILBOX_REFUSED;
}
