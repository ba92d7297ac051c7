/* Ordinals among equal lines; see ordinal.h.  A table with open addressing;
 * what is older than a minute is swept out when the table is full, and never
 * saved. */
#include "agent/ordinal.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/die.h"
#include "proto/event.h"

enum {
	KEPT_S = 60,
	HOSTS = 256,       /* hosts are told apart by one byte of hash */
	SLOTS_LEAST = 256, /* powers of two */
	SLOTS_MOST = 32768,
	ENTRY_BYTES = 17, /* saved */
};

struct entry {
	uint64_t key;
	uint32_t second;
	uint32_t count; /* 0: a free slot */
	uint8_t host;
};

struct ordinals {
	struct entry *slots;
	size_t size; /* a power of two */
	size_t n;
	uint32_t newest[HOSTS];
};

static struct entry *
new_slots(size_t n)
{
	struct entry *slots = calloc(n, sizeof *slots);

	if (slots == NULL)
		die(71, "ordinal: out of memory");
	return slots;
}

struct ordinals *
ordinals_open(void)
{
	struct ordinals *o = calloc(1, sizeof *o);

	if (o == NULL)
		die(71, "ordinal: out of memory");
	o->size = SLOTS_LEAST;
	o->slots = new_slots(o->size);
	return o;
}

void
ordinals_close(struct ordinals *o)
{
	if (o == NULL)
		return;
	free(o->slots);
	free(o);
}

static struct entry *
find(struct ordinals *o, uint64_t key, uint32_t second)
{
	size_t i = key & (o->size - 1);

	while (o->slots[i].count > 0 &&
	       (o->slots[i].key != key || o->slots[i].second != second))
		i = (i + 1) & (o->size - 1);
	return &o->slots[i];
}

static bool
is_kept(const struct ordinals *o, const struct entry *e, uint32_t kept_s)
{
	return e->count > 0 &&
	       (uint64_t)e->second + kept_s >= o->newest[e->host];
}

/* A new table with what is still kept; larger if that needs it.  In a flood
 * that fills the largest, what is kept gets shorter. */
static void
sweep(struct ordinals *o)
{
	struct entry *old = o->slots;
	size_t old_size = o->size, live = 0;
	uint32_t kept_s = KEPT_S;

	for (;; kept_s /= 2) {
		live = 0;
		for (size_t i = 0; i < old_size; i++)
			live += is_kept(o, &old[i], kept_s);
		if (live <= SLOTS_MOST / 4 || kept_s == 0)
			break;
	}
	if (live > SLOTS_MOST / 4)
		live = 0;
	for (o->size = SLOTS_LEAST; o->size < 4 * live;)
		o->size *= 2;
	o->slots = new_slots(o->size);
	o->n = live;
	for (size_t i = 0; live > 0 && i < old_size; i++)
		if (is_kept(o, &old[i], kept_s))
			*find(o, old[i].key, old[i].second) = old[i];
	free(old);
}

static void
add(struct ordinals *o, const struct entry *e)
{
	if (e->second > o->newest[e->host])
		o->newest[e->host] = e->second;
	if (o->n >= o->size / 2)
		sweep(o);
	*find(o, e->key, e->second) = *e;
	o->n++;
}

static uint8_t
hash_host(struct text host)
{
	uint32_t h = 2166136261;

	for (size_t i = 0; i < host.n; i++)
		h = (h ^ (unsigned char)host.at[i]) * 16777619;
	return (uint8_t)(h ^ h >> 8 ^ h >> 16);
}

uint32_t
ordinals_next(struct ordinals *o, const struct event *e)
{
	struct entry new = {.count = 1, .host = hash_host(e->host)}, *known;

	_Static_assert(EVENT_ID_BYTES >= 4 + sizeof new.key,
	    "an id is a second and at least a key");
	for (int i = 0; i < 4; i++)
		new.second = new.second << 8 | e->id[i];
	memcpy(&new.key, e->id + 4, sizeof new.key);
	known = find(o, new.key, new.second);
	if (known->count > 0)
		return known->count++;
	add(o, &new);
	return 0;
}

static void
put(struct buf *out, uint64_t v, int bytes)
{
	for (int i = bytes; i-- > 0;)
		buf_putc(out, (char)(unsigned char)(v >> (8 * i)));
}

static uint64_t
get(const char *s, int bytes)
{
	uint64_t v = 0;

	for (int i = 0; i < bytes; i++)
		v = v << 8 | (unsigned char)s[i];
	return v;
}

void
ordinals_save(const struct ordinals *o, struct buf *out)
{
	for (size_t i = 0; i < o->size; i++) {
		const struct entry *e = &o->slots[i];

		if (!is_kept(o, e, KEPT_S))
			continue;
		put(out, e->key, 8);
		put(out, e->second, 4);
		put(out, e->count, 4);
		put(out, e->host, 1);
	}
}

int
ordinals_load(struct ordinals *o, struct text bytes)
{
	if (bytes.n % ENTRY_BYTES != 0 || bytes.n / ENTRY_BYTES > SLOTS_MOST)
		return -1;
	memset(o->slots, 0, o->size * sizeof *o->slots);
	memset(o->newest, 0, sizeof o->newest);
	o->n = 0;
	for (size_t at = 0; at < bytes.n; at += ENTRY_BYTES) {
		const char *s = bytes.at + at;
		struct entry e = {.key = get(s, 8),
		    .second = (uint32_t)get(s + 8, 4),
		    .count = (uint32_t)get(s + 12, 4),
		    .host = (uint8_t)get(s + 16, 1)};

		if (e.count == 0 || find(o, e.key, e.second)->count > 0)
			return -1;
		add(o, &e);
	}
	return 0;
}
