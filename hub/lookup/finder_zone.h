/*
 * Contacts and networks by DNS: the TXT records of the contact zone and,
 * with the same round of questions, of the origin zones.  A service of
 * finder.
 */
#ifndef PLAINTIFF_LOOKUP_FINDER_ZONE_H
#define PLAINTIFF_LOOKUP_FINDER_ZONE_H

#include <stdint.h>

struct arena;
struct ask;
struct ask_answer;
struct ask_setup;

/* Fills state, mailboxes and origin of answers[0..ask->n-1], all else of
 * which is set.  Ends at deadline_ms (clock_mono_ms). */
void finder_zone(struct arena *a, const struct ask_setup *setup,
    const struct ask *ask, int64_t deadline_ms, struct ask_answer *answers);

#endif
