/*
 * Segments: events put one behind the other into one row, which costs a tenth
 * of a row each.  One is written when it is large enough, and with the commit
 * at the latest; so a log that is being written gives rows of a few events.
 * See outbox_file.h.
 */
#include <string.h>

#include "agent/outbox_file.h"

/* Remembers the span of an event that waits; false when there is no place. */
static bool
add_span(struct outbox *o, uint32_t span)
{
	for (size_t i = o->span_count; i-- > 0;)
		if (o->spans[i] == span)
			return true;
	if (o->span_count == OUTBOX_SEGMENT_SPANS)
		return false;
	o->spans[o->span_count++] = span;
	return true;
}

static enum outbox_result
write_segment(struct outbox *o, int64_t last)
{
	enum outbox_result r;

	(void)sqlite3_bind_int64(o->put, 1, last);
	(void)sqlite3_bind_int64(o->put, 2, (int64_t)o->waiting);
	(void)sqlite3_bind_blob(o->put, 3, o->spans,
	    (int)(o->span_count * sizeof o->spans[0]), SQLITE_STATIC);
	(void)sqlite3_bind_blob(o->put, 6, o->texts.bytes.data,
	    (int)o->texts.bytes.n, SQLITE_STATIC);
	(void)sqlite3_bind_blob(o->put, 4, o->ends.data, (int)o->ends.n,
	    SQLITE_STATIC);
	(void)sqlite3_bind_blob(o->put, 5, o->bytes.data, (int)o->bytes.n,
	    SQLITE_STATIC);
	r = outbox_run(o, o->put);
	for (size_t i = 0; i < o->span_count && r == OUTBOX_OK; i++) {
		(void)sqlite3_bind_int64(o->put_span, 1, o->spans[i]);
		(void)sqlite3_bind_int64(o->put_span, 2, last);
		r = outbox_run(o, o->put_span);
	}
	return r;
}

void
outbox_segment_forget(struct outbox *o)
{
	o->waiting = 0;
	o->span_count = 0;
	buf_reset(&o->ends);
	buf_reset(&o->bytes);
	outbox_texts_reset(&o->texts);
}

enum outbox_result
outbox_segment_flush(struct outbox *o)
{
	int64_t last = o->pending_seq + (int64_t)o->waiting;

	if (o->waiting == 0)
		return o->failed;
	o->failed = write_segment(o, last);
	outbox_segment_forget(o);
	if (o->failed == OUTBOX_OK)
		o->pending_seq = last;
	return o->failed;
}

enum outbox_result
outbox_put(struct outbox *o, const struct event *e)
{
	enum outbox_result r = outbox_begin(o);
	uint32_t end;
	size_t before;

	if (r != OUTBOX_OK)
		return r;
	o->load_count++;
	if (outbox_known_add(o, e->id)) {
		o->pending.repeated++;
		return o->failed;
	}
	if (o->texts.n + OUTBOX_EVENT_SHARES > OUTBOX_TEXTS ||
	    !add_span(o, outbox_span_of(e->id))) {
		r = outbox_segment_flush(o);
		(void)add_span(o, outbox_span_of(e->id));
	}
	if (r != OUTBOX_OK)
		return r;
	before = o->bytes.n;
	outbox_event_pack(&o->bytes, &o->texts, e, o->pending_seq + 1,
	    o->pending_seq + 1 + (int64_t)o->waiting);
	end = (uint32_t)o->bytes.n;
	buf_add(&o->ends, &end, sizeof end);
	o->waiting++;
	o->load_bytes += o->bytes.n - before + sizeof end;
	o->pending.emitted++;
	o->pending.unacked++;
	if (o->bytes.n < OUTBOX_SEGMENT_BYTES)
		return o->failed;
	return outbox_segment_flush(o);
}

/* Steps to the segment; false when there is none or it cannot be read. */
static bool
find(struct outbox *o, sqlite3_stmt *st, int64_t seq)
{
	int rc;

	(void)sqlite3_reset(st);
	(void)sqlite3_bind_int64(st, 1, seq);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		return true;
	(void)sqlite3_reset(st);
	if (rc != SQLITE_DONE && o->failed == OUTBOX_OK)
		o->failed = outbox_judge(o, rc);
	return false;
}

bool
outbox_segment_at(struct outbox *o, int64_t seq, struct outbox_segment *s)
{
	sqlite3_stmt *st = o->segment;

	if (!find(o, st, seq))
		return false;
	*s = (struct outbox_segment){.last = sqlite3_column_int64(st, 0),
	    .ends = sqlite3_column_blob(st, 2),
	    .count = (size_t)sqlite3_column_bytes(st, 2) / sizeof(uint32_t),
	    .bytes = sqlite3_column_blob(st, 3),
	    .n = (size_t)sqlite3_column_bytes(st, 3),
	    .texts = sqlite3_column_blob(st, 4),
	    .texts_n = (size_t)sqlite3_column_bytes(st, 4)};
	s->first = s->last - sqlite3_column_int64(st, 1) + 1;
	return true;
}

void
outbox_segment_done(struct outbox *o)
{
	(void)sqlite3_reset(o->segment);
}

bool
outbox_segment_event(const struct outbox_segment *s, size_t i,
    const char **bytes, size_t *n)
{
	uint32_t start = 0, end;

	if (i >= s->count)
		return false;
	memcpy(&end, s->ends + i * sizeof end, sizeof end);
	if (i > 0)
		memcpy(&start, s->ends + (i - 1) * sizeof start, sizeof start);
	if (start > end || end > s->n)
		return false;
	*bytes = s->bytes + start;
	*n = end - start;
	return true;
}

bool
outbox_segment_measure(struct outbox *o, int64_t seq, struct outbox_measure *m)
{
	sqlite3_stmt *st = o->measure;
	size_t n;

	if (!find(o, st, seq))
		return false;
	m->last = sqlite3_column_int64(st, 0);
	m->first = m->last - sqlite3_column_int64(st, 1) + 1;
	m->bytes = sqlite3_column_int64(st, 2);
	n = (size_t)sqlite3_column_bytes(st, 3);
	if (n > sizeof m->spans)
		n = sizeof m->spans;
	m->span_count = n / sizeof m->spans[0];
	if (n != 0)
		memcpy(m->spans, sqlite3_column_blob(st, 3), n);
	(void)sqlite3_reset(st);
	return true;
}
