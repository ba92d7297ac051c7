/* Ranges as prefixes; see range.h. */
#include "hub/lookup/range.h"

#include <assert.h>
#include <string.h>

#include "proto/base/addr.h"

static bool
bit(const struct addr *a, unsigned i)
{
	return (a->bytes[i / 8] >> (7 - i % 8) & 1) != 0;
}

/* The last address of the prefix that begins at a. */
static struct addr
end_of(struct addr a, unsigned bits)
{
	unsigned all = (unsigned)addr_length(&a) * 8;

	for (unsigned i = bits; i < all; i++)
		a.bytes[i / 8] |= (uint8_t)(0x80 >> i % 8);
	return a;
}

/* a + 1; false when there is none behind it. */
static bool
next(struct addr *a)
{
	for (size_t i = addr_length(a); i-- > 0;)
		if (++a->bytes[i] != 0)
			return true;
	return false;
}

static int
compare(const struct addr *a, const struct addr *b)
{
	return memcmp(a->bytes, b->bytes, addr_length(a));
}

void
range_pieces(struct arena *a, const struct addr *first,
    const struct addr *last, struct prefixes *out)
{
	struct addr at = *first;

	assert(first->family == last->family && compare(first, last) <= 0);
	for (;;) {
		unsigned bits = (unsigned)addr_length(&at) * 8;
		struct addr end;

		/* the largest block that begins here and does not pass last */
		while (bits > 0 && !bit(&at, bits - 1)) {
			end = end_of(at, bits - 1);
			if (compare(&end, last) > 0)
				break;
			bits--;
		}
		prefixes_add(a, out, (struct prefix){.addr = at,
		    .bits = (uint8_t)bits});
		end = end_of(at, bits);
		if (compare(&end, last) >= 0)
			return;
		at = end;
		(void)next(&at);
	}
}

bool
range_is_within(const struct addr *first, const struct addr *last,
    const struct prefix *p)
{
	return prefix_holds(p, first) && prefix_holds(p, last);
}

/* The first n bytes as a number. */
static uint64_t
top(const struct addr *a, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | a->bytes[i];
	return v;
}

bool
range_is_at_most(const struct addr *first, const struct addr *last,
    unsigned bits4, unsigned bits6)
{
	size_t bytes = first->family == 4 ? 4 : 8;
	unsigned bits = first->family == 4 ? bits4 : bits6;
	uint64_t more = top(last, bytes) - top(first, bytes);

	return bits == 0 || more < UINT64_C(1) << (bytes * 8 - bits);
}
