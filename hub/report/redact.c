/* Tokens, ids and boundaries; see redact.h. */
#include "hub/report/redact.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "hub/report/compose.h"

enum { HASH_BYTES = 16, TOKEN_BYTES = 3, LOGIN_MAX_BYTES = 1024 };

struct keyed {
	crypto_generichash_state state;
};

/* The label keeps one use from being taken for another. */
static void
begin(struct keyed *k, const struct compose_facts *f, const char *label)
{
	(void)crypto_generichash_init(&k->state, f->secret,
	    COMPOSE_SECRET_BYTES, HASH_BYTES);
	(void)crypto_generichash_update(&k->state,
	    (const unsigned char *)label, strlen(label) + 1);
}

static void
add(struct keyed *k, const void *bytes, size_t n)
{
	(void)crypto_generichash_update(&k->state, bytes, n);
}

static void
end(struct keyed *k, unsigned char out[HASH_BYTES])
{
	(void)crypto_generichash_final(&k->state, out, HASH_BYTES);
}

void
redact_key(unsigned char out[REDACT_KEY_BYTES], const struct compose_facts *f)
{
	struct keyed k;

	_Static_assert((int)REDACT_KEY_BYTES == (int)HASH_BYTES &&
	    REDACT_KEY_BYTES == crypto_shorthash_KEYBYTES, "one hash, one key");
	begin(&k, f, "login");
	add(&k, &f->contact, sizeof f->contact);
	end(&k, out);
}

const char *
redact_login(char out[REDACT_LOGIN_BYTES],
    const unsigned char key[REDACT_KEY_BYTES], struct text login)
{
	static const char prefix[] = "user-";
	unsigned char hash[crypto_shorthash_BYTES];
	char lower[LOGIN_MAX_BYTES];

	if (login.n == 0) {
		(void)strcpy(out, "-");
		return out;
	}
	/* of a longer one the beginning will do */
	if (login.n > sizeof lower)
		login.n = sizeof lower;
	for (size_t i = 0; i < login.n; i++) {
		char c = login.at[i];

		lower[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	(void)crypto_shorthash(hash, (const unsigned char *)lower, login.n,
	    key);
	memcpy(out, prefix, sizeof prefix);
	sodium_bin2hex(out + sizeof prefix - 1, 2 * TOKEN_BYTES + 1, hash,
	    TOKEN_BYTES);
	return out;
}

const char *
redact_uuid_text(char out[REDACT_UUID_BYTES],
    const unsigned char b[REDACT_UUID_RAW_BYTES])
{
	static const size_t groups[] = {4, 2, 2, 2, 6};
	unsigned char version[REDACT_UUID_RAW_BYTES];
	const unsigned char *from = version;
	char *at = out;

	memcpy(version, b, sizeof version);
	version[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	version[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
		sodium_bin2hex(at, 2 * groups[i] + 1, from, groups[i]);
		from += groups[i];
		at += 2 * groups[i];
		*at++ = '-';
	}
	at[-1] = '\0';
	return out;
}

/* In the form of a random one: that is what XARF wants, and nobody can tell
 * the difference. */
const char *
redact_uuid(char out[REDACT_UUID_BYTES], const struct compose_facts *f,
    size_t source)
{
	unsigned char b[HASH_BYTES];
	struct keyed k;

	begin(&k, f, "document");
	add(&k, f->uuid, strlen(f->uuid));
	add(&k, &f->sources[source].address, sizeof f->sources[0].address);
	end(&k, b);
	return redact_uuid_text(out, b);
}

/* "=_" cannot occur in quoted-printable nor in base64; what goes as it is
 * was there before anybody could know the hash. */
const char *
redact_boundary(char out[REDACT_BOUNDARY_BYTES], const struct compose_facts *f,
    size_t mail)
{
	unsigned char hash[HASH_BYTES];
	char hex[2 * HASH_BYTES + 1];
	struct keyed k;

	begin(&k, f, "boundary");
	add(&k, f->uuid, strlen(f->uuid));
	add(&k, &mail, sizeof mail);
	end(&k, hash);
	sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
	(void)snprintf(out, REDACT_BOUNDARY_BYTES, "=_%s", hex);
	return out;
}
