/* The words of a report; see wording.h. */
#include "hub/report/wording.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "proto/base/buf.h"

#define KIND(word, name) \
	{word, WORDING_kind_##name, WORDING_explain_##name}

static const struct {
	const char *word;
	enum wording count, explain;
} kinds[KIND_COUNT] = {
    [KIND_NONE] = KIND("other", other),
    [KIND_AUTH_FAILURE] = KIND("login", auth_failure),
    [KIND_RELAY_DENIED] = KIND("relay", relay_denied),
    [KIND_UNKNOWN_RECIPIENT] = KIND("recipient", unknown_recipient),
    [KIND_ENUMERATION] = KIND("enumeration", enumeration),
    [KIND_PROTOCOL_ABUSE] = KIND("protocol", protocol_abuse),
    [KIND_POLICY_REJECT] = KIND("policy", policy_reject),
    [KIND_DNSBL_REJECT] = KIND("blocklist", dnsbl_reject),
    [KIND_RATE_LIMIT] = KIND("rate", rate_limit),
    [KIND_TLS_FAILURE] = KIND("tls", tls_failure),
    [KIND_PROBE] = KIND("probe", probe),
    [KIND_PTR_MISMATCH] = KIND("rdns", ptr_mismatch),
    [KIND_SPAM_CONTENT] = KIND("spam", spam_content),
    [KIND_BACKEND_FAILURE] = KIND("other", other),
    [KIND_LOGIN_SUCCESS] = KIND("other", other),
};

static const char *
value_of(const struct wording_field *fields, const char *name, size_t n)
{
	for (; fields != NULL && fields->name != NULL; fields++)
		if (strlen(fields->name) == n &&
		    memcmp(fields->name, name, n) == 0)
			return fields->value;
	return NULL;
}

/* Appends what is before the first field, and goes to its name, whose length
 * is returned; 0: there is none.  That a field ends, and that there is a value
 * for it, the build has seen to: it compares texts and wording.def. */
static size_t
until_field(struct buf *out, const char **s)
{
	const char *field = strchrnul(*s, '{'), *end;

	buf_add(out, *s, (size_t)(field - *s));
	*s = field;
	if (*field == '\0')
		return 0;
	*s = field + 1;
	end = strchr(*s, '}');
	assert(end != NULL);
	return (size_t)(end - *s);
}

void
wording_say(struct buf *out, enum language l, enum wording w,
    const struct wording_field *fields)
{
	const char *s = wording_texts[l][w];
	size_t n;

	for (; (n = until_field(out, &s)) != 0; s += n + 1) {
		const char *value = value_of(fields, s, n);

		assert(value != NULL);
		buf_puts(out, value);
	}
}

void
wording_say_count(struct buf *out, enum language l, enum wording plural,
    int64_t n)
{
	const char *s = wording_texts[l][n == 1 ? plural : plural + 1];
	size_t name;

	for (; (name = until_field(out, &s)) != 0; s += name + 1)
		buf_number(out, n);
}

void
wording_say_kinds(struct buf *out, enum language l,
    const int64_t counts[KIND_COUNT])
{
	const char *between = "";

	for (int k = 0; k < KIND_COUNT; k++) {
		if (counts[k] == 0)
			continue;
		buf_puts(out, between);
		wording_say_count(out, l, kinds[k].count, counts[k]);
		between = ", ";
	}
}

const char *
wording_kind(enum kind k)
{
	return kinds[k].word;
}

enum wording
wording_explain(enum kind k)
{
	return kinds[k].explain;
}

enum wording
wording_subject(const int64_t counts[KIND_COUNT])
{
	int64_t other = 0;

	for (int k = 0; k < KIND_COUNT; k++)
		if (k != KIND_AUTH_FAILURE && k != KIND_RELAY_DENIED)
			other += counts[k];
	if (counts[KIND_AUTH_FAILURE] == 0 && counts[KIND_RELAY_DENIED] == 0)
		return WORDING_subject_other;
	if (counts[KIND_AUTH_FAILURE] == 0)
		return other == 0 ? WORDING_subject_relay
		                  : WORDING_subject_other;
	if (other != 0)
		return WORDING_subject_login_other;
	return counts[KIND_RELAY_DENIED] == 0 ? WORDING_subject_login
	                                      : WORDING_subject_login_relay;
}

static bool
ends_with(struct text t, const char *end)
{
	size_t n = strlen(end);

	return t.n >= n && memcmp(t.at + t.n - n, end, n) == 0;
}

static bool
holds(struct text t, const char *part)
{
	return t.n != 0 && memmem(t.at, t.n, part, strlen(part)) != NULL;
}

const char *
wording_service(struct text service, uint16_t port)
{
	if (holds(service, "smtps") || holds(service, "submissions"))
		return "submissions";
	if (holds(service, "submission"))
		return "submission";
	if (holds(service, "imap"))
		return "imap";
	if (holds(service, "pop3"))
		return "pop3";
	if (holds(service, "sieve"))
		return "sieve";
	switch (port) {
	case 25:
		return "smtp";
	case 465:
		return "submissions";
	case 587:
		return "submission";
	case 110:
	case 995:
		return "pop3";
	case 143:
	case 993:
		return "imap";
	case 4190:
		return "sieve";
	default:
		break;
	}
	if (ends_with(service, "smtpd") || holds(service, "exim") ||
	    holds(service, "postscreen") || holds(service, "sendmail") ||
	    holds(service, "sm-mta"))
		return "smtp";
	return "-";
}
