/*
 * Foreign bytes as a frame: never a crash; what passes is packed again to a
 * frame that unpacks to the same events, and costs at most its due.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "proto/base/arena.h"
#include "proto/base/buf.h"
#include "proto/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* Texts and addresses of a hello, beside what the factor is for. */
enum { HELLO_BYTES = 8 * 1024 };

static size_t
heap_most(size_t n)
{
	return WIRE_HEAP_FACTOR * n > WIRE_HEAP_FLOOR_BYTES
	    ? WIRE_HEAP_FACTOR * n
	    : WIRE_HEAP_FLOOR_BYTES;
}

static void
check_same(const struct wire_batch *x, const struct wire_batch *y)
{
	assert(x->batch == y->batch && x->count == y->count);
	for (size_t i = 0; i < x->count; i++) {
		const struct event *e = &x->events[i], *f = &y->events[i];

		assert(memcmp(e->id, f->id, EVENT_ID_BYTES) == 0);
		assert(e->time_us == f->time_us && e->read_us == f->read_us);
		assert(e->kind > KIND_NONE && e->kind < KIND_COUNT);
		assert(addr_equal(&e->source, &f->source));
		assert(text_equal(e->message, f->message));
		assert(text_equal(e->login, f->login));
		assert(text_is_utf8(e->message.at, e->message.n));
		assert(e->message.n <= EVENT_MESSAGE_BYTES);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct arena *a = arena_open(0), *b = arena_open(0);
	struct buf out = {0};
	struct wire_frame f, g;
	const char *why = NULL;

	enum wire_result result = wire_unpack(bytes, n, a, &f, &why);

	assert(f.heap_bytes <= heap_most(n));
	assert(arena_used(a) <= HELLO_BYTES + heap_most(n));
	if (result == WIRE_OK) {
		wire_pack(&f, &out);
		if (out.n <= WIRE_FRAME_BYTES &&
		    wire_unpack(out.data, out.n, b, &g, &why) == WIRE_OK) {
			assert(g.type == f.type);
			if (f.type == WIRE_BATCH)
				check_same(&f.batch, &g.batch);
		} else {
			/* sharing texts makes frames dearer to unpack */
			assert(f.type == WIRE_BATCH);
		}
	} else {
		assert(why != NULL);
	}
	buf_free(&out);
	arena_close(a);
	arena_close(b);
	return 0;
}
