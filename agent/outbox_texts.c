/*
 * The texts that the events of a segment have in common: host, program,
 * service, rule.  A few bytes for each event instead of fifty, and what an
 * event takes on the disk is most of what it costs.  Each has its own sum,
 * so that a damaged one takes only the events that have it.
 *
 * A text is its length in a byte, its bytes, and the sum over both.
 * See outbox_file.h.
 */
#include <assert.h>
#include <string.h>

#include "agent/outbox_file.h"
#include "agent/signs.h"
#include "proto/base/arena.h"

_Static_assert((int)EVENT_TEXT_BYTES <= (int)UINT8_MAX, "a length fits");
_Static_assert((int)OUTBOX_TEXTS < (int)OUTBOX_NO_TEXT &&
        2 * OUTBOX_TEXTS <= OUTBOX_TEXT_SLOTS, "there is always a free slot");

void
outbox_texts_reset(struct outbox_texts *t)
{
	buf_reset(&t->bytes);
	t->n = 0;
	memset(t->slots, 0, sizeof t->slots);
	memset(t->last, 0, sizeof t->last);
}

static size_t
slot_of(struct text t)
{
	uint64_t h = signs_load_last(t.at, t.n) * 31 ^ t.n;

	if (t.n >= SIGNS_WORD)
		h ^= signs_load(t.at);
	return (size_t)(h * UINT64_C(0x9e3779b97f4a7c15) >> 56) %
	       OUTBOX_TEXT_SLOTS;
}

static bool
is_text(const struct outbox_texts *t, size_t i, struct text text)
{
	const char *at = t->bytes.data + t->at[i];

	return (uint8_t)*at == text.n && signs_same(at + 1, text.at, text.n);
}

/* Its place; a new one is added. */
static size_t
find(struct outbox_texts *t, struct text text, int64_t first)
{
	uint8_t sum[OUTBOX_SUM_BYTES];
	size_t i;

	for (i = slot_of(text); t->slots[i] != 0;
	     i = (i + 1) % OUTBOX_TEXT_SLOTS)
		if (is_text(t, t->slots[i] - 1u, text))
			return t->slots[i] - 1u;
	assert(t->n < OUTBOX_TEXTS && text.n <= EVENT_TEXT_BYTES);
	t->at[t->n] = (uint32_t)t->bytes.n;
	buf_putc(&t->bytes, (char)(uint8_t)text.n);
	buf_add(&t->bytes, text.at, text.n);
	outbox_quick_sum(sum, t->bytes.data + t->at[t->n], text.n + 1, first);
	buf_add(&t->bytes, sum, sizeof sum);
	t->slots[i] = (uint8_t)++t->n;
	return t->n - 1;
}

uint8_t
outbox_texts_add(struct outbox_texts *t, size_t which, struct text text,
    int64_t first)
{
	uint8_t *last = &t->last[which];

	if (text.at == NULL)
		return OUTBOX_NO_TEXT;
	if (*last == 0 || !is_text(t, *last - 1u, text))
		*last = (uint8_t)(find(t, text, first) + 1);
	return (uint8_t)(*last - 1);
}

void
outbox_texts_read(const char *bytes, size_t n, int64_t first, struct arena *a,
    struct text out[OUTBOX_TEXTS])
{
	const char *at = arena_copy(a, bytes, n), *end = at + n;

	memset(out, 0, OUTBOX_TEXTS * sizeof *out);
	for (size_t i = 0; i < OUTBOX_TEXTS && at < end; i++) {
		uint8_t sum[OUTBOX_SUM_BYTES];
		size_t length = (uint8_t)*at;

		if ((size_t)(end - at) < 1 + length + sizeof sum)
			return;
		outbox_quick_sum(sum, at, length + 1, first);
		if (memcmp(sum, at + 1 + length, sizeof sum) == 0)
			out[i] = (struct text){.at = at + 1, .n = length};
		at += 1 + length + sizeof sum;
	}
}
