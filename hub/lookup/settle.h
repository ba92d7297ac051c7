/*
 * What an answer does to an address: its next state, how long that holds,
 * when to ask again.  Pure: time comes in as an argument.
 *
 *   found    holds for the answer's TTL, within found_min and found_max
 *   refused  likewise
 *   none     holds for none_for
 *   failed   is asked again with doubling waits; it never makes a contact
 *            nor "none", and a contact found before is kept only as long as
 *            its own answer was fresh
 */
#ifndef PLAINTIFF_LOOKUP_SETTLE_H
#define PLAINTIFF_LOOKUP_SETTLE_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct ask_answer;
struct hub_conf;

/* An address as it was claimed. */
struct settle_before {
	bool found;             /* its state is found */
	int64_t tries;          /* failures in a row */
	int64_t now_us;         /* database time of the claim */
	int64_t fresh_until_us; /* 0: never was */
};

struct settle_after {
	bool kept;           /* state, contact and freshness stay */
	const char *state;   /* found, none, failed, refused */
	const char *key;     /* found: of the contact; otherwise NULL */
	const char *mailbox; /* found: its address; otherwise NULL */
	const char *why;     /* NULL: as the answer says */
	int64_t fresh_s;     /* from now; -1: not fresh at all */
	int64_t next_s;      /* from now */
	int64_t tries;
};

/* The mailboxes of a found answer are checked again, and ours are left out:
 * we do not complain to ourselves. */
void settle(struct arena *a, const struct hub_conf *conf,
    const struct settle_before *before, const struct ask_answer *answer,
    struct settle_after *out);

#endif
