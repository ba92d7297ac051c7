/*
 * TXT answers of a contact zone: the name to ask for, and a DNS message as it
 * came from the network (message.h) into texts and their time to live.
 * Whatever is not plainly an answer to the question is a failure, never
 * "nobody".  Pure: no network, no c-ares.
 */
#ifndef PLAINTIFF_LOOKUP_TXT_H
#define PLAINTIFF_LOOKUP_TXT_H

#include <stddef.h>
#include <stdint.h>

#include "proto/base/text.h"

struct addr;
struct arena;

/* Longest name in text form, with the NUL. */
#define TXT_NAME_BYTES 256
/* Longest zone: 64 bytes of nibbles stand before it. */
enum { TXT_ZONE_BYTES = 188 };

enum txt_result {
	TXT_ANSWERED, /* there are texts */
	TXT_ABSENT,   /* the server says that there are none: no such name
	                 (RFC 8020) or no TXT there (RFC 2308 2.2) */
	TXT_FAILED,   /* no answer that could be used */
};

struct txt {
	struct text *at; /* one a record, its strings joined; sorted, so that
	                    the server's order does not count */
	size_t n;
	uint32_t ttl_s; /* smallest of the records and aliases used */
};

/* A zone as the settings give it, in lower case and without a dot at its
 * end, into the arena; NULL with *why when it is no name. */
const char *txt_zone(struct arena *a, const char *zone, const char **why);

/* The name that holds the contacts of an address: octets or nibbles reversed
 * (RFC 1035 3.5, RFC 3596 2.5), then the zone.  Returns out. */
const char *txt_question(char out[TXT_NAME_BYTES], const struct addr *address,
    const char *zone);

/* Reads the answer to the TXT question for name.  Texts are copied into the
 * arena.  *why, static, is set for FAILED and ABSENT. */
enum txt_result txt_parse(struct arena *a, const void *message, size_t n,
    const char *name, struct txt *out, const char **why);

#endif
