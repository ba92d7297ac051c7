/* The export form of journal entries; see journal.h.  A field is
 * "NAME=value\n", or "NAME\n", eight bytes of length (little-endian), the
 * value and "\n"; an empty line ends the entry. */
#include <string.h>

#include "agent/journal.h"

enum { LENGTH_BYTES = 8 };

static uint64_t
little_endian(const char *s)
{
	uint64_t v = 0;

	for (int i = LENGTH_BYTES; i-- > 0;)
		v = v << 8 | (unsigned char)s[i];
	return v;
}

static enum journal_step
read_binary(struct text bytes, size_t name_n, struct journal_field *out)
{
	size_t head = name_n + 1 + LENGTH_BYTES;
	uint64_t n;

	if (bytes.n < head)
		return JOURNAL_MORE;
	n = little_endian(bytes.at + name_n + 1);
	if (n > JOURNAL_FIELD_BYTES) {
		/* a length that cannot be is one that never ends */
		*out = (struct journal_field){
		    .used = n > UINT64_MAX / 2 ? UINT64_MAX : head + n + 1};
		return JOURNAL_LONG;
	}
	*out = (struct journal_field){.name = {.at = bytes.at, .n = name_n},
	    .value = {.at = bytes.at + head, .n = (size_t)n},
	    .used = head + n + 1};
	return bytes.n < out->used ? JOURNAL_MORE : JOURNAL_FIELD;
}

enum journal_step
journal_read_field(struct text bytes, struct journal_field *out)
{
	const char *lf = memchr(bytes.at, '\n', bytes.n), *equals;
	size_t n = lf == NULL ? bytes.n : (size_t)(lf - bytes.at);

	if (lf == bytes.at && bytes.n > 0) {
		*out = (struct journal_field){.used = 1};
		return JOURNAL_END;
	}
	equals = memchr(bytes.at, '=',
	    n <= JOURNAL_NAME_BYTES ? n : JOURNAL_NAME_BYTES + 1);
	if (equals == NULL && lf != NULL && n <= JOURNAL_NAME_BYTES)
		return read_binary(bytes, n, out);
	if (lf == NULL && bytes.n <= JOURNAL_FIELD_BYTES + JOURNAL_NAME_BYTES)
		return JOURNAL_MORE;
	*out = (struct journal_field){0};
	/* what follows in the line is a client's: it is no field */
	if (lf == NULL || equals == NULL)
		return JOURNAL_LINE;
	*out = (struct journal_field){
	    .name = {.at = bytes.at, .n = (size_t)(equals - bytes.at)},
	    .value = {.at = equals + 1,
		.n = n - (size_t)(equals + 1 - bytes.at)},
	    .used = n + 1};
	return JOURNAL_FIELD;
}
