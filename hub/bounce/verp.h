/*
 * The token in the address that a bounce comes back to: which report it is,
 * and a proof that we wrote it.  Whoever was not sent that report cannot make
 * one.  Pure but for the key's file.  Called by bounce before anything of a
 * message is believed, and by deliver and report to make addresses:
 *
 *	bounce+4f0c8a5219d74c0e.k3jx...@hub.example
 *
 * The id is the first 16 hexadecimal digits of the report's uuid, the proof
 * the first 128 bits of an HMAC (libsodium's crypto_auth) over it in base32.
 * Digits and small letters only, and read without regard to case: mail
 * servers change it.
 */
#ifndef PLAINTIFF_VERP_H
#define PLAINTIFF_VERP_H

#include <stdbool.h>

#include "proto/base/text.h"

struct arena;

enum {
	VERP_KEY_BYTES = 32,
	VERP_ID_BYTES = 16,    /* hexadecimal digits */
	VERP_PROOF_BYTES = 26, /* base32 digits */
	VERP_LOCAL_BYTES = 64, /* RFC 5321 4.5.3.1.1 */
};

struct verp_key {
	unsigned char bytes[VERP_KEY_BYTES];
};

/* Where bounces go: bounce.address and bounce.delimiter of the settings. */
struct verp_place {
	const char *mailbox;
	const char *delimiter; /* one character */
};

enum verp_result {
	VERP_NONE,   /* not an address with the form of a token of this place */
	VERP_FORGED, /* that form, but not made with this key */
	VERP_OURS,
};

/* Reads the key; makes it first when there is no such file (0600, whole or
 * not at all, the same for all who ask at once).  -1 with *why. */
int verp_key_open(const char *path, struct verp_key *out, const char **why)
    __attribute__((warn_unused_result));

/* Can this place hold tokens?  *why otherwise. */
bool verp_place_is_good(const struct verp_place *place, const char **why);

/* The address for the report with this uuid, in the arena; the place must be
 * good and the uuid one. */
const char *verp_address(struct arena *a, const struct verp_key *key,
    const struct verp_place *place, const char *uuid);

/* Checks an address, without brackets.  id gets the NUL-terminated digits
 * when OURS.  The comparison takes the same time wherever they differ. */
enum verp_result verp_check(const struct verp_key *key,
    const struct verp_place *place, struct text address,
    char id[VERP_ID_BYTES + 1]) __attribute__((warn_unused_result));

#endif
