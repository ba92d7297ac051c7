/* Tokens of reports; see verp.h.  The key's file: verp_key.c. */
#include "hub/bounce/verp.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "proto/base/arena.h"

_Static_assert(VERP_KEY_BYTES == crypto_auth_KEYBYTES, "the key fits");
_Static_assert(VERP_PROOF_BYTES * 5 >= 128, "128 bits are kept");

enum {
	PROOF_RAW_BYTES = 16,
	TOKEN_BYTES = VERP_ID_BYTES + 1 + VERP_PROOF_BYTES,
};

static const char base32[] = "abcdefghijklmnopqrstuvwxyz234567";
static const char hex[] = "0123456789abcdef";

/* Another use of the same key must never give the same bytes. */
static const char domain[] = "plaintiff report token 1";

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static void
make_proof(const struct verp_key *key, const char id[VERP_ID_BYTES],
    char out[VERP_PROOF_BYTES])
{
	unsigned char said[sizeof domain + VERP_ID_BYTES];
	unsigned char raw[crypto_auth_BYTES + 1] = {0};
	unsigned bits = 0, have = 0;
	size_t at = 0;

	memcpy(said, domain, sizeof domain);
	memcpy(said + sizeof domain, id, VERP_ID_BYTES);
	(void)crypto_auth(raw, said, sizeof said, key->bytes);
	raw[PROOF_RAW_BYTES] = 0;
	for (size_t i = 0; i < VERP_PROOF_BYTES; i++) {
		if (have < 5) {
			bits = bits << 8 | raw[at++];
			have += 8;
		}
		have -= 5;
		out[i] = base32[bits >> have & 31];
	}
	sodium_memzero(raw, sizeof raw);
}

bool
verp_place_is_good(const struct verp_place *place, const char **why)
{
	const char *at = strchr(place->mailbox, '@');

	if (at == NULL || at == place->mailbox || at[1] == '\0' ||
	    strchr(at + 1, '@') != NULL)
		*why = "the address is no mailbox";
	else if (strlen(place->delimiter) != 1 ||
	    strchr("+-=_.", place->delimiter[0]) == NULL)
		*why = "the delimiter is none of + - = _ .";
	else if ((size_t)(at - place->mailbox) + 1 + TOKEN_BYTES >
	    VERP_LOCAL_BYTES)
		*why = "the address has more than 20 characters before the @";
	else
		return true;
	return false;
}

const char *
verp_address(struct arena *a, const struct verp_key *key,
    const struct verp_place *place, const char *uuid)
{
	const char *at = strchr(place->mailbox, '@');
	char id[VERP_ID_BYTES], proof[VERP_PROOF_BYTES];
	size_t n = 0;

	assert(at != NULL);
	for (const char *s = uuid; *s != '\0' && n < VERP_ID_BYTES; s++)
		if (*s != '-')
			id[n++] = lower(*s);
	assert(n == VERP_ID_BYTES);
	make_proof(key, id, proof);
	return arena_printf(a, "%.*s%s%.*s.%.*s%s", (int)(at - place->mailbox),
	    place->mailbox, place->delimiter, VERP_ID_BYTES, id,
	    VERP_PROOF_BYTES, proof, at);
}

static bool
same(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (lower(a[i]) != lower(b[i]))
			return false;
	return true;
}

enum verp_result
verp_check(const struct verp_key *key, const struct verp_place *place,
    struct text address, char id[VERP_ID_BYTES + 1])
{
	const char *at = strchr(place->mailbox, '@');
	size_t local = at == NULL ? 0 : (size_t)(at - place->mailbox);
	char said[TOKEN_BYTES], proof[VERP_PROOF_BYTES];
	const char *token;

	if (at == NULL || address.at == NULL ||
	    address.n != local + 1 + TOKEN_BYTES + strlen(at) ||
	    !same(address.at, place->mailbox, local) ||
	    address.at[local] != place->delimiter[0])
		return VERP_NONE;
	token = address.at + local + 1;
	if (token[VERP_ID_BYTES] != '.' ||
	    !same(token + TOKEN_BYTES, at, strlen(at)))
		return VERP_NONE;
	for (size_t i = 0; i < TOKEN_BYTES; i++) {
		said[i] = lower(token[i]);
		if (said[i] == '\0' || (i < VERP_ID_BYTES &&
		        strchr(hex, said[i]) == NULL) ||
		    (i > VERP_ID_BYTES && strchr(base32, said[i]) == NULL))
			return VERP_NONE;
	}
	make_proof(key, said, proof);
	if (sodium_memcmp(proof, said + VERP_ID_BYTES + 1,
	        VERP_PROOF_BYTES) != 0)
		return VERP_FORGED;
	memcpy(id, said, VERP_ID_BYTES);
	id[VERP_ID_BYTES] = '\0';
	return VERP_OURS;
}
