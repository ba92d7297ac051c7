/*
 * The service inside the child: addresses in, one answer each out.  All
 * network and all hostile bytes are behind it; it has no database, no
 * settings file and no environment.
 */
#ifndef PLAINTIFF_LOOKUP_FINDER_H
#define PLAINTIFF_LOOKUP_FINDER_H

struct arena;
struct ask;
struct ask_answer;
struct ask_setup;

/* The descriptor that lookup hands to the child. */
enum { FINDER_FD = 3 };

/* Asks for all addresses of the ask at once and fills answers[0..ask->n-1],
 * each FAILED that is not settled when ask->deadline_ms have passed. */
void finder_run(struct arena *a, const struct ask_setup *setup,
    const struct ask *ask, struct ask_answer *answers);

#endif
