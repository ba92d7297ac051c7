/*
 * What Tor says of its exits: lists as check.torproject.org serves them, and
 * answers of its DNS zone.  A list that is broken, empty or old is refused
 * whole, and an answer that is not plainly one is "unknown": a failure never
 * means that nobody is an exit.  Pure: bytes in, structs out; finder fetches
 * and asks, tor_rows stores.
 */
#ifndef PLAINTIFF_LOOKUP_TOR_H
#define PLAINTIFF_LOOKUP_TOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/addr.h"

struct arena;

enum {
	TOR_LIST_BYTES = 8 << 20,   /* no list is longer */
	TOR_ENTRIES_MOST = 100000,  /* addresses in one; Tor has about 1,500 */
};

struct tor_limits {
	int64_t now_us;     /* when the list was asked for */
	size_t entries_min; /* a list of fewer addresses is refused */
};

/* An address that was seen as an exit, first and last as this list says. */
struct tor_entry {
	struct addr address;
	int64_t first_us, last_us;
};

struct tor_list {
	struct tor_entry *at; /* sorted, one an address */
	size_t n;
	int64_t newest_us; /* the newest test; without times: when asked */
	bool timed;        /* it says when each exit was tested */
};

/* Reads an exit list: either TorDNSEL's format (ExitNode, Published,
 * LastStatus, ExitAddress lines; also with the annotations of CollecTor), or
 * one address a line.  Entries are in the arena.  -1 with *why, static:
 * nothing of it may be used. */
int tor_parse(struct arena *a, const void *bytes, size_t n,
    const struct tor_limits *limits, struct tor_list *out, const char **why)
    __attribute__((warn_unused_result));

enum tor_verdict { TOR_UNKNOWN, TOR_NO, TOR_EXIT };

/* The word as in SQL. */
const char *tor_verdict_name(enum tor_verdict v);

/* Judges the answer to the A question for name (txt_question with Tor's
 * zone): 127.0.0.2 and nothing else is an exit, no such name is none.  *why,
 * static, is set for UNKNOWN. */
enum tor_verdict tor_judge(struct arena *a, const void *message, size_t n,
    const char *name, const char **why);

/* Is the zone to be believed?  nobody: what it says of 127.0.0.1, which is no
 * exit; exits: what it says of n addresses that were exits lately, of which
 * one at least must be known to it (n 0: none are known).  False with *why,
 * static: all of its answers are unknown. */
bool tor_zone_works(enum tor_verdict nobody, const enum tor_verdict *exits,
    size_t n, const char **why);

#endif
