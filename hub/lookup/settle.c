/* What the answers do to an address; see settle.h. */
#include "hub/lookup/settle.h"

#include <string.h>

#include "hub/conf.h"
#include "hub/lookup/ask.h"
#include "hub/lookup/mailbox.h"
#include "hub/lookup/refusal.h"
#include "proto/base/arena.h"

static int64_t
clamp(int64_t v, int64_t min, int64_t max)
{
	return v < min ? min : v > max ? max : v;
}

static int64_t
held_s(const struct hub_conf *conf, const struct settle_said *said)
{
	int64_t max = conf->lookup_found_max, ttl = said->answer->ttl_s;

	if (said->left_s >= 0)
		return said->left_s;
	/* RDAP has no time to live */
	if (said->answer->method == ASK_RDAP && ttl == 0)
		ttl = conf->lookup_range_for;
	/* a maximum below the minimum wins: shorter is safer */
	return clamp(ttl,
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

/* Why this mailbox is not to be mailed, or NULL. */
static const char *
unfit(const struct hub_conf *conf, const struct settle_rules *rules,
    bool trusted, const struct mailbox *m)
{
	const char *why;

	if (is_ours(conf, m))
		return "mailbox is our own";
	if (trusted)
		return NULL;
	why = refusal_why(rules->refusals, rules->refusals_n, m);
	for (size_t i = 0; why == NULL && i < rules->suspended_n; i++)
		if (strcmp(rules->suspended[i].pattern, m->key) == 0)
			why = rules->suspended[i].why;
	return why;
}

/* The first mailbox that may be mailed; otherwise why the last may not. */
static bool
choose(struct arena *a, const struct hub_conf *conf,
    const struct settle_rules *rules, struct settle_said *said)
{
	for (size_t i = 0; i < said->answer->mailboxes_n; i++) {
		struct mailbox m;

		if (mailbox_parse(a, said->answer->mailboxes[i], &m,
		        &said->why) != MAILBOX_GOOD)
			continue;
		said->why = unfit(conf, rules, said->trusted, &m);
		if (said->why != NULL)
			continue;
		said->key = m.key;
		said->mailbox = m.address;
		return true;
	}
	return false;
}

void
settle_judge(struct arena *a, const struct hub_conf *conf,
    const struct settle_rules *rules, struct settle_said *said)
{
	enum ask_state state = said->answer->state;

	said->key = said->mailbox = said->why = NULL;
	said->fresh_s = -1;
	if (state == ASK_FOUND && !choose(a, conf, rules, said))
		state = ASK_REFUSED;
	said->state = ask_state_name(state);
	switch (state) {
	case ASK_FOUND:
	case ASK_REFUSED:
		said->fresh_s = held_s(conf, said);
		return;
	case ASK_NONE:
		said->fresh_s = said->left_s >= 0 ? said->left_s
		                                  : conf->lookup_none_for;
		return;
	case ASK_FAILED:
	case ASK_STATES:
		return;
	}
}

static const struct settle_said *
first_of(const struct settle_said *said, size_t n, const char *state)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(said[i].state, state) == 0)
			return &said[i];
	return NULL;
}

/* An RDAP answer is one for its range, and the other way round. */
static const char *
kind_of(const char *method)
{
	return strcmp(method, "range") == 0 ? "rdap" : method;
}

/* May the contact of before go on being used although asking has failed? */
static bool
may_keep(const struct hub_conf *conf, const struct settle_before *before,
    const struct settle_said *said, size_t n)
{
	/* once only: fresh_until is moved by the first failure */
	int64_t more_s = before->tries == 0 ? conf->lookup_stale_for : 0;

	if (!before->found ||
	    before->fresh_until_us + more_s * 1000000 <= before->now_us)
		return false;
	for (size_t i = 0; i < n; i++)
		if (strcmp(said[i].state, "failed") != 0 &&
		    strcmp(kind_of(said[i].method),
		        kind_of(before->method)) == 0)
			return false;
	return true;
}

static void
fail(const struct hub_conf *conf, const struct settle_before *before,
    const struct settle_said *said, size_t n, struct settle_after *out)
{
	int64_t later_s = 0;

	for (size_t i = 0; i < n; i++)
		if (said[i].answer->later_s > later_s)
			later_s = said[i].answer->later_s;
	out->fresh_s = -1;
	out->tries = before->tries + 1;
	out->next_s = later_s != 0 ? later_s : retry_s(conf, out->tries);
	out->kept = may_keep(conf, before, said, n);
	if (out->kept && before->tries == 0)
		out->stale_s = conf->lookup_stale_for;
}

void
settle(const struct hub_conf *conf, const struct settle_before *before,
    const struct settle_said *said, size_t n, struct settle_after *out)
{
	static const char *const order[] = {"found", "failed", "refused",
	    "none"};

	*out = (struct settle_after){.state = "none",
	    .why = "no source knows this network",
	    .fresh_s = conf->lookup_none_for,
	    .next_s = conf->lookup_none_for};
	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
		out->by = first_of(said, n, order[i]);
		if (out->by != NULL)
			break;
	}
	if (out->by == NULL)
		return;
	out->state = out->by->state;
	out->why = out->by->why;
	out->fresh_s = out->next_s = out->by->fresh_s;
	if (strcmp(out->state, "failed") == 0)
		fail(conf, before, said, n, out);
	/* what has nearly run out is not asked for in a busy loop */
	if (out->next_s >= 0 && out->next_s < 1)
		out->next_s = 1;
}
