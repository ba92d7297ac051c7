/*
 * Kinds of events: their numbers are those of plaintiff.proto, their names
 * those of rules files, SQL and scan.  A name is never reused.
 */
#ifndef PLAINTIFF_KIND_H
#define PLAINTIFF_KIND_H

#include <stdbool.h>

#include "proto/base/text.h"

enum kind {
	KIND_NONE,
	KIND_AUTH_FAILURE,
	KIND_RELAY_DENIED,
	KIND_UNKNOWN_RECIPIENT,
	KIND_ENUMERATION,
	KIND_PROTOCOL_ABUSE,
	KIND_POLICY_REJECT,
	KIND_DNSBL_REJECT,
	KIND_RATE_LIMIT,
	KIND_TLS_FAILURE,
	KIND_PROBE,
	KIND_PTR_MISMATCH,
	KIND_SPAM_CONTENT,
	KIND_BACKEND_FAILURE,
	KIND_LOGIN_SUCCESS,
	KIND_COUNT /* not a kind */
};

/* Name of a kind, static storage; NULL for KIND_NONE and beyond. */
const char *kind_name(enum kind k);
/* KIND_NONE when there is no such name. */
enum kind kind_of_name(struct text name);
/* Nearest existing name for a misspelt one, or NULL. */
const char *kind_nearest(const char *name);
/* Kinds that say something about us, not about the client: stored, never
 * reported, shown by scan only with --all. */
bool kind_is_inner(enum kind k);

#endif
