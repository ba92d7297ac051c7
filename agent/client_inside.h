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

#include "agent/template.h"
#include "proto/base/text.h"

/* Bytes of names as daemons let them through. */
static inline bool
client_is_name(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '_';
}

static inline bool
client_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* As ptr, unless it says that there is none. */
void client_keep_name(struct text name, struct match *m);
/* "name " in front of a bracket. */
size_t client_skip_name(
    struct text message, size_t from, size_t limit, struct match *m);
/* ":port" behind a bracket. */
size_t client_skip_port(const char *s, size_t at, size_t limit, uint16_t *out);
size_t client_skip_port_back(
    const char *s, size_t from, size_t to, uint16_t *out);

#endif
