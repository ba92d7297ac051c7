/*
 * A million foreign frames: batches as an agent packs them, then damaged, are
 * unpacked one after the other.  Says how many were refused, what the dearest
 * cost in memory, and how often an event passed whose id is not the hash of
 * its content (receive sets those aside).  Used by scenarios/strangers.py.
 *
 * usage: mutate FRAMES SEED
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/arena.h"
#include "proto/base/buf.h"
#include "proto/wire.h"

enum { EVENTS = 200, EMPTY = 120000 };

static uint64_t random_state;

static uint32_t
draw(uint32_t below)
{
	/* xorshift64* */
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (uint32_t)((random_state * UINT64_C(2685821657736338717)) >> 33)
	    % below;
}

static void
make_batch(struct arena *a, uint32_t n, struct buf *out)
{
	struct wire_frame f = {.type = WIRE_BATCH, .batch = {.batch = 7,
	    .site = TEXT(""), .count = n,
	    .events = arena_array(a, n + 1, sizeof(struct event))}};

	for (uint32_t i = 0; i < n; i++) {
		struct event *e = &f.batch.events[i];
		char *said = arena_printf(a, "warning: unknown[192.0.2.%u]: "
		    "SASL LOGIN authentication failed, line %u", i % 200, i);

		*e = (struct event){.time_us = 1700000000000000 + i * 1000,
		    .read_us = 1700000000000000 + i * 1000,
		    .kind = KIND_AUTH_FAILURE, .pid = (int64_t)(i % 90 + 1),
		    .source = {.family = 4,
		        .bytes = {192, 0, 2, (uint8_t)(i % 200)}},
		    .host = TEXT("mx1"), .program = TEXT("postfix/smtpd"),
		    .rule = TEXT("postfix.sasl-failed"),
		    .login = text_of(arena_printf(a, "user%u", i)),
		    .message = text_of(said)};
		event_make_id(e, f.batch.site);
	}
	wire_pack(&f, out);
}

/* As protobuf writes it: field, length, bytes of no meaning. */
static void
make_empty_texts(struct buf *out)
{
	const unsigned n = 2 * EMPTY;
	const char head[] = {0x1a, (char)((n & 127) | 128),
	    (char)((n >> 7 & 127) | 128), (char)(n >> 14)};

	buf_add(out, head, sizeof head);
	for (unsigned i = 0; i < EMPTY; i++)
		buf_add(out, "\x2a\x00", 2);
}

static size_t
damage(char *bytes, size_t n)
{
	for (uint32_t i = draw(8) + 1; i > 0; i--)
		bytes[draw((uint32_t)n)] = (char)draw(256);
	switch (draw(4)) {
	case 0:
		return draw((uint32_t)n);
	case 1: { /* a piece over another */
		size_t piece = draw((uint32_t)n / 2) + 1;

		memmove(bytes + draw((uint32_t)(n - piece)),
		    bytes + draw((uint32_t)(n - piece)), piece);
		return n;
	}
	default:
		return n;
	}
}

struct tally {
	unsigned long ok, large, garbage, false_ids;
	size_t heap, heap_frame; /* the dearest, and its size */
	double ratio;            /* worst of those above the floor */
	unsigned long over;      /* above what wire.h promises */
};

static void
try_frame(struct arena *a, const char *bytes, size_t n, struct tally *t)
{
	struct wire_frame f;
	const char *why;
	size_t used;

	arena_reset(a);
	switch (wire_unpack(bytes, n, a, &f, &why)) {
	case WIRE_OK:
		t->ok++;
		for (size_t i = 0; f.type == WIRE_BATCH && i < f.batch.count;
		     i++)
			t->false_ids += !event_id_is_true(&f.batch.events[i],
			    f.batch.site);
		break;
	case WIRE_TOO_LARGE:
		t->large++;
		break;
	case WIRE_GARBAGE:
		t->garbage++;
		break;
	}
	used = f.heap_bytes;
	t->over += used > WIRE_HEAP_FLOOR_BYTES && used > WIRE_HEAP_FACTOR * n;
	if (used > t->heap) {
		t->heap = used;
		t->heap_frame = n;
	}
	if (used > WIRE_HEAP_FLOOR_BYTES &&
	    (double)used / (double)n > t->ratio)
		t->ratio = (double)used / (double)n;
}

int
main(int argc, char **argv)
{
	enum { MODELS = 4 };
	static const uint32_t events[MODELS] = {3, 50, EVENTS, 1000};
	struct arena *a = arena_open(0), *own = arena_open(0);
	struct buf models[MODELS + 1] = {{0}};
	struct tally t = {0};
	char *bytes = malloc(WIRE_FRAME_BYTES);
	unsigned long frames;

	if (argc != 3 || bytes == NULL) {
		fprintf(stderr, "usage: mutate FRAMES SEED\n");
		return 64;
	}
	frames = strtoul(argv[1], NULL, 10);
	random_state = strtoul(argv[2], NULL, 10) * 2 + 1;
	for (size_t i = 0; i < MODELS; i++) {
		make_batch(own, events[i], &models[i]);
		try_frame(a, models[i].data, models[i].n, &t);
	}
	make_empty_texts(&models[MODELS]);
	for (unsigned long i = 0; i < frames; i++) {
		/* mostly small ones, so that a million take seconds */
		uint32_t which = draw(1000);
		const struct buf *m = &models[which < 900 ? which % 2
		    : which < 990 ? 2 : which < 997 ? 3 : MODELS];

		memcpy(bytes, m->data, m->n);
		try_frame(a, bytes, damage(bytes, m->n), &t);
	}
	printf("{\"frames\": %lu, \"passed\": %lu, \"too_large\": %lu, "
	       "\"garbage\": %lu, \"false_ids\": %lu, \"heap\": %zu, "
	       "\"heap_frame\": %zu, \"ratio\": %.2f, \"over\": %lu}\n",
	    frames, t.ok, t.large, t.garbage, t.false_ids, t.heap,
	    t.heap_frame, t.ratio, t.over);
	arena_close(a);
	arena_close(own);
	for (size_t i = 0; i <= MODELS; i++)
		buf_free(&models[i]);
	free(bytes);
	return t.ok < MODELS || t.over != 0;
}
