/*
 * From when on an address is reported: the words of report.threshold.  Pure.
 * Called when settings are checked, and to tell them to a session, where the
 * view threshold reads them.
 */
#ifndef PLAINTIFF_THRESHOLD_H
#define PLAINTIFF_THRESHOLD_H

#include <stdint.h>

#include "proto/kind.h"

struct arena;
struct conf_texts;

enum { THRESHOLD_OTHER_TRIES = 3, THRESHOLD_SET_MOST = 8 };

/* Any of them is enough; 0: does not count. */
struct threshold {
	enum kind kind;
	int64_t tries, logins, agents;
};

/* "auth_failure:tries=3,logins=2,agents=2".  -1 with *why in the arena. */
int threshold_parse(const char *s, struct arena *a, struct threshold *out,
    const char **why) __attribute__((warn_unused_result));

/* "kind,tries,logins,agents ..." of the kinds that are reported, by number;
 * what was refused by threshold_parse is passed over. */
const char *threshold_tell(const struct conf_texts *kinds,
    const struct conf_texts *thresholds, struct arena *a);

#endif
