/*
 * What the answers do to an address: its contact or its lack, how long that
 * holds, when to ask again.  Pure: time comes in as an argument.
 *
 *   found    the first mailbox of the first source that names one which may
 *            be mailed; holds for the answer's TTL, within found_min and
 *            found_max
 *   refused  likewise, when sources name only others
 *   none     holds for none_for
 *   failed   is asked again with doubling waits; it never makes a contact
 *            nor "none".  A contact found before is kept while its answer is
 *            fresh and stale_for longer, unless its source has just said
 *            something else
 */
#ifndef PLAINTIFF_LOOKUP_SETTLE_H
#define PLAINTIFF_LOOKUP_SETTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct ask_answer;
struct hub_conf;
struct refusal;

/* Who must not be a contact. */
struct settle_rules {
	const struct refusal *refusals;
	size_t refusals_n;
	const struct refusal *suspended; /* patterns: keys of contacts that are
	                                    no use */
	size_t suspended_n;
};

/* An address as it was claimed. */
struct settle_before {
	bool found;             /* its state is found */
	const char *method;     /* of its state; "" for none */
	int64_t tries;          /* failures in a row */
	int64_t now_us;         /* database time of the claim */
	int64_t fresh_until_us; /* 0: never was */
};

/* What one source said. */
struct settle_said {
	const char *method; /* as in the table answer */
	const struct ask_answer *answer;
	bool trusted;       /* the administrator: refusals do not count */
	int64_t asked_us;   /* when it was said; 0: just now */
	int64_t left_s;     /* how long it still holds; -1: by its TTL */
	int64_t network;    /* row of its registered range; 0: none */
	/* set by settle_judge: */
	const char *state;  /* found, none, failed, refused */
	const char *key, *mailbox; /* found; otherwise NULL */
	const char *why;    /* NULL: as the answer says */
	int64_t fresh_s;    /* from now; -1: not fresh at all */
};

struct settle_after {
	bool kept;            /* state, contact and freshness stay */
	const char *state;    /* found, none, failed, refused */
	const char *why;      /* if no source was asked */
	const struct settle_said *by; /* whose answer it is; NULL: nobody's */
	int64_t fresh_s;      /* from now; -1: not fresh at all */
	int64_t stale_s;      /* kept: so much longer than before */
	int64_t next_s;       /* from now; -1: not before new events */
	int64_t tries;
};

/* Judges one answer.  The mailboxes of a found one are checked again; those
 * that the rules refuse and our own are left out: we do not complain to
 * ourselves. */
void settle_judge(struct arena *a, const struct hub_conf *conf,
    const struct settle_rules *rules, struct settle_said *said);

/* From all judged answers, in the order of asking, what becomes of the
 * address.  None at all is "none". */
void settle(const struct hub_conf *conf, const struct settle_before *before,
    const struct settle_said *said, size_t n, struct settle_after *out);

#endif
