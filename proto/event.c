/* Event ids; see event.h.  Each part is hashed with its length in front, so
 * that no two different events hash the same bytes. */
#include "proto/event.h"

#include <assert.h>
#include <endian.h>
#include <sodium.h>
#include <string.h>

#include "proto/base/clock.h"

/* Bytes to be hashed at once: a call takes longer than most parts. */
struct hashing {
	crypto_generichash_state state;
	size_t n;
	uint8_t bytes[2048]; /* all of an event but for a longer site */
};

static inline void
hash_bytes(struct hashing *h, const void *bytes, size_t n)
{
	if (n > sizeof h->bytes - h->n) {
		crypto_generichash_update(&h->state, h->bytes, h->n);
		h->n = 0;
	}
	if (n > sizeof h->bytes) {
		crypto_generichash_update(&h->state, bytes, n);
		return;
	}
	if (n != 0)
		memcpy(h->bytes + h->n, bytes, n);
	h->n += n;
}

static inline void
hash_number(struct hashing *h, uint64_t v)
{
	uint64_t be = htobe64(v);

	hash_bytes(h, &be, sizeof be);
}

static void
hash_text(struct hashing *h, struct text t)
{
	hash_number(h, t.n);
	hash_bytes(h, t.at, t.n);
}

static int64_t
second_of(int64_t us)
{
	int64_t s = us / CLOCK_SECOND_US;

	return us % CLOCK_SECOND_US < 0 ? s - 1 : s;
}

void
event_make_id(struct event *e, struct text site)
{
	enum { HASHED = EVENT_ID_BYTES - 4 };
	struct hashing h;
	uint8_t hash[crypto_generichash_BYTES_MIN];
	int64_t second = second_of(e->time_us);
	uint32_t begin;

	_Static_assert(HASHED <= crypto_generichash_BYTES_MIN,
	    "BLAKE2b must give at least the bytes an id takes");
	crypto_generichash_init(&h.state, NULL, 0, sizeof hash);
	h.n = 0;
	hash_text(&h, site);
	hash_text(&h, e->host);
	hash_number(&h, (uint64_t)second);
	hash_text(&h, e->program);
	hash_number(&h, (uint64_t)e->pid);
	hash_text(&h, e->message);
	hash_number(&h, e->ordinal);
	crypto_generichash_update(&h.state, h.bytes, h.n);
	crypto_generichash_final(&h.state, hash, sizeof hash);
	/* before 1970 and after 2106 there is no id in order of time */
	if (second < 0)
		second = 0;
	if (second > UINT32_MAX)
		second = UINT32_MAX;
	begin = htobe32((uint32_t)second);
	memcpy(e->id, &begin, sizeof begin);
	memcpy(e->id + sizeof begin, hash, HASHED);
}

bool
event_id_is_true(const struct event *e, struct text site)
{
	struct event copy = *e;

	event_make_id(&copy, site);
	return memcmp(copy.id, e->id, EVENT_ID_BYTES) == 0;
}

const char *
event_format_id(char out[EVENT_TEXT_ID_BYTES],
    const uint8_t id[EVENT_ID_BYTES])
{
	return sodium_bin2hex(out, EVENT_TEXT_ID_BYTES, id, EVENT_ID_BYTES);
}
