/*
 * Saved sessions, any bytes: what is refused leaves nothing behind, what is
 * taken comes out as it went in.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sessions *s = sessions_open();
	struct buf first = {0}, second = {0};
	struct text bytes = {.at = (const char *)data, .n = size};
	int loaded = sessions_load(s, SESSION_BYTES, bytes);

	sessions_save(s, SESSION_BYTES, &first);
	if (loaded < 0 ? first.n != 0 : first.n != size)
		abort();
	if (sessions_load(s, 2 * SESSION_BYTES,
		(struct text){.at = first.data, .n = first.n}) < 0)
		abort();
	sessions_save(s, 2 * SESSION_BYTES, &second);
	if (second.n != first.n ||
	    (first.n > 0 && memcmp(first.data, second.data, first.n) != 0))
		abort();
	buf_free(&first);
	buf_free(&second);
	sessions_close(s);
	return 0;
}
