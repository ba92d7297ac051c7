/*
 * The door to c-ares: asks many TXT questions at once and returns when all
 * are settled.  Knows nothing of addresses, mailboxes or the database; called
 * by finder.  Each run has a channel of its own: fresh ports, and resolv.conf
 * as it is now.
 */
#ifndef PLAINTIFF_LOOKUP_DNS_H
#define PLAINTIFF_LOOKUP_DNS_H

#include <stddef.h>
#include <stdint.h>

#include "hub/lookup/txt.h"

struct arena;
struct ask_setup;

struct dns_answer {
	enum txt_result result;
	struct txt txt;  /* of ANSWERED */
	const char *why; /* of the others; static or in the arena */
};

/* Asks for the TXT records of n absolute names, setup's parallel at a time,
 * by its servers, timeout and tries, and fills out[0..n-1].  What is not
 * settled at deadline_ms (clock_mono_ms) is FAILED. */
void dns_run(struct arena *a, const struct ask_setup *setup,
    const char *const *names, size_t n, int64_t deadline_ms,
    struct dns_answer *out);

#endif
