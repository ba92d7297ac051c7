/* What is counted by its address instead of kept; see outbox.h. */
#include "agent/outbox_file.h"

enum outbox_result
outbox_put_lost(struct outbox *o, const struct event *e)
{
	sqlite3_stmt *st = o->put_lost;
	enum outbox_result r = outbox_begin(o);
	size_t n = addr_length(&e->source);

	if (r == OUTBOX_OK)
		r = outbox_segment_flush(o);
	if (r != OUTBOX_OK)
		return r;
	if (outbox_known_has(o, e->id)) {
		o->pending.repeated++;
		return OUTBOX_KNOWN;
	}
	if (o->failed != OUTBOX_OK)
		return o->failed;
	/* a table without end would fill the disk that is full already */
	if (outbox_number(o, "SELECT count(*) FROM lost") >=
	    OUTBOX_LOST_ROWS)
		n = 0;
	(void)sqlite3_bind_blob(st, 1, n == 0 ? (const void *)""
	                                      : e->source.bytes,
	    (int)n, SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, 2, e->time_us);
	(void)sqlite3_bind_int64(st, 3, e->time_us);
	r = outbox_run(o, st);
	if (r != OUTBOX_OK) {
		o->failed = r;
		return r;
	}
	o->pending.emitted++;
	o->pending.gaps++;
	return OUTBOX_OK;
}

size_t
outbox_lost(struct outbox *o, struct outbox_loss *out, size_t max)
{
	sqlite3_stmt *st = NULL;
	size_t n = 0;

	if (sqlite3_prepare_v2(o->db, "SELECT source, events, first_us, "
	        "last_us FROM lost ORDER BY events DESC, source LIMIT ?", -1,
	        &st, NULL) == SQLITE_OK) {
		(void)sqlite3_bind_int64(st, 1, (int64_t)max);
		while (n < max && sqlite3_step(st) == SQLITE_ROW) {
			struct outbox_loss *l = &out[n++];

			/* none: all other addresses */
			if (!addr_from_bytes(sqlite3_column_blob(st, 0),
			        (size_t)sqlite3_column_bytes(st, 0),
			        &l->source))
				l->source = (struct addr){0};
			l->events = (uint64_t)sqlite3_column_int64(st, 1);
			l->first_us = sqlite3_column_int64(st, 2);
			l->last_us = sqlite3_column_int64(st, 3);
		}
	}
	(void)sqlite3_finalize(st);
	return n;
}
