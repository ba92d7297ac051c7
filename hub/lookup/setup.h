/*
 * What finder is told at its start, from the settings.  Called by lookup.c.
 */
#ifndef PLAINTIFF_LOOKUP_SETUP_H
#define PLAINTIFF_LOOKUP_SETUP_H

struct arena;
struct ask_setup;
struct hub_conf;

/* 0; or -1, and *wrong, in the arena, says which setting will not do. */
int setup_of(const struct hub_conf *conf, struct arena *a,
    struct ask_setup *out, const char **wrong)
    __attribute__((warn_unused_result));

#endif
