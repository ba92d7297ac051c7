/*
 * Which addresses belong together: those of one /24 or /64, which is what one
 * customer or one machine has.  Pure; called by compose and body.
 */
#ifndef PLAINTIFF_NETWORK_H
#define PLAINTIFF_NETWORK_H

#include "proto/base/addr.h"

struct prefix network_of(const struct addr *a);
/* Some total order; 0: the same. */
int network_compare(const struct prefix *a, const struct prefix *b);

#endif
