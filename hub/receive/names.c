/* Names in memory; see names.h.  Open addressing, never more than half
 * full; the hash is keyed, since names come from other machines. */
#include "hub/receive/names.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "proto/base/arena.h"
#include "proto/base/die.h"

enum { SLOTS = 2 * NAMES_MOST };

struct slot {
	struct text text;
	int32_t number; /* 0: free */
};

struct names {
	struct arena *texts;
	struct slot *slots;
	size_t n;
	unsigned char key[crypto_shorthash_KEYBYTES];
};

struct names *
names_open(void)
{
	struct names *t = calloc(1, sizeof *t);

	if (t == NULL || (t->slots = calloc(SLOTS, sizeof *t->slots)) == NULL)
		die(EX_OSERR, "out of memory");
	t->texts = arena_open(0);
	crypto_shorthash_keygen(t->key);
	return t;
}

void
names_close(struct names *t)
{
	if (t == NULL)
		return;
	arena_close(t->texts);
	free(t->slots);
	free(t);
}

/* The slot that has the name, or the free one where it belongs. */
static struct slot *
slot_of(const struct names *t, struct text name)
{
	uint64_t h;

	_Static_assert(sizeof h == crypto_shorthash_BYTES,
	    "the hash must fill a number");
	(void)crypto_shorthash((unsigned char *)&h,
	    (const unsigned char *)name.at, name.n, t->key);
	for (;; h++) {
		struct slot *s = &t->slots[h % SLOTS];

		if (s->number == 0 || text_equal(s->text, name))
			return s;
	}
}

int32_t
names_get(const struct names *t, struct text name)
{
	return slot_of(t, name)->number;
}

void
names_put(struct names *t, struct text name, int32_t number)
{
	struct slot *s = slot_of(t, name);

	assert(number > 0 && t->n < NAMES_MOST);
	if (s->number == 0) {
		s->text = (struct text){
		    .at = arena_copy(t->texts, name.at, name.n), .n = name.n};
		t->n++;
	}
	s->number = number;
}

void
names_make_room(struct names *t, size_t n)
{
	assert(n <= NAMES_MOST);
	if (NAMES_MOST - t->n >= n)
		return;
	memset(t->slots, 0, SLOTS * sizeof *t->slots);
	arena_reset(t->texts);
	t->n = 0;
}
