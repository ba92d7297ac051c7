/* The rounds of questions for a batch of cases; see asking.h. */
#include "hub/lookup/asking.h"

#include <string.h>

#include "hub/conf.h"
#include "hub/lookup/ask.h"
#include "hub/lookup/case.h"
#include "hub/lookup/child.h"
#include "hub/lookup/range.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"

enum {
	DNS_LEAST_MS = 2000,
	DNS_MOST_MS = 30000,
	RDAP_ROUND_MS = 10000,
	RDAP_MOST_MS = 30000, /* all rounds; with DNS_MOST_MS and grace well
	                         below the lease */
};

/* Time for all rounds of a batch when no server answers, in limits: c-ares
 * doubles the timeout with each try, at each server. */
static uint32_t
dns_deadline_ms(const struct ask_setup *setup, size_t names)
{
	uint64_t servers = setup->servers_n == 0 ? 3 : setup->servers_n;
	uint64_t rounds = (names + setup->parallel - 1) / setup->parallel;
	uint64_t ms = rounds * setup->timeout_ms * servers *
	    ((UINT64_C(1) << setup->tries) - 1);

	return ms < DNS_LEAST_MS ? DNS_LEAST_MS
	    : ms > DNS_MOST_MS   ? DNS_MOST_MS
	                         : (uint32_t)ms;
}

static struct ask *
ask_for(const struct asking *k, enum ask_method method, uint32_t deadline_ms)
{
	struct ask *ask = arena_alloc(k->arena, sizeof *ask);

	*ask = (struct ask){.method = method, .deadline_ms = deadline_ms};
	return ask;
}

bool
asking_zone(const struct asking *k, struct lookup_case *const *cases, size_t n)
{
	struct ask *ask = ask_for(k, ASK_ABUSIX,
	    dns_deadline_ms(k->terms->setup, 2 * n));
	struct ask_answer *answers = arena_array(k->arena, n + 1,
	    sizeof *answers);

	if (n == 0)
		return true;
	for (size_t i = 0; i < n; i++)
		ask->addresses[ask->n++] = cases[i]->address;
	if (child_ask(k->child, k->arena, k->terms, ask, answers) !=
	    CHILD_ANSWERED)
		return false;
	for (size_t i = 0; i < n; i++) {
		cases[i]->origin = &answers[i].origin;
		if (k->terms->setup->zone[0] != '\0')
			(void)case_said(cases[i], ask_method_name(ASK_ABUSIX),
			    &answers[i]);
	}
	return true;
}

bool
asking_exits(const struct asking *k, const struct addr *addresses, size_t n,
    struct ask_answer **out)
{
	struct ask *ask = ask_for(k, ASK_DNSEL,
	    dns_deadline_ms(k->terms->setup, n));

	*out = arena_array(k->arena, n + 1, sizeof **out);
	if (n == 0)
		return true;
	memcpy(ask->addresses, addresses, n * sizeof *addresses);
	ask->n = n;
	return child_ask(k->child, k->arena, k->terms, ask, *out) ==
	    CHILD_ANSWERED;
}

bool
asking_hosts(const struct asking *k, struct ask_domains *ask,
    struct ask_host **out)
{
	ask->deadline_ms = dns_deadline_ms(k->terms->setup, ask->n);
	*out = arena_array(k->arena, ask->n, sizeof **out);
	return child_hosts(k->child, k->arena, k->terms, ask, *out) ==
	    CHILD_ANSWERED;
}

/* ---- RDAP ---- */

/* Do they lie so near that one range may hold both? */
static bool
are_near(const struct addr *a, const struct addr *b)
{
	return a->family == b->family &&
	    memcmp(a->bytes, b->bytes, a->family == 4 ? 2 : 4) == 0;
}

/* Which of the ask's servers it is; it is added; -1: no room. */
static int
base_index(struct ask *ask, const char *base)
{
	for (size_t i = 0; i < ask->bases_n; i++)
		if (strcmp(ask->bases[i], base) == 0)
			return (int)i;
	if (ask->bases_n == ASK_BASES_MOST)
		return -1;
	ask->bases[ask->bases_n++] = base;
	return (int)ask->bases_n - 1;
}

/* One case of each neighbourhood into the ask; out[i] is whose question i
 * is. */
static void
choose(struct ask *ask, struct lookup_case *const *cases, size_t n,
    struct lookup_case **out)
{
	for (size_t i = 0; i < n && ask->n < ASK_MOST; i++) {
		size_t j = 0;
		int base;

		while (j < ask->n && !are_near(&ask->addresses[j],
		                         &cases[i]->address))
			j++;
		if (j < ask->n)
			continue;
		base = base_index(ask, cases[i]->base);
		if (base < 0)
			continue;
		out[ask->n] = cases[i];
		ask->base[ask->n] = (uint8_t)base;
		ask->addresses[ask->n++] = cases[i]->address;
	}
}

/* A server speaks only for what the registry says that it knows: an answer
 * for more would make one server's word hold for another's networks. */
static const struct ask_answer *
bounded(struct arena *a, const struct lookup_case *k,
    const struct ask_answer *answer)
{
	struct ask_answer *no;

	if (answer->network.first.family == 0 ||
	    range_is_within(&answer->network.first, &answer->network.last,
	        &k->within))
		return answer;
	no = arena_alloc(a, sizeof *no);
	*no = (struct ask_answer){.address = answer->address,
	    .method = ASK_RDAP, .state = ASK_FAILED, .said = answer->said,
	    .why = TEXT("range is not within what this server answers for")};
	return no;
}

static bool
is_in(const struct ask_network *w, const struct addr *address)
{
	return w->first.family == address->family &&
	    memcmp(w->first.bytes, address->bytes, sizeof w->first.bytes) <=
	    0 &&
	    memcmp(w->last.bytes, address->bytes, sizeof w->last.bytes) >= 0;
}

static void
note(const struct asking *k, struct lookup_case *one,
    const struct ask_answer *answer)
{
	(void)case_said(one, ask_method_name(ASK_RDAP), answer);
	case_judge(k->arena, k->conf, k->rules, one);
}

/* Notes the answer for the case that was asked for and, if it may do for
 * others, for all in its range; takes them out of the list.  How many are
 * left. */
static size_t
spread(const struct asking *k, struct lookup_case *asked,
    const struct ask_answer *answer, struct lookup_case **cases, size_t n)
{
	size_t left = 0;
	bool open = false, shared;

	for (size_t i = 0; i < n && !open; i++)
		open = cases[i] == asked;
	/* another's range has answered for it in this very round */
	if (!open)
		return n;
	note(k, asked, answer);
	shared = case_is_shared(&asked->said[asked->said_n - 1]);
	for (size_t i = 0; i < n; i++) {
		struct lookup_case *one = cases[i];

		if (one == asked)
			continue;
		if (shared && is_in(&answer->network, &one->address) &&
		    strcmp(one->base, asked->base) == 0)
			note(k, one, answer);
		else
			cases[left++] = one;
	}
	return left;
}

/* One round; how many cases are left, or -1. */
static long
round_of(const struct asking *k, struct lookup_case **cases, size_t n)
{
	struct ask *ask = ask_for(k, ASK_RDAP, RDAP_ROUND_MS);
	struct lookup_case **whose = arena_array(k->arena, n, sizeof *whose);
	struct ask_answer *answers;

	choose(ask, cases, n, whose);
	answers = arena_array(k->arena, ask->n, sizeof *answers);
	if (child_ask(k->child, k->arena, k->terms, ask, answers) !=
	    CHILD_ANSWERED)
		return -1;
	for (size_t i = 0; i < ask->n; i++)
		n = spread(k, whose[i],
		    bounded(k->arena, whose[i], &answers[i]), cases, n);
	return (long)n;
}

long
asking_rdap(const struct asking *k, struct lookup_case **cases, size_t n)
{
	int64_t until_ms = clock_mono_ms() + RDAP_MOST_MS;
	struct lookup_case **todo = arena_array(k->arena, n + 1,
	    sizeof *todo);
	size_t done = 0;
	long left = (long)n;

	memcpy(todo, cases, n * sizeof *todo);
	while (left > 0 && clock_mono_ms() < until_ms) {
		left = round_of(k, todo, (size_t)left);
		if (left < 0)
			return -1;
	}
	/* those that are left in todo go to the end */
	for (size_t i = 0; i < n; i++) {
		struct lookup_case *one = cases[i];
		bool waits = false;

		for (long j = 0; j < left && !waits; j++)
			waits = todo[j] == one;
		if (waits)
			continue;
		cases[i] = cases[done];
		cases[done++] = one;
	}
	return (long)done;
}
