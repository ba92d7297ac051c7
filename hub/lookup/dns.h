/*
 * The door to c-ares: asks many questions of one type at once and returns
 * when all are settled.  Knows nothing of what the answers mean; called by
 * finder's services.  Each run has a channel of its own: fresh ports, and
 * resolv.conf as it is now.
 */
#ifndef PLAINTIFF_LOOKUP_DNS_H
#define PLAINTIFF_LOOKUP_DNS_H

#include <stddef.h>
#include <stdint.h>

struct ask_setup;

struct dns_run {
	const char *const *names; /* absolute */
	size_t n;
	uint16_t type;            /* as in message.h */
	/* Called once for each name, in whatever order: with the message as
	 * it came, which may be anything; or, when there is none, with NULL
	 * and why (static). */
	void (*got)(void *ctx, size_t name, const void *message, size_t bytes,
	    const char *why);
	void *ctx;
};

/* Asks for all names, setup's parallel at a time, by its servers, timeout and
 * tries.  Whatever is not settled at deadline_ms (clock_mono_ms) has no
 * message. */
void dns_run(const struct ask_setup *setup, const struct dns_run *run,
    int64_t deadline_ms);

#endif
