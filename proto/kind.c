/* The table of kinds; see kind.h. */
#include "proto/kind.h"

static const char *const names[KIND_COUNT] = {
    [KIND_AUTH_FAILURE] = "auth_failure",
    [KIND_RELAY_DENIED] = "relay_denied",
    [KIND_UNKNOWN_RECIPIENT] = "unknown_recipient",
    [KIND_ENUMERATION] = "enumeration",
    [KIND_PROTOCOL_ABUSE] = "protocol_abuse",
    [KIND_POLICY_REJECT] = "policy_reject",
    [KIND_DNSBL_REJECT] = "dnsbl_reject",
    [KIND_RATE_LIMIT] = "rate_limit",
    [KIND_TLS_FAILURE] = "tls_failure",
    [KIND_PROBE] = "probe",
    [KIND_PTR_MISMATCH] = "ptr_mismatch",
    [KIND_SPAM_CONTENT] = "spam_content",
    [KIND_BACKEND_FAILURE] = "backend_failure",
    [KIND_LOGIN_SUCCESS] = "login_success",
};

const char *
kind_name(enum kind k)
{
	return k > KIND_NONE && k < KIND_COUNT ? names[k] : NULL;
}

enum kind
kind_of_name(struct text name)
{
	for (int k = KIND_NONE + 1; k < KIND_COUNT; k++)
		if (text_is(name, names[k]))
			return (enum kind)k;
	return KIND_NONE;
}

const char *
kind_nearest(const char *name)
{
	return text_nearest(name, names + 1, KIND_COUNT - 1);
}

bool
kind_is_inner(enum kind k)
{
	return k == KIND_BACKEND_FAILURE || k == KIND_LOGIN_SUCCESS;
}
