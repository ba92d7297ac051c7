/* What `plaintiff` prints of foreign text: on a terminal no byte steers it,
 * in a pipe a mail is what it was.  Oracles: no control byte but LF, well
 * formed UTF-8, and as many lines as there were. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "hub/ctl/mail.h"
#include "hub/ctl/table.h"
#include "proto/base/buf.h"
#include "proto/base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
check_harmless(const struct buf *b)
{
	for (size_t i = 0; i < b->n; i++) {
		unsigned char c = (unsigned char)b->data[i];

		assert(c == '\n' || (c >= 0x20 && c != 0x7f));
		/* C1 and bidirectional controls in UTF-8 */
		assert(c != 0xc2 || (unsigned char)b->data[i + 1] >= 0xa0);
		assert(c != 0xe2 || (memcmp(b->data + i, "\u202e", 3) != 0 &&
		    memcmp(b->data + i, "\u2066", 3) != 0));
	}
	assert(b->n == 0 || text_is_utf8(b->data, b->n));
}

static size_t
count_lines(const char *s, size_t n)
{
	size_t lines = 0;

	for (size_t i = 0; i < n; i++)
		lines += s[i] == '\n';
	return lines;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct text mail = {.at = (const char *)data, .n = n};
	struct buf out = {0};

	mail_show(&out, mail, true);
	check_harmless(&out);
	/* the last line may have lacked its end */
	assert(count_lines(out.data, out.n) - count_lines(mail.at, n) <= 1);
	buf_reset(&out);
	mail_show(&out, mail, false);
	assert(out.n == n && (n == 0 || memcmp(out.data, data, n) == 0));
	buf_reset(&out);
	table_neuter(&out, mail.at, n);
	check_harmless(&out);
	assert(count_lines(out.data, out.n) == 0);
	buf_free(&out);
	return 0;
}
