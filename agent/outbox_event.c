/*
 * An event as bytes and back, with a sum over all that is sent: a bit that
 * the disk flipped must not accuse another address.  The file never leaves
 * the machine, so numbers are as the processor has them.  See outbox_file.h.
 */
#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "agent/outbox_file.h"
#include "proto/base/arena.h"

/* Texts that are in the event itself, and such as are in its segment's. */
enum { OWN = 3, SHARED = 4 };

/* Behind it: source, local if there is one, message, own texts, sum. */
struct head {
	uint8_t id[EVENT_ID_BYTES]; /* first, for outbox_event_id */
	int64_t time_us, read_us;
	int32_t pid;
	uint32_t ordinal;
	uint16_t source_port, local_port, message_n;
	uint8_t kind;
	uint8_t families;           /* of local and source, half a byte each */
	uint8_t shared[SHARED];
	uint8_t lengths[OWN];
	/* a bit for each own text, and the message: is it there; from INSIDE
	 * on: is it a part of the message */
	uint8_t bits;
};

enum {
	MESSAGE = 1 << OWN,
	INSIDE = MESSAGE << 1,
};

_Static_assert(sizeof(struct head) == 56, "no bytes without a meaning");
_Static_assert(sizeof(struct head) + 2 * 16 + OUTBOX_SUM_BYTES +
        sizeof(uint32_t) <= OUTBOX_ROW_BYTES, "an event is no larger");
_Static_assert((int)EVENT_MESSAGE_BYTES <= (int)UINT16_MAX &&
        (int)EVENT_TEXT_BYTES <= (int)UINT8_MAX, "lengths fit");

#define SHARED_OF(e) {&(e)->host, &(e)->program, &(e)->service, &(e)->rule}
#define OWN_OF(e) {&(e)->ptr, &(e)->login, &(e)->mechanism}

void
outbox_sum(uint8_t sum[OUTBOX_SUM_BYTES], const struct outbox_part *parts,
    size_t n)
{
	uint8_t whole[crypto_generichash_BYTES_MIN];
	crypto_generichash_state h;

	(void)crypto_generichash_init(&h, NULL, 0, sizeof whole);
	for (size_t i = 0; i < n; i++) {
		bool is_number = parts[i].bytes == NULL && parts[i].n == 0;
		/* lengths too, else two fields could share their bytes */
		int64_t head =
		    is_number ? parts[i].number : (int64_t)parts[i].n;

		(void)crypto_generichash_update(
		    &h, (const unsigned char *)&head, sizeof head);
		if (parts[i].n != 0)
			(void)crypto_generichash_update(
			    &h, parts[i].bytes, parts[i].n);
	}
	(void)crypto_generichash_final(&h, whole, sizeof whole);
	memcpy(sum, whole, OUTBOX_SUM_BYTES);
}

/* Each step keeps apart what differed before it, so that no change of up to
 * eight bytes at one place goes unseen, and others do once in 2^64 times. */
static inline uint64_t
mix(uint64_t sum, uint64_t word)
{
	sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return sum ^ sum >> 32;
}

/* In a tenth of a hash's time: the disk flips bits, nobody seeks them.  The
 * seq is in it, so that an event is never taken for another, whose
 * acknowledgement it would have. */
void
outbox_quick_sum(uint8_t sum[OUTBOX_SUM_BYTES], const char *bytes, size_t n,
    int64_t seq)
{
	/* two, since each step waits for the one before */
	uint64_t a = mix(1, (uint64_t)seq), b = n, words[2];

	_Static_assert(sizeof a == OUTBOX_SUM_BYTES, "a sum has its size");
	for (; n >= sizeof words; n -= sizeof words, bytes += sizeof words) {
		memcpy(words, bytes, sizeof words);
		a = mix(a, words[0]);
		b = mix(b, words[1]);
	}
	words[0] = words[1] = 0;
	memcpy(words, bytes, n);
	a = mix(mix(a, words[0]), mix(b, words[1]));
	memcpy(sum, &a, sizeof a);
}

static char *
put(char *to, const void *bytes, size_t n)
{
	if (n != 0)
		memcpy(to, bytes, n);
	return to + n;
}

/* Is the text a part of the other, where it lies? */
static bool
is_inside(struct text t, struct text other)
{
	uintptr_t at = (uintptr_t)t.at, start = (uintptr_t)other.at;

	return t.n > sizeof(uint16_t) && at >= start &&
	       at + t.n <= start + other.n;
}

/* All but the shared texts; how many bytes the others take. */
static size_t
fill_head(struct head *h, const struct event *e)
{
	const struct text *const own[] = OWN_OF(e);
	size_t n = e->message.n;

	memcpy(h->id, e->id, sizeof h->id);
	h->time_us = e->time_us;
	h->read_us = e->read_us;
	h->pid = (int32_t)e->pid;
	h->ordinal = e->ordinal;
	h->source_port = e->source_port;
	h->local_port = e->local_port;
	h->message_n = (uint16_t)e->message.n;
	h->kind = (uint8_t)e->kind;
	h->families = (uint8_t)(e->local.family << 4 | e->source.family);
	h->bits = e->message.at == NULL ? 0 : MESSAGE;
	assert(e->message.n <= EVENT_MESSAGE_BYTES);
	for (size_t i = 0; i < OWN; i++) {
		assert(own[i]->n <= EVENT_TEXT_BYTES);
		h->lengths[i] = (uint8_t)own[i]->n;
		h->bits |= (uint8_t)((own[i]->at != NULL) << i);
		if (is_inside(*own[i], e->message)) {
			h->bits |= (uint8_t)(INSIDE << i);
			n += sizeof(uint16_t);
		} else {
			n += own[i]->n;
		}
	}
	return n;
}

static char *
put_texts(char *at, const struct head *h, const struct event *e)
{
	const struct text *const own[] = OWN_OF(e);

	at = put(at, e->message.at, e->message.n);
	for (size_t i = 0; i < OWN; i++) {
		if ((h->bits & INSIDE << i) != 0) {
			uint16_t offset =
			    (uint16_t)(own[i]->at - e->message.at);

			at = put(at, &offset, sizeof offset);
		} else {
			at = put(at, own[i]->at, own[i]->n);
		}
	}
	return at;
}

void
outbox_event_pack(struct buf *to, struct outbox_texts *texts,
    const struct event *e, int64_t first, int64_t seq)
{
	const struct text *const shared[] = SHARED_OF(e);
	size_t source_n = addr_length(&e->source);
	size_t local_n = e->local.family == 0 ? 0 : addr_length(&e->local);
	uint8_t sum[OUTBOX_SUM_BYTES];
	struct head h;
	char *start, *at;
	size_t n = sizeof h + source_n + local_n + fill_head(&h, e);

	for (size_t i = 0; i < SHARED; i++)
		h.shared[i] = outbox_texts_add(texts, i, *shared[i],
		    first);
	start = buf_reserve(to, n + sizeof sum);
	at = put(start, &h, sizeof h);
	at = put(at, e->source.bytes, source_n);
	at = put(at, e->local.bytes, local_n);
	at = put_texts(at, &h, e);
	assert(at == start + n);
	outbox_quick_sum(sum, start, n, seq);
	(void)put(at, sum, sizeof sum);
	to->n += n + sizeof sum;
}

/* Takes an address of this family off the bytes. */
static bool
take_addr(const char **at, const char *end, uint8_t family, struct addr *a)
{
	size_t n;

	a->family = family;
	if (family != 4 && family != 6)
		return false;
	n = addr_length(a);
	if ((size_t)(end - *at) < n || !addr_from_bytes(*at, n, a))
		return false;
	*at += n;
	return true;
}

static bool
take_text(const char **at, const char *end, size_t n, struct text *t)
{
	if ((size_t)(end - *at) < n)
		return false;
	*t = (struct text){.at = *at, .n = n};
	*at += n;
	return true;
}

static bool
take_own(const char *at, const char *end, const struct head *h,
    struct event *e)
{
	struct text *const own[] = OWN_OF(e);
	struct text message;

	if (!take_text(&at, end, h->message_n, &message))
		return false;
	if ((h->bits & MESSAGE) != 0)
		e->message = message;
	for (size_t i = 0; i < OWN; i++) {
		struct text t;
		uint16_t offset;

		if ((h->bits & INSIDE << i) == 0) {
			if (!take_text(&at, end, h->lengths[i], &t))
				return false;
		} else {
			if (!take_text(&at, end, sizeof offset, &t))
				return false;
			memcpy(&offset, t.at, sizeof offset);
			if (offset + h->lengths[i] > message.n)
				return false;
			t = (struct text){.at = message.at + offset,
			    .n = h->lengths[i]};
		}
		if ((h->bits & 1 << i) != 0)
			*own[i] = t;
	}
	return at == end;
}

static bool
find_shared(const struct head *h, const struct text texts[OUTBOX_TEXTS],
    struct event *e)
{
	struct text *const shared[] = SHARED_OF(e);

	for (size_t i = 0; i < SHARED; i++) {
		if (h->shared[i] == OUTBOX_NO_TEXT)
			continue;
		if (h->shared[i] >= OUTBOX_TEXTS ||
		    texts[h->shared[i]].at == NULL)
			return false;
		*shared[i] = texts[h->shared[i]];
	}
	return true;
}

bool
outbox_event_unpack(const char *bytes, size_t n, int64_t seq,
    const struct text texts[OUTBOX_TEXTS], struct arena *a, struct event *e)
{
	uint8_t sum[OUTBOX_SUM_BYTES];
	const char *at, *end;
	struct head h;

	if (n < sizeof h + sizeof sum)
		return false;
	n -= sizeof sum;
	outbox_quick_sum(sum, bytes, n, seq);
	if (memcmp(sum, bytes + n, sizeof sum) != 0)
		return false;
	at = arena_copy(a, bytes, n);
	end = at + n;
	memcpy(&h, at, sizeof h);
	at += sizeof h;
	*e = (struct event){.time_us = h.time_us,
	    .read_us = h.read_us,
	    .kind = (enum kind)h.kind,
	    .source_port = h.source_port,
	    .local_port = h.local_port,
	    .ordinal = h.ordinal,
	    .pid = h.pid};
	memcpy(e->id, h.id, sizeof e->id);
	return take_addr(&at, end, h.families & 0xf, &e->source) &&
	    (h.families >> 4 == 0 ||
	        take_addr(&at, end, h.families >> 4, &e->local)) &&
	    take_own(at, end, &h, e) && find_shared(&h, texts, e);
}

const uint8_t *
outbox_event_id(const char *bytes, size_t n)
{
	return n < EVENT_ID_BYTES ? NULL : (const uint8_t *)bytes;
}
