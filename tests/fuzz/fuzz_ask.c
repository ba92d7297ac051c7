/* Messages between lookup and finder, should the other end be a stranger:
 * what is unpacked and packed again is the same message. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hub/lookup/ask.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must_equal(const struct buf *b, const uint8_t *data, size_t size)
{
	if (b->n != size || memcmp(b->data, data, size) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ask ask;
	static struct ask_items items;
	struct ask_fetch fetch;
	static struct ask_domains domains;
	struct ask_host host;
	struct ask_fetched fetched;
	struct arena *a = arena_open(0);
	struct ask_setup setup;
	struct ask_answer answer;
	struct buf b = {0};
	int kinds = 0;

	if (ask_unpack_setup(a, data, size, &setup)) {
		ask_pack_setup(&b, &setup);
		must_equal(&b, data, size);
		kinds += ask_kind(data, size) == ASK_SETUP;
	}
	if (ask_unpack_ask(a, data, size, &ask)) {
		ask_pack_ask(&b, &ask);
		must_equal(&b, data, size);
		kinds += ask_kind(data, size) == ASK_ASK;
	}
	if (ask_unpack_answer(a, data, size, &answer)) {
		ask_pack_answer(&b, &answer);
		must_equal(&b, data, size);
		kinds += ask_kind(data, size) == ASK_ANSWER;
	}
	if (ask_unpack_fetch(a, data, size, &fetch)) {
		ask_pack_fetch(&b, &fetch);
		must_equal(&b, data, size);
		kinds += ask_kind(data, size) == ASK_FETCH;
	}
	if (ask_unpack_items(a, data, size, &items)) {
		ask_pack_items(&b, &items);
		must_equal(&b, data, size);
		kinds += ask_kind(data, size) == ASK_ITEMS;
	}
	if (ask_unpack_fetched(a, data, size, &fetched)) {
		ask_pack_fetched(&b, &fetched);
		must_equal(&b, data, size);
		kinds += ask_kind(data, size) == ASK_FETCHED;
	}
	if (ask_unpack_domains(a, data, size, &domains)) {
		ask_pack_domains(&b, &domains);
		must_equal(&b, data, size);
		kinds += ask_kind(data, size) == ASK_DOMAINS;
	}
	if (ask_unpack_host(a, data, size, &host)) {
		ask_pack_host(&b, &host);
		must_equal(&b, data, size);
		kinds += ask_kind(data, size) == ASK_HOST;
	}
	if (b.n != 0 && kinds != 1)
		abort();
	buf_free(&b);
	arena_close(a);
	return 0;
}
