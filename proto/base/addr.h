/*
 * IP addresses and prefixes, in one canonical form: IPv4-mapped (RFC 4291
 * 2.5.5.2) and NAT64 (64:ff9b::/96, RFC 6052) addresses become IPv4 as they
 * are read, so that one machine has one address everywhere.
 */
#ifndef PLAINTIFF_ADDR_H
#define PLAINTIFF_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/text.h"

struct arena;

/* family 4: bytes[0..3]; family 6: bytes[0..15]; family 0: none. */
struct addr {
	uint8_t family;
	uint8_t bytes[16];
};

struct prefix {
	struct addr addr; /* bits behind the prefix are zero */
	uint8_t bits;
};

struct prefixes {
	struct prefix *at;
	size_t n;
	size_t cap;
};

/* Longest text of an address or prefix, with the NUL. */
#define ADDR_TEXT_BYTES 50

/* Reads an address as daemons log it: optional "IPv6:" before, "%zone"
 * behind.  Strict otherwise (inet_pton).  False when it is none. */
bool addr_parse(struct text t, struct addr *out);
enum { ADDR_DOTTED_READ = 20 };
/* The length of the digits and points at s, if they are nothing but an address
 * such as "192.0.2.1", else 0.  ADDR_DOTTED_READ bytes can be read. */
size_t addr_read_dotted(const char *s, struct addr *out);
/* From 4 or 16 bytes in network order; false for any other length. */
bool addr_from_bytes(const void *bytes, size_t n, struct addr *out);
/* 4 or 16, the length of bytes. */
size_t addr_length(const struct addr *a);
bool addr_equal(const struct addr *a, const struct addr *b);
/* RFC 5952 text. Returns out. */
const char *addr_format(char out[ADDR_TEXT_BYTES], const struct addr *a);

/* "192.0.2.0/24" or a bare address.  False, with *why, when malformed or
 * with bits set behind the prefix. */
bool prefix_parse(const char *s, struct prefix *out, const char **why);
bool prefix_holds(const struct prefix *p, const struct addr *a);
/* Is all of inner within outer? */
bool prefix_covers(const struct prefix *outer, const struct prefix *inner);
const char *prefix_format(char out[ADDR_TEXT_BYTES], const struct prefix *p);

/* Appends to a list in the arena. */
void prefixes_add(struct arena *a, struct prefixes *list, struct prefix p);
/* Appends all ranges of IANA's special-purpose registries (RFC 6890) and
 * multicast: no address in them has an owner whom a report could reach. */
void prefixes_add_special(struct arena *a, struct prefixes *list);
bool prefixes_hold(const struct prefixes *list, const struct addr *a);
/* The first special range that no prefix of list covers, or NULL: text of
 * static storage. */
const char *prefixes_missing_special(const struct prefixes *list);

#endif
