/* Keeping a header; see line_again.h. */
#include "agent/line_again.h"

#include <string.h>

#include "agent/line_inside.h"
#include "proto/event.h"

void
line_again_drop(struct line_again *k)
{
	k->n = 0;
}

/* Bits [from, to), as far as there are any. */
static uint64_t
bits(size_t from, size_t to)
{
	uint64_t below = from >= 64 ? 0 : UINT64_MAX << from;

	return to >= 64 ? below : below & ((UINT64_C(1) << to) - 1);
}

/* As line_again_stamp and line_again_host look at them. */
static void
set_bits(struct line_again *k)
{
	k->same = bits(k->stamp_n, k->n);
	k->unblank = 0;
	if (k->form == LINE_RFC3164) {
		k->same |= bits(0, LINE_AGAIN_MINUTE);
		return;
	}
	k->same |= bits(0, LINE_AGAIN_DATE) | bits(13, 14) | bits(16, 17);
	k->unblank = bits(LINE_AGAIN_SECOND, k->stamp_n);
}

void
line_again_keep(
    struct line_again *k, struct text line, const struct line *parsed)
{
	size_t n = parsed->stamp.n + 1 + parsed->host.n + 1;

	k->n = 0;
	if (parsed->host.at != parsed->stamp.at + parsed->stamp.n + 1 ||
	    parsed->stamp.at != line.at || n > LINE_AGAIN_BYTES)
		return;
	if (parsed->form == LINE_RFC3164
	        ? parsed->stamp.n != LINE_AGAIN_RFC3164
	        : parsed->form != LINE_RFC3339 ||
	            parsed->stamp.n < LINE_AGAIN_SECOND + SIGNS_WORD ||
	            parsed->stamp.n > LINE_AGAIN_LONGEST)
		return;
	k->form = parsed->form;
	k->stamp_n = parsed->stamp.n;
	k->n = n;
	k->host_mask = UINT64_MAX;
	if (n - k->stamp_n < SIGNS_WORD)
		k->host_mask = (UINT64_C(1) << 8 * (n - k->stamp_n)) - 1;
	memcpy(k->head, line.at, n);
	set_bits(k);
}

bool
line_again_take_daemon(struct line_found *out)
{
	struct line l = {.program = out->program,
	    .message = out->message,
	    .pid = EVENT_NO_PID};

	line_take_daemon(&l);
	out->program = l.program;
	out->message = l.message;
	return l.piece == 0;
}
