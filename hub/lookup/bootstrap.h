/*
 * Which RDAP server answers for an address: IANA's bootstrap documents (RFC
 * 9224), and the URL to ask.  Pure.  Called by finder, for the files that ship
 * (bootstrap/ipv4.json, ipv6.json) and for fresher ones.
 */
#ifndef PLAINTIFF_LOOKUP_BOOTSTRAP_H
#define PLAINTIFF_LOOKUP_BOOTSTRAP_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/base/addr.h"

struct arena;

enum { BOOTSTRAP_ENTRIES_MOST = 4096, BOOTSTRAP_URL_BYTES = 255 };

struct bootstrap_entry {
	struct prefix prefix;
	const char *url; /* begins with https:// */
};

struct bootstrap {
	struct bootstrap_entry *at; /* sorted; no prefix twice */
	size_t n;
	const char *publication; /* as the document says, made harmless;
	                            NULL: it does not */
};

/* Reads a document of one family (4 or 6) into the arena.  Services without
 * an https URL are left out.  False with *why when anything in it is
 * malformed, when a prefix is there twice, or when nothing is left. */
bool bootstrap_read(struct arena *a, const void *bytes, size_t n, int family,
    struct bootstrap *out, const char **why);

/* The entry of the longest prefix that holds the address, or NULL. */
const struct bootstrap_entry *bootstrap_find(const struct bootstrap *b,
    const struct addr *address);

/* The URL that asks a server for an address (RFC 9082 3.1.1), in the arena. */
const char *bootstrap_question(struct arena *a, const char *url,
    const struct addr *address);

#endif
