/*
 * Registries by RDAP: one question an address, to the server that the ask
 * names for it.  A service of finder.
 */
#ifndef PLAINTIFF_LOOKUP_FINDER_WEB_H
#define PLAINTIFF_LOOKUP_FINDER_WEB_H

#include <stdint.h>

struct arena;
struct ask;
struct ask_answer;
struct ask_setup;
struct web;

/* Opens what speaks to web servers, by these settings; never NULL. */
struct web *finder_web_open(const struct ask_setup *setup);

/* Fills state, mailboxes and network of answers[0..ask->n-1], all else of
 * which is set.  Ends at deadline_ms (clock_mono_ms). */
void finder_web(struct arena *a, struct web *web, const struct ask *ask,
    int64_t deadline_ms, struct ask_answer *answers);

#endif
