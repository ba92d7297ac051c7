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

/* The bytes [from, to), as far as there are any, are to be as in head. */
static void
want_same(struct line_again *k, size_t from, size_t to)
{
	for (size_t i = from; i < to && i < LINE_AGAIN_RANGES; i++) {
		k->from[i] = (uint8_t)k->head[i];
		k->more[i] = 0;
	}
}

static void
set_ranges(struct line_again *k)
{
	memset(k->from, 0, sizeof k->from);
	memset(k->more, UINT8_MAX, sizeof k->more);
	want_same(k, k->stamp_n, k->n);
	if (k->form == LINE_RFC3164) {
		want_same(k, 0, LINE_AGAIN_MINUTE);
		k->from[LINE_AGAIN_MINUTE] = '0';
		k->more[LINE_AGAIN_MINUTE] = 5;
		k->from[LINE_AGAIN_MINUTE + 1] = '0';
		k->more[LINE_AGAIN_MINUTE + 1] = 9;
		return;
	}
	want_same(k, 0, LINE_AGAIN_DATE);
	want_same(k, 13, 14);
	want_same(k, 16, 17);
	/* all but a blank */
	for (size_t i = LINE_AGAIN_SECOND; i < k->stamp_n; i++) {
		k->from[i] = ' ' + 1;
		k->more[i] = UINT8_MAX - 1;
	}
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
	set_ranges(k);
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
