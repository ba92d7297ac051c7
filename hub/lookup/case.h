/*
 * One claimed address on its way through lookup: what is known of it, what
 * the sources said, what becomes of it.
 */
#ifndef PLAINTIFF_LOOKUP_CASE_H
#define PLAINTIFF_LOOKUP_CASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hub/lookup/settle.h"
#include "proto/base/addr.h"

struct arena;
struct ask_answer;
struct ask_origin;
struct hub_conf;

enum { CASE_SAID_MOST = 4 };

struct lookup_case {
	struct addr address;
	struct settle_before before;
	bool old;            /* without events of the last report.days */
	bool ours;           /* an agent's own address */
	const char *mailbox; /* by the administrator's table; NULL: none */
	const char *base;    /* of the RDAP server; NULL: none known */
	struct prefix within; /* what that server answers for */
	int64_t later_s;     /* it wants no question for so long; 0: none */
	struct settle_said said[CASE_SAID_MOST]; /* judged, in order */
	size_t said_n;
	const struct ask_origin *origin; /* NULL: not asked */
	struct settle_after after;
	bool parked;         /* not asked again before new events come */
};

/* Notes what a source said, not yet judged. */
struct settle_said *case_said(struct lookup_case *k, const char *method,
    const struct ask_answer *answer);
/* Judges what was said last. */
void case_judge(struct arena *a, const struct hub_conf *conf,
    const struct settle_rules *rules, struct lookup_case *k);
/* Has it a contact now? */
bool case_is_found(const struct lookup_case *k);
/* Should RDAP be asked: the zone knows nobody whom we may mail, or has been
 * failing for a while? */
bool case_wants_rdap(const struct lookup_case *k);

/* May a judged RDAP answer do for other addresses of its range?  A wide one may
 * hold narrower registrations that nobody has asked for: only one of a size
 * that networks have, and one without a contact only when it is small. */
bool case_is_shared(const struct settle_said *said);

#endif
