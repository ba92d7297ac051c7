/*
 * Which addresses are exits of Tor now, by the DNS zone.  A service of
 * finder.
 */
#ifndef PLAINTIFF_LOOKUP_FINDER_EXIT_H
#define PLAINTIFF_LOOKUP_FINDER_EXIT_H

#include <stdint.h>

struct arena;
struct ask;
struct ask_answer;
struct ask_setup;

/* Fills state and why of answers[0..ask->n-1], all else of which is set.  Ends
 * at deadline_ms (clock_mono_ms). */
void finder_exit(struct arena *a, const struct ask_setup *setup,
    const struct ask *ask, int64_t deadline_ms, struct ask_answer *answers);

#endif
