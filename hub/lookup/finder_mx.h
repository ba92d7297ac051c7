/*
 * Which hosts take the mail of domains, by DNS.  A service of finder.
 */
#ifndef PLAINTIFF_LOOKUP_FINDER_MX_H
#define PLAINTIFF_LOOKUP_FINDER_MX_H

#include <stdint.h>

struct arena;
struct ask_domains;
struct ask_host;
struct ask_setup;

/* Fills hosts[0..ask->n-1]; their texts are in the arena.  Ends at deadline_ms
 * (clock_mono_ms). */
void finder_mx(struct arena *a, const struct ask_setup *setup,
    const struct ask_domains *ask, int64_t deadline_ms,
    struct ask_host *hosts);

#endif
