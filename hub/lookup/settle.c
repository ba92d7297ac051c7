/* What an answer does to an address; see settle.h. */
#include "hub/lookup/settle.h"

#include <string.h>

#include "hub/conf.h"
#include "hub/lookup/ask.h"
#include "hub/lookup/mailbox.h"
#include "proto/base/arena.h"

static int64_t
clamp(int64_t v, int64_t min, int64_t max)
{
	return v < min ? min : v > max ? max : v;
}

static int64_t
held_s(const struct hub_conf *conf, const struct ask_answer *answer)
{
	int64_t max = conf->lookup_found_max;

	/* a maximum below the minimum wins: shorter is safer */
	return clamp(answer->ttl_s,
	    conf->lookup_found_min > max ? max : conf->lookup_found_min, max);
}

/* retry_first, doubled for each failure in a row, up to retry_max. */
static int64_t
retry_s(const struct hub_conf *conf, int64_t tries)
{
	int64_t wait = conf->lookup_retry_first;

	for (int64_t i = 1; i < tries && wait < conf->lookup_retry_max; i++)
		wait *= 2;
	return clamp(wait, 1, conf->lookup_retry_max);
}

static bool
is_ours(const struct hub_conf *conf, const struct mailbox *m)
{
	const char *at = strrchr(conf->report_from, '@');

	return mailbox_is_within(m, conf->hub_domain) ||
	    (at != NULL && mailbox_is_within(m, at + 1));
}

/* The first mailbox that may be mailed. */
static bool
choose(struct arena *a, const struct hub_conf *conf,
    const struct ask_answer *answer, struct settle_after *out)
{
	for (size_t i = 0; i < answer->mailboxes_n; i++) {
		struct mailbox m;

		if (mailbox_parse(a, answer->mailboxes[i], &m, &out->why) !=
		    MAILBOX_GOOD)
			continue;
		out->why = "mailbox is our own";
		if (is_ours(conf, &m))
			continue;
		out->key = m.key;
		out->mailbox = m.address;
		out->why = NULL;
		return true;
	}
	return false;
}

void
settle(struct arena *a, const struct hub_conf *conf,
    const struct settle_before *before, const struct ask_answer *answer,
    struct settle_after *out)
{
	enum ask_state state = answer->state;

	*out = (struct settle_after){.fresh_s = -1};
	if (state == ASK_FOUND && !choose(a, conf, answer, out))
		state = ASK_REFUSED;
	out->state = ask_state_name(state);
	switch (state) {
	case ASK_FOUND:
	case ASK_REFUSED:
		out->fresh_s = out->next_s = held_s(conf, answer);
		return;
	case ASK_NONE:
		out->fresh_s = out->next_s = conf->lookup_none_for;
		return;
	case ASK_FAILED:
	case ASK_STATES:
		out->tries = before->tries + 1;
		out->next_s = retry_s(conf, out->tries);
		out->kept = before->found &&
		    before->fresh_until_us > before->now_us;
		return;
	}
}
