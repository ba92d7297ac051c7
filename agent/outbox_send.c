/*
 * The outbox's side towards the hub: what is to be sent, what was
 * acknowledged, batch numbers, removal.  See outbox.h.
 */
#include "agent/outbox_file.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

/* What one step deletes must fit the WAL that was set aside. */
enum {
	TIDY_SEGMENTS = 250,
	TIDY_BYTES = 1 << 20,
};
#define BATCH_RESERVE_US (10 * CLOCK_SECOND_US)

/* An event that the disk changed cannot be sent: it is a gap. */
static void
give_up(struct outbox *o, int64_t seq)
{
	int64_t old, events = 0, bytes;

	log_error("outbox: an event is damaged and given up seq=%lld",
	    (long long)seq);
	if (outbox_begin(o) != OUTBOX_OK)
		return;
	o->failed = outbox_old_forget(o, seq, seq, &old);
	if (o->failed == OUTBOX_OK && old == 0)
		/* no batch: a restored hub does not ask for it */
		o->failed = outbox_acked_mark(o, 0, seq, seq, &events, &bytes);
	if (o->failed != OUTBOX_OK)
		return;
	o->pending.unacked -= (uint64_t)(old + events);
	o->pending.gaps += (uint64_t)(old + events);
}

/* Takes the events of a segment from seq on, up to last; behind the last that
 * was looked at. */
static int64_t
take(const struct outbox_segment *s, int64_t seq, int64_t last, size_t max,
    struct arena *a, struct event *events, int64_t *seqs, size_t *n,
    struct outbox_damaged *d)
{
	struct text texts[OUTBOX_TEXTS];

	outbox_texts_read(s->texts, s->texts_n, s->first, a, texts);
	for (; seq <= last && *n < max && d->n < OUTBOX_MOST_DAMAGED; seq++) {
		const char *bytes;
		size_t length;

		if (outbox_segment_event(s, (size_t)(seq - s->first), &bytes,
		        &length) &&
		    outbox_event_unpack(bytes, length, seq, texts, a,
		        &events[*n]))
			seqs[(*n)++] = seq;
		else
			d->seqs[d->n++] = seq;
	}
	return seq;
}

static size_t
fetch(struct outbox *o, int64_t after, size_t max, struct arena *a,
    struct event *events, int64_t *seqs, struct outbox_damaged *d)
{
	size_t n = outbox_old_fetch(o, after, max, a, events, seqs, d);
	int64_t at = after + 1, first, last;
	struct outbox_segment s;

	/* all old ones are ahead of all others */
	if (n != 0 || d->n != 0)
		return n;
	while (n < max && d->n < OUTBOX_MOST_DAMAGED &&
	       outbox_acked_gap(o, at, o->committed_seq, &first, &last) &&
	       outbox_segment_at(o, first, &s)) {
		if (first < s.first)
			first = s.first;
		if (last > s.last)
			last = s.last;
		at = take(&s, first, last, max, a, events, seqs, &n, d);
		if (at <= last)
			break;
		at = last + 1;
	}
	outbox_segment_done(o);
	return n;
}

size_t
outbox_fetch(struct outbox *o, int64_t after, size_t max, struct arena *a,
    struct event *events, int64_t *seqs)
{
	struct outbox_damaged d = {0};
	size_t n;

	if (after >= o->committed_seq)
		return 0;
	n = fetch(o, after, max, a, events, seqs, &d);
	/* a failure is what the next commit answers */
	for (size_t i = 0; i < d.n; i++)
		give_up(o, d.seqs[i]);
	return n;
}

int64_t
outbox_oldest_us(struct outbox *o)
{
	int64_t seq, us = outbox_old_oldest_us(o);
	struct outbox_damaged d = {0};
	struct event e;
	struct arena *a;

	if (us != 0 || o->committed.unacked == 0)
		return us;
	a = arena_open(0);
	/* the damaged are given up by outbox_fetch */
	if (fetch(o, 0, 1, a, &e, &seq, &d) == 1)
		us = e.read_us;
	arena_close(a);
	return us;
}

/* Removes all that may go, so that a mark has room. */
static void
make_room(struct outbox *o)
{
	while (o->failed == OUTBOX_OK && outbox_tidy(o, INT64_MAX))
		;
}

enum outbox_result
outbox_ack(struct outbox *o, uint64_t batch, int64_t first, int64_t last)
{
	enum outbox_result r = outbox_begin(o);
	int64_t old = 0, old_bytes = 0, events = 0, bytes = 0;

	if (r == OUTBOX_OK)
		r = outbox_old_ack(o, batch, first, last, &old, &old_bytes);
	if (r == OUTBOX_OK)
		r = outbox_acked_mark(o, batch, first, last, &events, &bytes);
	o->pending_acked_bytes += old_bytes + bytes;
	o->pending.unacked -= (uint64_t)(old + events);
	if (r == OUTBOX_FULL && sqlite3_get_autocommit(o->db) == 0) {
		make_room(o);
		r = outbox_acked_mark(o, batch, first, last, &events, &bytes);
		o->pending_acked_bytes += bytes;
		o->pending.unacked -= (uint64_t)events;
	}
	if (r != OUTBOX_OK) {
		o->failed = r;
		return r;
	}
	if (batch > o->last_acked)
		o->last_acked = batch;
	return OUTBOX_OK;
}

size_t
outbox_unack(struct outbox *o, uint64_t batch)
{
	int64_t old, n;

	if (outbox_begin(o) != OUTBOX_OK)
		return 0;
	o->failed = outbox_old_unack(o, batch, &old);
	n = o->failed == OUTBOX_OK ? outbox_acked_count(o, (int64_t)batch) : 0;
	if (o->failed == OUTBOX_OK) {
		(void)sqlite3_bind_int64(o->unack, 1, (int64_t)batch);
		o->failed = outbox_run(o, o->unack);
	}
	if (o->failed != OUTBOX_OK)
		return 0;
	o->pending.unacked += (uint64_t)(old + n);
	o->pending_acked_bytes = outbox_acked_bytes(o);
	o->last_acked = batch;
	return (size_t)(old + n);
}

uint64_t
outbox_last_acked(const struct outbox *o)
{
	return o->last_acked;
}

uint64_t
outbox_next_batch(struct outbox *o)
{
	uint64_t now = (uint64_t)clock_wall_us();

	if (o->last_batch >= now)
		now = o->last_batch + 1;
	o->last_batch = now;
	if (now >= o->batch_reserved && outbox_begin(o) == OUTBOX_OK) {
		/* numbers up to here are used up, should we die now */
		o->batch_reserved = now + BATCH_RESERVE_US;
		(void)sqlite3_bind_int64(o->reserve, 1,
		    (int64_t)o->batch_reserved);
		(void)outbox_run(o, o->reserve);
	}
	return now;
}

static enum outbox_result
remove_segment(struct outbox *o, const struct outbox_measure *m)
{
	enum outbox_result r = OUTBOX_OK;

	for (size_t i = 0; i < m->span_count && r == OUTBOX_OK; i++) {
		(void)sqlite3_bind_int64(o->drop_span, 1, m->spans[i]);
		(void)sqlite3_bind_int64(o->drop_span, 2, m->last);
		r = outbox_run(o, o->drop_span);
	}
	if (r != OUTBOX_OK)
		return r;
	(void)sqlite3_bind_int64(o->drop_segment, 1, m->last);
	return outbox_run(o, o->drop_segment);
}

/* Removes segments whose events are all acknowledged and over, the oldest
 * first, up to the first that must stay; true when it stopped before. */
static bool
tidy_segments(struct outbox *o, int64_t now_us, int64_t over, int64_t *freed)
{
	struct outbox_measure m;
	int64_t last_us, last = 0, bytes = 0;
	size_t n = 0;

	while (n < TIDY_SEGMENTS && bytes < TIDY_BYTES &&
	       outbox_segment_measure(o, last + 1, &m) &&
	       outbox_acked_all(o, m.first, m.last, &last_us) &&
	       (bytes < over || last_us <= now_us - o->options.keep_us)) {
		if (outbox_begin(o) != OUTBOX_OK)
			return false;
		o->failed = remove_segment(o, &m);
		if (o->failed != OUTBOX_OK)
			return false;
		last = m.last;
		bytes += m.bytes;
		n++;
	}
	*freed = bytes;
	if (n == 0)
		return false;
	outbox_known_forget(o->known);
	o->failed = outbox_acked_trim(o, last);
	return o->failed == OUTBOX_OK &&
	    (n == TIDY_SEGMENTS || bytes >= TIDY_BYTES);
}

bool
outbox_tidy(struct outbox *o, int64_t now_us)
{
	int64_t over = o->pending_acked_bytes - o->options.keep_bytes;
	int64_t old, freed = 0;
	bool more = outbox_old_tidy(o, now_us, over, &old);

	if (!more && o->failed == OUTBOX_OK)
		more = tidy_segments(o, now_us, over - old, &freed);
	o->pending_acked_bytes -= old + freed;
	if (o->pending_acked_bytes < 0)
		o->pending_acked_bytes = 0;
	return more && o->failed == OUTBOX_OK;
}
