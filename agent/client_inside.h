/*
 * What the forms of clients share: names, ports.  For client*.c and nobody
 * else.  All that skip return where the thing ends (or begins, for _back),
 * the place where they looked when it is not there, and FIELD_NOWHERE when it
 * is not what it should be.
 */
#ifndef PLAINTIFF_CLIENT_INSIDE_H
#define PLAINTIFF_CLIENT_INSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/signs.h"
#include "agent/template.h"
#include "proto/base/text.h"

/* Bytes of names as daemons let them through, and those that only addresses
 * hold, with "IPv6:" before and "%zone" behind. */
enum { CLIENT_NAME = 1, CLIENT_ADDRESS = 2 };

static const uint8_t client_signs[256] = {
    ['0' ... '9'] = CLIENT_NAME,
    ['a' ... 'z'] = CLIENT_NAME,
    ['A' ... 'Z'] = CLIENT_NAME,
    ['.'] = CLIENT_NAME,
    ['-'] = CLIENT_NAME,
    ['_'] = CLIENT_NAME,
    [':'] = CLIENT_ADDRESS,
    ['%'] = CLIENT_ADDRESS,
};

static inline bool
client_is_name(char c)
{
	return client_signs[(unsigned char)c] == CLIENT_NAME;
}

static inline bool
client_is_address(char c)
{
	return client_signs[(unsigned char)c] != 0;
}

static inline bool
client_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Where the name at from ends. */
static inline size_t
client_name_end(const char *s, size_t from, size_t limit)
{
	size_t at = from, n;

	for (; limit - at >= SIGNS_BYTES; at += SIGNS_BYTES) {
		n = signs_name(s + at);
		if (n < SIGNS_BYTES)
			return at + n;
	}
	while (at < limit && client_is_name(s[at]))
		at++;
	return at;
}

/* As ptr, unless it says that there is none. */
void client_keep_name(struct text name, struct match *m);
/* "name " in front of a bracket. */
size_t client_skip_name(
    struct text message, size_t from, size_t limit, struct match *m);
/* ":port" behind a bracket; for client_skip_port, when there is a colon. */
size_t client_skip_digits(
    const char *s, size_t at, size_t limit, uint16_t *out);
static inline size_t
client_skip_port(const char *s, size_t at, size_t limit, uint16_t *out)
{
	return at == limit || s[at] != ':'
	           ? at : client_skip_digits(s, at, limit, out);
}
size_t client_skip_port_back(
    const char *s, size_t from, size_t to, uint16_t *out);

#endif
