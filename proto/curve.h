/*
 * CURVE keys (ZeroMQ RFC 26) in files: a secret key file holds one line of
 * Z85 text, mode 0600, and is refused when group or others may open it.
 * Public keys are 40 characters of Z85 and travel in configuration.
 */
#ifndef PLAINTIFF_CURVE_H
#define PLAINTIFF_CURVE_H

#include <stdbool.h>

enum { CURVE_TEXT_BYTES = 41 }; /* Z85 and the NUL */

struct curve_key {
	char public_text[CURVE_TEXT_BYTES];
	char secret_text[CURVE_TEXT_BYTES];
};

/* Reads the key in path; -1 with *why. */
int curve_read(const char *path, struct curve_key *out, const char **why)
    __attribute__((warn_unused_result));
/* Makes a new key and writes it to path, which must not exist yet. */
int curve_make(const char *path, struct curve_key *out, const char **why)
    __attribute__((warn_unused_result));
/* A key that is kept nowhere (self-tests). */
void curve_make_fleeting(struct curve_key *out);
/* Is s the Z85 text of a 32-byte key? */
bool curve_is_public(const char *s);
/* Z85 of 32 raw bytes, as ZAP hands them over. */
void curve_encode(char out[CURVE_TEXT_BYTES], const unsigned char raw[32]);

#endif
