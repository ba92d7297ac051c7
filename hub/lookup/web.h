/*
 * The door to libcurl for stage lookup: asks many web servers at once by
 * https and hands the answers over as they come.  Knows nothing of RDAP,
 * mailboxes or the database; called by finder.
 *
 * Whoever answers is a stranger who would like us to connect to our own
 * network: every address is checked after it was resolved (web_guard.h), at
 * each of at most three redirects.  Sizes, headers and times are capped, and
 * each server has a pace (pace.h), which lives from run to run.
 */
#ifndef PLAINTIFF_LOOKUP_WEB_H
#define PLAINTIFF_LOOKUP_WEB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/addr.h"
#include "proto/base/text.h"

struct arena;
struct web;

enum {
	WEB_REDIRECTS_MOST = 3,
	WEB_HEADERS_MOST = 128,         /* lines, of all hops together */
	WEB_HEADER_BYTES = 32 * 1024,   /* of all hops together */
	WEB_URL_BYTES = 2000,
	WEB_PARALLEL_MOST = 32,
	WEB_RETRY_MOST_S = 24 * 60 * 60,
};

struct web_setup {
	const char *contact; /* printable, for User-Agent; NULL: none */
	const char *ca_file; /* whom to trust; NULL: the system's */
	struct prefixes inside; /* may be connected to though not public */
	const char *const *resolve; /* "host:port:address[,address]", asked in
	                               place of the resolver; for tests */
	size_t resolve_n;
	uint32_t connect_ms;  /* for each connection; over 0 */
	uint32_t parallel;    /* transfers in all, 1..WEB_PARALLEL_MOST */
	uint32_t parallel_per_host; /* over 0 */
	uint32_t interval_ms; /* between two requests to one host */
	uint32_t later_s;     /* pause for a 429 or 503 that names none, and for
	                         a host that failed three times in a row */
};

struct web_request {
	const char *url;
	const char *accept; /* media types with a comma between two: what we ask
	                       for, and what an answer may be.  NULL: any */
	size_t max_bytes;   /* of the body after decompression */
	uint32_t total_ms;  /* from the first connection through all redirects
	                       to the last byte */
};

enum web_result {
	WEB_ANSWERED, /* status is 200 or 404 and the body is whole */
	WEB_LATER,    /* not asked, or put off: the server wants a pause */
	WEB_FAILED,   /* no answer that could be used */
};

struct web_answer {
	size_t index; /* of the request */
	enum web_result result;
	int status;       /* of the last answer; 0: none */
	struct text body; /* of ANSWERED; empty for a 404 whose type was not
	                     acceptable */
	const char *type; /* Content-Type, made harmless; NULL: none */
	const char *host; /* who answered or was to, after redirects */
	uint32_t retry_after_s; /* of LATER: 1..WEB_RETRY_MOST_S */
	const char *why;  /* of LATER and FAILED */
};

/* Keeps a copy of setup. */
struct web *web_open(const struct web_setup *setup);
/* NULL is legal. */
void web_close(struct web *w);

/* Begins a run.  The requests must live until web_next has returned false;
 * what is not settled at deadline_ms (clock_mono_ms) then is FAILED or, where
 * its turn never came, LATER. */
void web_begin(struct web *w, const struct web_request *requests, size_t n,
    int64_t deadline_ms);

/* Waits for the next answer, in whatever order they come, and puts it into the
 * arena: reset that after each, and memory stays bounded by parallel bodies.
 * False when all requests have been answered. */
bool web_next(struct web *w, struct arena *a, struct web_answer *out);

/* A whole run for few requests or small bodies: out[i] answers requests[i]. */
void web_run(struct web *w, struct arena *a,
    const struct web_request *requests, size_t n, int64_t deadline_ms,
    struct web_answer *out);

#endif
