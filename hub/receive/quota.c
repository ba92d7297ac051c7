/* Limits of each agent; see quota.h. */
#include "hub/receive/quota.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "hub/conf.h"
#include "hub/receive/meter.h"
#include "proto/base/addr.h"
#include "proto/base/die.h"
#include "proto/event.h"

enum {
	HOUR_MS = 3600 * 1000,
	SLOTS_FIRST = 64,   /* of agents; a power of two */
	BITS_AN_ENTRY = 8,  /* at the limit one in sixteen is not counted */
	FEW_FIRST = 32,     /* hashes, while they take less than bits */
	MILLI = 1000,
	V4_NETWORK_BYTES = 3,
	V6_NETWORK_BYTES = 6,
};

/* Different things seen since the hour began: hashes while they are few, as
 * of most agents, then bits.  A thousand agents' bits would be 70 MB. */
struct seen {
	uint64_t *few; /* 0: a free slot; NULL: none yet, or bits */
	size_t few_slots; /* a power of two */
	uint8_t *bits;
	size_t bit_count;
	int64_t count, limit;
};

struct quota {
	int32_t agent; /* 0: a free slot */
	int64_t tokens_milli, tokens_ms;
	int64_t hour_ms; /* when its hour began */
	struct seen addresses, networks;
	struct meter refused;
};

struct quotas {
	struct quota **slots;
	size_t slot_count, used;
	unsigned char key[crypto_shorthash_KEYBYTES]; /* nobody can aim */
};

struct quota_limits
quota_limits_of(const struct hub_conf *conf)
{
	return (struct quota_limits){
	    .events_rate = conf->receive_events_rate,
	    .events_burst = conf->receive_events_burst,
	    .addresses = conf->receive_addresses_an_hour,
	    .networks = conf->receive_networks_an_hour,
	};
}

static void *
zeroed(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (p == NULL)
		die(EX_OSERR, "out of memory");
	return p;
}

struct quotas *
quotas_open(void)
{
	struct quotas *q = zeroed(1, sizeof *q);

	q->slot_count = SLOTS_FIRST;
	q->slots = zeroed(q->slot_count, sizeof(struct quota *));
	randombytes_buf(q->key, sizeof q->key);
	return q;
}

static void
forget(struct seen *s)
{
	free(s->few);
	free(s->bits);
	*s = (struct seen){.limit = s->limit};
}

void
quotas_close(struct quotas *q)
{
	if (q == NULL)
		return;
	for (size_t i = 0; i < q->slot_count; i++) {
		if (q->slots[i] == NULL)
			continue;
		forget(&q->slots[i]->addresses);
		forget(&q->slots[i]->networks);
		free(q->slots[i]);
	}
	free(q->slots);
	free(q);
}

static struct quota **
slot_of(struct quota **slots, size_t n, int32_t agent)
{
	size_t at = ((uint32_t)agent * UINT32_C(2654435761)) & (n - 1);

	while (slots[at] != NULL && slots[at]->agent != agent)
		at = (at + 1) & (n - 1);
	return &slots[at];
}

static void
grow(struct quotas *q)
{
	size_t n = q->slot_count * 2;
	struct quota **slots = zeroed(n, sizeof(struct quota *));

	for (size_t i = 0; i < q->slot_count; i++)
		if (q->slots[i] != NULL)
			*slot_of(slots, n, q->slots[i]->agent) = q->slots[i];
	free(q->slots);
	q->slots = slots;
	q->slot_count = n;
}

static struct quota *
quota_of(struct quotas *q, int32_t agent, const struct quota_limits *l,
    int64_t now_ms)
{
	struct quota **slot;

	if (q->used * 2 >= q->slot_count)
		grow(q);
	slot = slot_of(q->slots, q->slot_count, agent);
	if (*slot == NULL) {
		*slot = zeroed(1, sizeof **slot);
		(*slot)->agent = agent;
		(*slot)->tokens_milli = l->events_burst * MILLI;
		(*slot)->tokens_ms = (*slot)->hour_ms = now_ms;
		q->used++;
	}
	return *slot;
}

/* ---- events a second ---- */

/* Milliseconds until there is a token for each event; 0: now. */
static int64_t
tokens_wait(struct quota *u, const struct quota_limits *l, size_t n,
    int64_t now_ms)
{
	int64_t most = l->events_burst * MILLI, missing;
	int64_t rate = l->events_rate; /* tokens / 1000 a millisecond */

	if (rate == 0)
		return 0;
	/* multiplied only where the result is below most */
	if (now_ms - u->tokens_ms > (most - u->tokens_milli) / rate)
		u->tokens_milli = most;
	else
		u->tokens_milli += (now_ms - u->tokens_ms) * rate;
	u->tokens_ms = now_ms;
	missing = (int64_t)n * MILLI - u->tokens_milli;
	return missing <= 0 ? 0 : missing / rate + 1;
}

/* ---- different addresses and networks an hour ---- */

static void
begin_hour(struct seen *s, int64_t limit)
{
	forget(s);
	s->limit = limit;
	s->bit_count = (size_t)limit * BITS_AN_ENTRY;
}

static uint64_t
hash_of(const struct quotas *q, const uint8_t *bytes, size_t n)
{
	unsigned char hash[crypto_shorthash_BYTES];
	uint64_t h;

	_Static_assert(sizeof h == crypto_shorthash_BYTES, "one number");
	(void)crypto_shorthash(hash, bytes, n, q->key);
	memcpy(&h, hash, sizeof h);
	return h == 0 ? 1 : h;
}

/* Where h is among the few, or the free slot where it belongs. */
static size_t
few_at(const uint64_t *few, size_t slots, uint64_t h)
{
	size_t at = (size_t)h & (slots - 1);

	while (few[at] != 0 && few[at] != h)
		at = (at + 1) & (slots - 1);
	return at;
}

static bool
bit_set(struct seen *s, uint64_t h)
{
	size_t bit = (size_t)(h % s->bit_count);
	uint8_t mask = (uint8_t)(1u << (bit % 8));
	bool is_new = (s->bits[bit / 8] & mask) == 0;

	s->bits[bit / 8] |= mask;
	return is_new;
}

/* More room for the few, or bits once those take less. */
static void
seen_grow(struct seen *s)
{
	size_t slots = s->few_slots == 0 ? FEW_FIRST : s->few_slots * 2;
	uint64_t *few = s->few;

	s->few = NULL;
	if (slots * sizeof *few < s->bit_count / 8)
		s->few = zeroed(slots, sizeof *few);
	else
		s->bits = zeroed(s->bit_count / 8, 1);
	for (size_t i = 0; i < s->few_slots; i++) {
		if (few[i] == 0)
			continue;
		if (s->few != NULL)
			s->few[few_at(s->few, slots, few[i])] = few[i];
		else
			(void)bit_set(s, few[i]);
	}
	s->few_slots = slots;
	free(few);
}

/* True when it is new. */
static bool
seen_add(struct seen *s, uint64_t h)
{
	size_t at;

	if (s->bits == NULL && (size_t)s->count * 4 >= s->few_slots * 3)
		seen_grow(s);
	if (s->bits != NULL)
		return bit_set(s, h);
	at = few_at(s->few, s->few_slots, h);
	if (s->few[at] == h)
		return false;
	s->few[at] = h;
	return true;
}

static void
seen_remove(struct seen *s, uint64_t h)
{
	size_t bit = (size_t)(h % s->bit_count), mask = s->few_slots - 1;
	size_t gap, at;

	if (s->bits != NULL) {
		s->bits[bit / 8] &= (uint8_t)~(1u << (bit % 8));
		return;
	}
	gap = few_at(s->few, s->few_slots, h);
	/* what was pushed on over this slot moves back */
	for (at = (gap + 1) & mask; s->few[at] != 0; at = (at + 1) & mask) {
		size_t home = (size_t)s->few[at] & mask;

		if (((at - home) & mask) < ((at - gap) & mask))
			continue;
		s->few[gap] = s->few[at];
		gap = at;
	}
	s->few[gap] = 0;
}

/* Bytes of the address that s counts by. */
static size_t
length_of(const struct addr *a, bool network)
{
	if (!network)
		return addr_length(a);
	return a->family == 4 ? V4_NETWORK_BYTES : V6_NETWORK_BYTES;
}

static bool
fits(const struct seen *s)
{
	return s->limit == 0 || s->count <= s->limit;
}

/* Marks what is new; undo gets what was, how many. */
static size_t
mark(const struct quotas *q, struct seen *s, bool network,
    const struct event *events, size_t n, uint64_t *undo)
{
	size_t set = 0;

	if (s->limit == 0)
		return 0;
	for (size_t i = 0; i < n; i++) {
		const struct addr *a = &events[i].source;
		uint64_t h = hash_of(q, a->bytes, length_of(a, network));

		if (!seen_add(s, h))
			continue;
		s->count++;
		undo[set++] = h;
	}
	return set;
}

static void
unmark(struct seen *s, const uint64_t *undo, size_t set)
{
	for (size_t i = 0; i < set; i++)
		seen_remove(s, undo[i]);
	s->count -= (int64_t)set;
}

static enum quota_which
take_sources(struct quotas *q, struct quota *u, const struct event *events,
    size_t n)
{
	uint64_t *undo = zeroed(2 * n + 1, sizeof *undo);
	size_t addresses = mark(q, &u->addresses, false, events, n, undo);
	size_t networks =
	    mark(q, &u->networks, true, events, n, undo + addresses);
	enum quota_which which = !fits(&u->addresses) ? QUOTA_ADDRESSES
	    : !fits(&u->networks)                     ? QUOTA_NETWORKS
	                                              : QUOTA_FREE;

	if (which != QUOTA_FREE) {
		unmark(&u->addresses, undo, addresses);
		unmark(&u->networks, undo + addresses, networks);
	}
	free(undo);
	return which;
}

struct quota_answer
quotas_take(struct quotas *q, int32_t agent, const struct quota_limits *l,
    const struct event *events, size_t n, int64_t now_ms)
{
	struct quota *u = quota_of(q, agent, l, now_ms);
	struct quota_answer answer = {.which = QUOTA_EVENTS,
	    .retry_ms = tokens_wait(u, l, n, now_ms)};

	if (now_ms - u->hour_ms >= HOUR_MS ||
	    u->addresses.limit != l->addresses ||
	    u->networks.limit != l->networks) {
		u->hour_ms = now_ms;
		begin_hour(&u->addresses, l->addresses);
		begin_hour(&u->networks, l->networks);
	}
	if (answer.retry_ms == 0) {
		answer.which = take_sources(q, u, events, n);
		answer.retry_ms = u->hour_ms + HOUR_MS - now_ms;
	}
	if (answer.which != QUOTA_FREE)
		answer.said = meter_hit(&u->refused, now_ms);
	else if (l->events_rate != 0)
		u->tokens_milli -= (int64_t)n * MILLI;
	return answer;
}

const char *
quota_setting(enum quota_which which)
{
	switch (which) {
	case QUOTA_EVENTS:
		return "events_rate";
	case QUOTA_ADDRESSES:
		return "addresses_an_hour";
	case QUOTA_NETWORKS:
		return "networks_an_hour";
	case QUOTA_FREE:
		break;
	}
	return "none";
}
