/* Networks of addresses; see network.h. */
#include "hub/report/network.h"

#include <string.h>

enum { BITS_4 = 24, BITS_6 = 64 };

struct prefix
network_of(const struct addr *a)
{
	struct prefix p = {.addr = {.family = a->family},
	    .bits = a->family == 4 ? BITS_4 : BITS_6};

	memcpy(p.addr.bytes, a->bytes, p.bits / 8);
	return p;
}

int
network_compare(const struct prefix *a, const struct prefix *b)
{
	if (a->addr.family != b->addr.family)
		return a->addr.family < b->addr.family ? -1 : 1;
	return memcmp(a->addr.bytes, b->addr.bytes, sizeof a->addr.bytes);
}
