/*
 * The outbox's side towards the hub: what is to be sent, what was
 * acknowledged, batch numbers, removal.  See outbox.h.
 */
#include <stdio.h>

#include "agent/outbox_file.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

/* What one step deletes must fit the WAL that was set aside. */
enum { TIDY_ROWS = 250 };
#define BATCH_RESERVE_US (10 * CLOCK_SECOND_US)

/* A row that the disk changed cannot be sent: it is a gap. */
static void
give_up(struct outbox *o, int64_t seq)
{
	log_error("outbox: an event is damaged and given up seq=%lld",
	    (long long)seq);
	if (outbox_begin(o) != OUTBOX_OK)
		return;
	(void)sqlite3_bind_int64(o->forget, 1, seq);
	(void)sqlite3_bind_int64(o->forget, 2, seq);
	o->failed = outbox_run(o, o->forget);
	if (o->failed != OUTBOX_OK)
		return;
	o->pending.unacked--;
	o->pending.gaps++;
}

size_t
outbox_fetch(struct outbox *o, int64_t after, size_t max, struct arena *a,
    struct event *events, int64_t *seqs)
{
	enum { MOST_DAMAGED = 64 };
	sqlite3_stmt *st = o->fetch;
	int64_t damaged[MOST_DAMAGED];
	size_t n = 0, bad = 0;
	int rc = SQLITE_DONE;

	if (after >= o->committed_seq)
		return 0;
	(void)sqlite3_bind_int64(st, 1, after);
	(void)sqlite3_bind_int64(st, 2, o->committed_seq);
	(void)sqlite3_bind_int64(st, 3, (int64_t)max);
	while (n < max && bad < MOST_DAMAGED &&
	    (rc = sqlite3_step(st)) == SQLITE_ROW) {
		int64_t seq = sqlite3_column_int64(st, 19);

		if (outbox_event_read(st, a, &events[n]))
			seqs[n++] = seq;
		else
			damaged[bad++] = seq;
	}
	(void)sqlite3_reset(st);
	for (size_t i = 0; i < bad; i++)
		give_up(o, damaged[i]);
	/* the next commit answers so */
	if (rc != SQLITE_ROW && rc != SQLITE_DONE && o->failed == OUTBOX_OK)
		o->failed = outbox_judge(o, rc);
	return n;
}

enum outbox_result
outbox_ack(struct outbox *o, uint64_t batch, int64_t first, int64_t last)
{
	enum outbox_result r = outbox_begin(o);
	sqlite3_stmt *st = o->ack;
	int64_t rows = 0, bytes = 0;
	int rc;

	if (r != OUTBOX_OK)
		return r;
	(void)sqlite3_bind_int64(st, 1, clock_wall_us());
	(void)sqlite3_bind_int64(st, 2, (int64_t)batch);
	(void)sqlite3_bind_int64(st, 3, first);
	(void)sqlite3_bind_int64(st, 4, last);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		rows++;
		bytes += sqlite3_column_int64(st, 0) + OUTBOX_ROW_BYTES;
	}
	r = outbox_judge(o, rc);
	(void)sqlite3_reset(st);
	if (r == OUTBOX_FULL && sqlite3_get_autocommit(o->db) == 0) {
		/* rows grow when marked; at the cap remove them instead */
		(void)sqlite3_bind_int64(o->forget, 1, first);
		(void)sqlite3_bind_int64(o->forget, 2, last);
		r = outbox_run(o, o->forget);
		rows = sqlite3_changes(o->db);
		bytes = 0;
	}
	if (r != OUTBOX_OK) {
		o->failed = r;
		return r;
	}
	o->pending_acked_bytes += bytes;
	o->pending.unacked -= (uint64_t)rows;
	if (batch > o->last_acked)
		o->last_acked = batch;
	return OUTBOX_OK;
}

size_t
outbox_unack(struct outbox *o, uint64_t batch)
{
	sqlite3_stmt *st = NULL;
	size_t n = 0;

	if (outbox_begin(o) != OUTBOX_OK)
		return 0;
	if (sqlite3_prepare_v2(o->db, "UPDATE event SET acked_us = 0, "
	        "batch = 0 WHERE acked_us <> 0 AND batch > ?", -1, &st,
	        NULL) == SQLITE_OK) {
		(void)sqlite3_bind_int64(st, 1, (int64_t)batch);
		o->failed = outbox_judge(o, sqlite3_step(st));
		if (o->failed == OUTBOX_OK)
			n = (size_t)sqlite3_changes(o->db);
	} else {
		o->failed = outbox_judge(o, sqlite3_errcode(o->db));
	}
	(void)sqlite3_finalize(st);
	if (o->failed != OUTBOX_OK)
		return 0;
	o->pending.unacked += n;
	o->pending_acked_bytes = outbox_number(o, OUTBOX_ACKED_BYTES);
	o->last_acked = batch;
	return n;
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

bool
outbox_tidy(struct outbox *o, int64_t now_us)
{
	sqlite3_stmt *st = o->tidy_find;
	int64_t over = o->pending_acked_bytes - o->options.keep_bytes;
	int64_t freed = 0, last = 0;
	size_t n = 0;
	char text[120];
	int rc;

	/* oldest first, up to the first that must stay */
	(void)sqlite3_bind_int64(st, 1, TIDY_ROWS);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		int64_t acked_us = sqlite3_column_int64(st, 1);

		if (acked_us == 0 || (freed >= over &&
		    acked_us > now_us - o->options.keep_us))
			break;
		last = sqlite3_column_int64(st, 0);
		freed += sqlite3_column_int64(st, 2) + OUTBOX_ROW_BYTES;
		n++;
	}
	(void)sqlite3_reset(st);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE && o->failed == OUTBOX_OK)
		o->failed = outbox_judge(o, rc);
	if (n == 0)
		return false;
	(void)snprintf(text, sizeof text,
	    "DELETE FROM event WHERE acked_us <> 0 AND seq <= %lld",
	    (long long)last);
	if (outbox_begin(o) != OUTBOX_OK)
		return false;
	o->failed = outbox_exec(o, text);
	if (o->failed != OUTBOX_OK)
		return false;
	o->pending_acked_bytes -= freed;
	return n == TIDY_ROWS;
}
