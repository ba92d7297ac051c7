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

enum {
	ABSENT = UINT16_MAX,
	SAME = ABSENT - 1, /* the service is the program, as with Postfix */
	SERVICE = 2,       /* of TEXTS_OF */
};

/* Behind it: source, local if there is one, texts, sum. */
struct head {
	uint8_t id[EVENT_ID_BYTES]; /* first, for outbox_event_id */
	int64_t time_us, read_us, pid;
	uint32_t ordinal;
	uint16_t source_port, local_port;
	uint16_t lengths[OUTBOX_EVENT_TEXTS];
	uint8_t kind, source_family, local_family, unused[5];
};

_Static_assert(sizeof(struct head) == 72, "no bytes without a meaning");
_Static_assert(sizeof(struct head) + 2 * 16 + OUTBOX_SUM_BYTES +
        sizeof(uint32_t) <= OUTBOX_ROW_BYTES, "an event is no larger");
_Static_assert((int)EVENT_MESSAGE_BYTES < (int)SAME &&
        (int)EVENT_TEXT_BYTES < (int)SAME, "a length is a length");

#define TEXTS_OF(e) \
	{&(e)->host, &(e)->program, &(e)->service, &(e)->ptr, &(e)->login, \
	    &(e)->mechanism, &(e)->rule, &(e)->message}

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

/* SipHash, in a third of outbox_sum's time: the disk flips bits, nobody seeks
 * them, and it needs no secret.  The seq is in it, so that an event is never
 * taken for another, whose acknowledgement it would have. */
static void
sum_packed(uint8_t sum[OUTBOX_SUM_BYTES], const char *bytes, size_t n,
    int64_t seq)
{
	unsigned char key[crypto_shorthash_KEYBYTES] = "outbox";

	_Static_assert(sizeof key == 8 + sizeof seq &&
	        OUTBOX_SUM_BYTES == crypto_shorthash_BYTES,
	    "key and sum have their sizes");
	memcpy(key + 8, &seq, sizeof seq);
	(void)crypto_shorthash(sum, (const unsigned char *)bytes, n, key);
}

static char *
put(char *to, const void *bytes, size_t n)
{
	memcpy(to, bytes, n);
	return to + n;
}

void
outbox_event_pack(struct buf *to, const struct event *e, int64_t seq)
{
	const struct text *const texts[] = TEXTS_OF(e);
	size_t source_n = addr_length(&e->source);
	size_t local_n = e->local.family == 0 ? 0 : addr_length(&e->local);
	size_t n = sizeof(struct head) + source_n + local_n;
	struct head h = {.time_us = e->time_us,
	    .read_us = e->read_us,
	    .pid = e->pid,
	    .ordinal = e->ordinal,
	    .source_port = e->source_port,
	    .local_port = e->local_port,
	    .kind = (uint8_t)e->kind,
	    .source_family = e->source.family,
	    .local_family = e->local.family};
	uint8_t sum[OUTBOX_SUM_BYTES];
	char *start, *at;

	memcpy(h.id, e->id, sizeof h.id);
	for (size_t i = 0; i < OUTBOX_EVENT_TEXTS; i++) {
		assert(texts[i]->n < SAME);
		h.lengths[i] =
		    texts[i]->at == NULL ? ABSENT : (uint16_t)texts[i]->n;
	}
	if (e->program.at != NULL && text_equal(e->service, e->program))
		h.lengths[SERVICE] = SAME;
	for (size_t i = 0; i < OUTBOX_EVENT_TEXTS; i++)
		n += h.lengths[i] < SAME ? h.lengths[i] : 0;
	start = buf_reserve(to, n + sizeof sum);
	at = put(start, &h, sizeof h);
	at = put(at, e->source.bytes, source_n);
	at = put(at, e->local.bytes, local_n);
	for (size_t i = 0; i < OUTBOX_EVENT_TEXTS; i++)
		if (h.lengths[i] < SAME && h.lengths[i] != 0)
			at = put(at, texts[i]->at, h.lengths[i]);
	sum_packed(sum, start, n, seq);
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

bool
outbox_event_unpack(const char *bytes, size_t n, int64_t seq, struct arena *a,
    struct event *e)
{
	struct text *const texts[] = TEXTS_OF(e);
	uint8_t sum[OUTBOX_SUM_BYTES];
	const char *at, *end;
	struct head h;

	if (n < sizeof h + sizeof sum)
		return false;
	n -= sizeof sum;
	sum_packed(sum, bytes, n, seq);
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
	if (!take_addr(&at, end, h.source_family, &e->source) ||
	    (h.local_family != 0 &&
	        !take_addr(&at, end, h.local_family, &e->local)))
		return false;
	for (size_t i = 0; i < OUTBOX_EVENT_TEXTS; i++) {
		if (h.lengths[i] >= SAME)
			continue;
		if ((size_t)(end - at) < h.lengths[i])
			return false;
		*texts[i] = (struct text){.at = at, .n = h.lengths[i]};
		at += h.lengths[i];
	}
	if (h.lengths[SERVICE] == SAME)
		e->service = e->program;
	return at == end;
}

const uint8_t *
outbox_event_id(const char *bytes, size_t n)
{
	return n < EVENT_ID_BYTES ? NULL : (const uint8_t *)bytes;
}
