/*
 * The outbox's side towards the hub: what is to be sent, what was
 * acknowledged, batch numbers, removal.  See outbox.h.
 */
#include <stdio.h>
#include <string.h>

#include "agent/outbox_file.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"

enum { TIDY_ROWS = 2000 };
#define BATCH_RESERVE_US (10 * CLOCK_SECOND_US)

static struct text
column_text(sqlite3_stmt *st, int i, struct arena *a)
{
	struct text t = {0};

	if (sqlite3_column_type(st, i) != SQLITE_NULL) {
		const void *bytes = sqlite3_column_text(st, i);

		t.n = (size_t)sqlite3_column_bytes(st, i);
		t.at = arena_copy(a, bytes, t.n);
	}
	return t;
}

static void
column_addr(sqlite3_stmt *st, int i, struct addr *out)
{
	size_t n = (size_t)sqlite3_column_bytes(st, i);

	if (!addr_from_bytes(sqlite3_column_blob(st, i), n, out))
		*out = (struct addr){0};
}

size_t
outbox_fetch(struct outbox *o, int64_t after, size_t max, struct arena *a,
    struct event *events, int64_t *seqs)
{
	sqlite3_stmt *st = o->fetch;
	size_t n = 0;

	if (after >= o->committed_seq)
		return 0;
	(void)sqlite3_bind_int64(st, 1, after);
	(void)sqlite3_bind_int64(st, 2, o->committed_seq);
	(void)sqlite3_bind_int64(st, 3, (int64_t)max);
	while (n < max && sqlite3_step(st) == SQLITE_ROW) {
		struct event *e = &events[n];

		*e = (struct event){.time_us = sqlite3_column_int64(st, 1),
		    .read_us = sqlite3_column_int64(st, 2),
		    .kind = (enum kind)sqlite3_column_int(st, 3),
		    .source_port = (uint16_t)sqlite3_column_int(st, 5),
		    .local_port = (uint16_t)sqlite3_column_int(st, 7),
		    .ordinal = (uint32_t)sqlite3_column_int64(st, 8),
		    .pid = sqlite3_column_int64(st, 9),
		    .host = column_text(st, 10, a),
		    .program = column_text(st, 11, a),
		    .service = column_text(st, 12, a),
		    .ptr = column_text(st, 13, a),
		    .login = column_text(st, 14, a),
		    .mechanism = column_text(st, 15, a),
		    .rule = column_text(st, 16, a),
		    .message = column_text(st, 17, a)};
		if (sqlite3_column_bytes(st, 0) == EVENT_ID_BYTES)
			memcpy(e->id, sqlite3_column_blob(st, 0),
			    EVENT_ID_BYTES);
		column_addr(st, 4, &e->source);
		column_addr(st, 6, &e->local);
		seqs[n++] = sqlite3_column_int64(st, 18);
	}
	(void)sqlite3_reset(st);
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
		if (sqlite3_step(st) == SQLITE_DONE)
			n = (size_t)sqlite3_changes(o->db);
	}
	(void)sqlite3_finalize(st);
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

	/* oldest first, up to the first that must stay */
	(void)sqlite3_bind_int64(st, 1, TIDY_ROWS);
	while (sqlite3_step(st) == SQLITE_ROW) {
		int64_t acked_us = sqlite3_column_int64(st, 1);

		if (acked_us == 0 || (freed >= over &&
		    acked_us > now_us - o->options.keep_us))
			break;
		last = sqlite3_column_int64(st, 0);
		freed += sqlite3_column_int64(st, 2) + OUTBOX_ROW_BYTES;
		n++;
	}
	(void)sqlite3_reset(st);
	if (n == 0)
		return false;
	(void)snprintf(text, sizeof text,
	    "DELETE FROM event WHERE acked_us <> 0 AND seq <= %lld",
	    (long long)last);
	if (outbox_begin(o) != OUTBOX_OK || outbox_exec(o, text) != OUTBOX_OK)
		return false;
	o->pending_acked_bytes -= freed;
	return n == TIDY_ROWS;
}
