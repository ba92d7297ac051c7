/* Any address as a token.  Only the one that was made for a report is taken,
 * whatever its case; and an input that begins with a mark is taken as a place
 * and an id: what is made of them is taken, and with another key is not. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <strings.h>

#include "hub/bounce/verp.h"
#include "proto/base/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct verp_key key = {{1, 2, 3}}, other = {{1, 2, 4}};

static void
must(int fact)
{
	if (!fact)
		abort();
}

/* data: 16 bytes of a uuid, one of a delimiter, a mailbox */
static void
make_one(struct arena *a, const uint8_t *data, size_t size)
{
	static const char hex[] = "0123456789abcdef";
	char uuid[33], delimiter[2] = {0}, id[VERP_ID_BYTES + 1];
	struct verp_place place = {.delimiter = delimiter};
	const char *why, *address;

	if (size < 18)
		return;
	for (size_t i = 0; i < 32; i++)
		uuid[i] = hex[data[i / 2] >> (i % 2 * 4) & 15];
	uuid[32] = '\0';
	delimiter[0] = (char)data[16];
	place.mailbox = arena_copy(a, data + 17, size - 17);
	if (!verp_place_is_good(&place, &why))
		return;
	address = verp_address(a, &key, &place, uuid);
	must(strchr(address, '@') - address <= VERP_LOCAL_BYTES);
	must(verp_check(&key, &place, text_of(address), id) == VERP_OURS);
	must(memcmp(id, uuid, VERP_ID_BYTES) == 0);
	must(verp_check(&other, &place, text_of(address), id) == VERP_FORGED);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct verp_place place = {.mailbox = "b@h.example",
	    .delimiter = "+"};
	struct arena *a = arena_open(0);
	struct text t = {.at = (const char *)data, .n = size};
	char id[VERP_ID_BYTES + 1];

	if (size > 0 && data[0] == '!')
		make_one(a, data + 1, size - 1);
	else if (verp_check(&key, &place, t, id) == VERP_OURS) {
		const char *made = verp_address(a, &key, &place, id);

		must(strlen(made) == size &&
		    strncasecmp(made, t.at, size) == 0);
	}
	arena_close(a);
	return 0;
}
