/*
 * A range of addresses, as registries register them, as the fewest prefixes
 * that make it up (RFC 4632 3.1).  Pure.
 */
#ifndef PLAINTIFF_LOOKUP_RANGE_H
#define PLAINTIFF_LOOKUP_RANGE_H

#include <stdbool.h>

struct addr;
struct arena;
struct prefix;
struct prefixes;

/* Appends the prefixes of first..last, which are of one family and in order:
 * at most 62 for IPv4, 254 for IPv6. */
void range_pieces(struct arena *a, const struct addr *first,
    const struct addr *last, struct prefixes *out);

/* Is all of first..last within the prefix? */
bool range_is_within(const struct addr *first, const struct addr *last,
    const struct prefix *p);

/* Are there at most as many addresses in first..last as in one prefix of that
 * many bits?  bits6 is at most 64. */
bool range_is_at_most(const struct addr *first, const struct addr *last,
    unsigned bits4, unsigned bits6);

#endif
