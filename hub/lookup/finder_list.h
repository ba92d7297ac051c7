/*
 * Lists that are fetched whole: which RDAP server knows which network, and
 * who is an exit of Tor.  A service of finder.
 */
#ifndef PLAINTIFF_LOOKUP_FINDER_LIST_H
#define PLAINTIFF_LOOKUP_FINDER_LIST_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct ask_fetch;
struct ask_fetched;
struct ask_items;
struct web;

/* Fetches and reads the list, hands its items to `send` in portions (false:
 * nobody listens any more), and fills *out. */
void finder_list(struct arena *a, struct web *web,
    const struct ask_fetch *fetch, int64_t deadline_ms,
    bool (*send)(const struct ask_items *items), struct ask_fetched *out);

#endif
