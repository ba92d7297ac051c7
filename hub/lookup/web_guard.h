/*
 * Where a web request may go: public addresses only, by https only.  Pure;
 * the one place that says so, called by web.c for every connection after its
 * address was resolved, so that names, number forms and rebinding all come
 * to the same check.
 */
#ifndef PLAINTIFF_LOOKUP_WEB_GUARD_H
#define PLAINTIFF_LOOKUP_WEB_GUARD_H

#include <stdbool.h>

struct addr;
struct prefixes;

/* Schemes that may be spoken, for libcurl. */
const char *web_guard_schemes(void);

/* May we connect to this address?  Yes for those in inside and for public
 * ones.  An IPv6 address that stands for an IPv4 one (mapped, NAT64) must
 * have been read as that already (addr_from_bytes). */
bool web_guard_allows(const struct prefixes *inside, const struct addr *to);

#endif
