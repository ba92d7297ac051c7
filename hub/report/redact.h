/*
 * What stands in a mail for something that must not be in it, or must not be
 * guessed: all from keyed hashes (BLAKE2b; SipHash for the many logins), so
 * that the same facts give the same mail, and nobody without the key can
 * compute any of it.  Pure; called by compose and its parts.
 */
#ifndef PLAINTIFF_REDACT_H
#define PLAINTIFF_REDACT_H

#include <stddef.h>

#include "proto/base/text.h"

struct compose_facts;

enum {
	REDACT_KEY_BYTES = 16,
	REDACT_LOGIN_BYTES = 12,
	REDACT_UUID_RAW_BYTES = 16,
	REDACT_UUID_BYTES = 37,
	REDACT_BOUNDARY_BYTES = 40,
};

/* The key of the contact's tokens. */
void redact_key(unsigned char out[REDACT_KEY_BYTES],
    const struct compose_facts *f);
/* "user-3f9a2c": the same login (A-Z as a-z) gives the same word to the
 * same contact, and another to another; "-" for none.  Returns out. */
const char *redact_login(char out[REDACT_LOGIN_BYTES],
    const unsigned char key[REDACT_KEY_BYTES], struct text login);
/* These bytes as a random UUID (RFC 9562 version 4, whose six fixed bits
 * replace theirs). Returns out. */
const char *redact_uuid_text(char out[REDACT_UUID_BYTES],
    const unsigned char b[REDACT_UUID_RAW_BYTES]);
/* Id of the XARF document about the source with that index. Returns out. */
const char *redact_uuid(char out[REDACT_UUID_BYTES],
    const struct compose_facts *f, size_t source);
/* MIME boundary of that mail of the report: no text of a log can hold it,
 * since nobody knows it before.  Returns out. */
const char *redact_boundary(char out[REDACT_BOUNDARY_BYTES],
    const struct compose_facts *f, size_t mail);

#endif
