/*
 * The claims of one step of lookup, sorted as they go: what is certain at
 * once, what is still to be asked, what is settled, what goes back.  Neither
 * database nor network; called by lookup.c.
 */
#ifndef PLAINTIFF_LOOKUP_BATCH_H
#define PLAINTIFF_LOOKUP_BATCH_H

#include <stddef.h>

#include "hub/lookup/settle.h"

struct addr;
struct arena;
struct hub_conf;
struct lookup_case;

struct batch {
	struct arena *arena;
	const struct hub_conf *conf;
	struct settle_rules rules;
	struct lookup_case **open; /* without a contact so far */
	size_t open_n;
	struct lookup_case **settled; /* nothing more to ask */
	size_t settled_n;
	struct lookup_case **back; /* not asked: given back as they were */
	size_t back_n;
	struct addr *park;
	size_t park_n;
};

/* Sorts n cases into open, settled and parked; arena, conf and rules are
 * set. */
void batch_sort(struct batch *b, struct lookup_case *cases, size_t n);
/* Open cases that want no other source are settled. */
void batch_sift(struct batch *b);
/* Forgets what registered ranges said that are too wide to speak for other
 * addresses (case_is_shared). */
void batch_narrow(struct batch *b);
/* Open cases whose server cannot be asked are settled: it is not known, wants
 * to be left alone, or what it would say is at hand. */
void batch_sort_servers(struct batch *b);
/* Nobody could be asked: open cases from that one on go back. */
void batch_give_up(struct batch *b, size_t from);
/* The rest of the open ones is settled, and what becomes of all is set. */
void batch_settle(struct batch *b);

#endif
