/* One claimed address on its way through lookup; see case.h. */
#include "hub/lookup/case.h"

#include <assert.h>
#include <string.h>

#include "hub/lookup/ask.h"
#include "hub/lookup/range.h"

/* Failures of the zone in a row before the next source is asked instead. */
enum { PATIENCE = 3 };

struct settle_said *
case_said(struct lookup_case *k, const char *method,
    const struct ask_answer *answer)
{
	struct settle_said *s = &k->said[k->said_n++];

	assert(k->said_n <= CASE_SAID_MOST);
	*s = (struct settle_said){.method = method, .answer = answer,
	    .left_s = -1};
	return s;
}

void
case_judge(struct arena *a, const struct hub_conf *conf,
    const struct settle_rules *rules, struct lookup_case *k)
{
	assert(k->said_n > 0);
	settle_judge(a, conf, rules, &k->said[k->said_n - 1]);
}

bool
case_is_found(const struct lookup_case *k)
{
	return k->said_n > 0 &&
	    strcmp(k->said[k->said_n - 1].state, "found") == 0;
}

bool
case_wants_rdap(const struct lookup_case *k)
{
	if (case_is_found(k))
		return false;
	return k->said_n == 0 || k->before.tries >= PATIENCE ||
	    strcmp(k->said[k->said_n - 1].state, "failed") != 0;
}

bool
case_is_shared(const struct settle_said *said)
{
	const struct ask_network *w = &said->answer->network;

	if (w->first.family == 0 || said->answer->state == ASK_FAILED)
		return false;
	return strcmp(said->state, "found") == 0
	    ? range_is_at_most(&w->first, &w->last, 12, 24)
	    : range_is_at_most(&w->first, &w->last, 16, 32);
}
