/*
 * The rounds of questions for a batch of cases: the contact zone, then the
 * registries for those that the zone knows nobody for.  Speaks to finder,
 * not to the database.  Called by lookup.c.
 */
#ifndef PLAINTIFF_LOOKUP_ASKING_H
#define PLAINTIFF_LOOKUP_ASKING_H

#include <stdbool.h>
#include <stddef.h>

struct addr;
struct arena;
struct ask_answer;
struct ask_domains;
struct ask_host;
struct child;
struct child_terms;
struct hub_conf;
struct lookup_case;
struct settle_rules;

struct asking {
	struct arena *arena; /* of all that is learnt */
	const struct hub_conf *conf;
	const struct settle_rules *rules;
	struct child *child;
	const struct child_terms *terms;
};

/* Asks the zone for n cases (at most ASK_MOST) and notes what it said,
 * unjudged.  False: a stop came, or there is no child; nothing is noted. */
bool asking_zone(const struct asking *k, struct lookup_case *const *cases,
    size_t n) __attribute__((warn_unused_result));

/* Asks the RDAP servers of the cases; one question answers for all in its
 * range.  What is said is noted and judged.  Cases for which there was no time
 * are moved to the end; the number of those before them is returned, or -1
 * as asking_zone says false: then some may have been noted. */
long asking_rdap(const struct asking *k, struct lookup_case **cases, size_t n)
    __attribute__((warn_unused_result));

/* Asks Tor's zone about n addresses (at most ASK_MOST); out[i] is what it said
 * of addresses[i].  False as asking_zone. */
bool asking_exits(const struct asking *k, const struct addr *addresses,
    size_t n, struct ask_answer **out) __attribute__((warn_unused_result));

/* Asks which hosts take the mail of the domains, whose time is set here;
 * (*out)[i] is what was said of ask->at[i].  False as asking_zone. */
bool asking_hosts(const struct asking *k, struct ask_domains *ask,
    struct ask_host **out) __attribute__((warn_unused_result));

#endif
