/* Words of a server that may say anything at any time.  A mail counts as
 * sent only by a 2xx after all of it was written, as certainly not taken only
 * when its end was not, or by a 4xx or 5xx. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hub/deliver/smtp_talk.h"
#include "proto/base/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(int fact)
{
	if (!fact)
		abort();
}

/* Writes at most n bytes of what may be written. */
static void
writes(struct smtp_talk *t, size_t n)
{
	struct text out;

	while (n != 0 && (out = smtp_talk_out(t)).n != 0) {
		size_t some = out.n < n ? out.n : n;

		smtp_talk_writing(t);
		smtp_talk_wrote(t, some);
		n -= some;
	}
}

/* Each byte 0x80 and above writes something; the others are said. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct smtp_ask ask = {.sender = "a@b.example",
	    .recipient = "c@d.example", .mail = TEXT(".\r\nx\r\n"), .tag = 1};
	struct arena *a = arena_open(0);
	struct smtp_talk t;
	char last = 0;

	if (size == 0)
		goto done;
	smtp_talk_begin(&t, &ask, data[0] & 1, data[0] & 2, a);
	for (size_t i = 1; i < size && !t.over; i++) {
		char c = (char)data[i];

		if (data[i] >= 0x80) {
			writes(&t, data[i] == 0xff ? SIZE_MAX
			                           : data[i] & 0x7fu);
			continue;
		}
		if (t.line_n == 0 && c != '\n')
			last = c;
		smtp_talk_in(&t, &c, 1);
	}
	if (!t.over)
		smtp_talk_cut(&t, "end");
	must(t.over && t.done.tag == 1);
	must(strlen(t.done.said) < sizeof t.done.said);
	must(t.done.result != SMTP_SENT || (t.ended && last == '2' &&
	        t.write == SMTP_PART_COUNT));
	must(t.done.result != SMTP_UNSURE || t.ended);
	if (t.ended && t.done.result != SMTP_SENT &&
	    t.done.result != SMTP_UNSURE)
		must(last == '4' || last == '5');
	must(!t.done.recipient || t.done.result == SMTP_REFUSED);
done:
	arena_close(a);
	return 0;
}
