/*
 * What the hub has acknowledged: ranges of seqs, one a batch, so that marking
 * a batch costs one row, however many events it has.  Ranges do not overlap
 * and are over events that are stored.  A range that the disk changed is
 * dropped: its events are sent again, and known there.  See outbox_file.h.
 */
#include <string.h>

#include "agent/outbox_file.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

struct range {
	int64_t first, last, batch, acked_us;
};

static void
sum_range(uint8_t sum[OUTBOX_SUM_BYTES], const struct range *r)
{
	const struct outbox_part parts[] = {{.number = r->first},
	    {.number = r->last}, {.number = r->batch},
	    {.number = r->acked_us}};

	outbox_sum(sum, parts, sizeof parts / sizeof parts[0]);
}

static bool
is_sound(sqlite3_stmt *st, const struct range *r)
{
	uint8_t sum[OUTBOX_SUM_BYTES];

	sum_range(sum, r);
	return sqlite3_column_bytes(st, 4) == OUTBOX_SUM_BYTES &&
	    memcmp(sqlite3_column_blob(st, 4), sum, sizeof sum) == 0;
}

/* The ranges with a last of at least from, in order; next steps. */
static void
begin(struct outbox *o, int64_t from)
{
	(void)sqlite3_reset(o->ranges);
	(void)sqlite3_bind_int64(o->ranges, 1, from);
}

/* False behind the last, and when it cannot be read (o->failed). */
static bool
next(struct outbox *o, struct range *r)
{
	sqlite3_stmt *st = o->ranges;
	int rc;

	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		*r = (struct range){.first = sqlite3_column_int64(st, 0),
		    .last = sqlite3_column_int64(st, 1),
		    .batch = sqlite3_column_int64(st, 2),
		    .acked_us = sqlite3_column_int64(st, 3)};
		if (is_sound(st, r))
			return true;
	}
	(void)sqlite3_reset(st);
	if (rc != SQLITE_DONE && o->failed == OUTBOX_OK)
		o->failed = outbox_judge(o, rc);
	return false;
}

bool
outbox_acked_gap(struct outbox *o, int64_t from, int64_t to, int64_t *first,
    int64_t *last)
{
	struct range r = {0};
	bool any = false;

	begin(o, from);
	while (from <= to && (any = next(o, &r)) && r.first <= from)
		from = r.last + 1;
	(void)sqlite3_reset(o->ranges);
	*first = from;
	*last = any && r.first <= to ? r.first - 1 : to;
	return from <= to && o->failed == OUTBOX_OK;
}

bool
outbox_acked_all(struct outbox *o, int64_t first, int64_t last,
    int64_t *last_us)
{
	struct range r;

	*last_us = INT64_MIN;
	begin(o, first);
	while (first <= last && next(o, &r) && r.first <= first) {
		first = r.last + 1;
		if (r.acked_us > *last_us)
			*last_us = r.acked_us;
	}
	(void)sqlite3_reset(o->ranges);
	return first > last;
}

static enum outbox_result
put_range(struct outbox *o, const struct range *r)
{
	uint8_t sum[OUTBOX_SUM_BYTES];

	sum_range(sum, r);
	(void)sqlite3_bind_int64(o->put_range, 1, r->first);
	(void)sqlite3_bind_int64(o->put_range, 2, r->last);
	(void)sqlite3_bind_int64(o->put_range, 3, r->batch);
	(void)sqlite3_bind_int64(o->put_range, 4, r->acked_us);
	(void)sqlite3_bind_blob(o->put_range, 5, sum, sizeof sum,
	    SQLITE_TRANSIENT);
	return outbox_run(o, o->put_range);
}

/* The events of a gap, as far as they have no hole; false: there are none. */
static bool
events_of(struct outbox *o, int64_t first, int64_t last, struct range *r,
    int64_t *bytes)
{
	struct outbox_measure m;

	*bytes = 0;
	r->first = r->last = first - 1;
	while (r->last < last &&
	       outbox_segment_measure(o, r->last + 1, &m)) {
		int64_t from = m.first > r->last ? m.first : r->last + 1;
		int64_t to = m.last < last ? m.last : last;

		if (from > to || (r->last >= first && from > r->last + 1))
			break;
		if (r->last < first)
			r->first = from;
		r->last = to;
		*bytes += m.bytes * (to - from + 1) / (m.last - m.first + 1);
	}
	return r->last >= first;
}

enum outbox_result
outbox_acked_mark(struct outbox *o, uint64_t batch, int64_t first,
    int64_t last, int64_t *events, int64_t *bytes)
{
	struct range r = {.batch = (int64_t)batch,
	    .acked_us = clock_wall_us()};
	int64_t gap_first, gap_last, more;

	*events = *bytes = 0;
	if (last > o->pending_seq)
		last = o->pending_seq;
	while (outbox_acked_gap(o, first, last, &gap_first, &gap_last)) {
		enum outbox_result result;

		first = gap_last + 1;
		if (!events_of(o, gap_first, gap_last, &r, &more))
			continue;
		result = put_range(o, &r);
		if (result != OUTBOX_OK)
			return result;
		first = r.last + 1;
		*events += r.last - r.first + 1;
		*bytes += more;
	}
	return o->failed;
}

int64_t
outbox_acked_count(struct outbox *o, int64_t above)
{
	struct range r;
	int64_t n = 0;

	begin(o, 0);
	while (next(o, &r))
		if (r.batch > above)
			n += r.last - r.first + 1;
	return n;
}

enum outbox_result
outbox_acked_trim(struct outbox *o, int64_t last)
{
	struct range r;
	bool cut;
	enum outbox_result result;

	begin(o, last + 1);
	cut = next(o, &r) && r.first <= last;
	(void)sqlite3_reset(o->ranges);
	(void)sqlite3_bind_int64(o->drop_ranges, 1, last);
	result = outbox_run(o, o->drop_ranges);
	if (result != OUTBOX_OK || !cut)
		return result;
	r.first = last + 1;
	return put_range(o, &r); /* replaces it */
}
