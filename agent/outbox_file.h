/*
 * The outbox's file: its folder, lock, tables, soundness and size.  Shared
 * by outbox_file.c, which opens it, and the outbox*.c that use it.
 */
#ifndef PLAINTIFF_OUTBOX_FILE_H
#define PLAINTIFF_OUTBOX_FILE_H

#include <sqlite3.h>

#include "agent/outbox.h"
#include "proto/base/buf.h"

enum {
	OUTBOX_ROW_BYTES = 200, /* of an event, without its texts, at most */
	OUTBOX_SUM_BYTES = 8,
	/* WAL and pages that a full disk leaves us, and a turn needs */
	OUTBOX_RESERVE_BYTES = 4 << 20,
	/* below the limit, for turns of many events */
	OUTBOX_ROOM_BYTES = 16 << 20,
	OUTBOX_MEMORY_BYTES = 8 << 20, /* of SQLite's pages */
	OUTBOX_LOST_ROWS = 10000,
	OUTBOX_SEGMENT_BYTES = 64 << 10, /* about, of the events of a segment */
	OUTBOX_SEGMENT_SPANS = 32,
	OUTBOX_TEXTS = 100,    /* that the events of a segment share */
	OUTBOX_NO_TEXT = 255,
	OUTBOX_TEXT_SLOTS = 256,
	OUTBOX_EVENT_SHARES = 4, /* at most */
	OUTBOX_MOST_DAMAGED = 64,
};

/* Events that are one row: packed one behind the other, their seqs without a
 * hole.  ends says where each ends, so that a damaged one takes at most its
 * neighbour with it. */
struct outbox_segment {
	int64_t first, last;
	const char *ends;      /* uint32_t each, at no particular place */
	size_t count;          /* of ends */
	const char *bytes;
	size_t n;
	const char *texts;     /* that they share, see outbox_texts.c */
	size_t texts_n;
};

/* Those of a segment in the making, by their first and last bytes. */
struct outbox_texts {
	struct buf bytes;
	size_t n;
	uint32_t at[OUTBOX_TEXTS];
	uint8_t slots[OUTBOX_TEXT_SLOTS]; /* number + 1; 0: free */
	uint8_t last[OUTBOX_EVENT_SHARES]; /* of the event before, as well */
};

struct outbox {
	sqlite3 *db;
	int lock_fd;
	int file_fd;            /* of outbox.db, for its disk space only */
	int64_t held_bytes;     /* of the disk that are ours already */
	struct outbox_options options;
	int64_t page_bytes, most_pages, soft_pages;
	bool open;              /* a transaction is */
	struct wire_counters committed, pending; /* pending: with the turn */
	int64_t committed_seq;  /* the highest that may be sent */
	int64_t pending_seq;
	/* of kept, acknowledged events, about */
	int64_t acked_bytes, pending_acked_bytes;
	uint64_t last_acked, committed_last_acked;
	uint64_t last_batch, batch_reserved;
	enum outbox_result failed; /* of the open transaction, or reading */
	bool is_anew;           /* what was read before is not known */
	/* put, but not yet in the file */
	struct buf ends, bytes;
	struct outbox_texts texts;
	size_t waiting;
	uint32_t spans[OUTBOX_SEGMENT_SPANS]; /* that these are of */
	size_t span_count;
	struct outbox_known *known;
	size_t load_count, load_bytes; /* put in this transaction, about */
	bool has_much_room;
	sqlite3_stmt *put, *put_span, *of_span, *drop_span, *segment,
	    *measure, *drop_segment, *ranges, *put_range, *drop_ranges,
	    *unack;
	sqlite3_stmt *put_lost, *put_place, *place, *counters, *reserve;
	struct outbox_old *old; /* rows of releases up to the third, or NULL */
};

/* What SQLite's code means for us; logs all but success and full. */
enum outbox_result outbox_judge(struct outbox *o, int rc);
/* Prepares a statement that is kept; false: logged. */
bool outbox_prepare(struct outbox *o, sqlite3_stmt **st, const char *text);
/* Runs a statement that gives no rows, and resets it. */
enum outbox_result outbox_run(struct outbox *o, sqlite3_stmt *st);
enum outbox_result outbox_exec(struct outbox *o, const char *text);
/* Of all that is acknowledged and kept, about. */
int64_t outbox_acked_bytes(struct outbox *o);
/* Opens a transaction when none is open. */
enum outbox_result outbox_begin(struct outbox *o);
/* The first column of the only row; 0 when there is none. */
int64_t outbox_number(struct outbox *o, const char *text);

/* The sum over numbers (bytes NULL, n 0) and byte strings. */
struct outbox_part {
	int64_t number;
	const void *bytes;
	size_t n;
};
void outbox_sum(uint8_t sum[OUTBOX_SUM_BYTES],
    const struct outbox_part *parts, size_t n);

/* ---- events, outbox_event.c ---- */

/* The sum over n bytes and the seq. */
void outbox_quick_sum(uint8_t sum[OUTBOX_SUM_BYTES], const char *bytes,
    size_t n, int64_t seq);
/* Appends the event, and a sum over it and its seq; first is its segment's. */
void outbox_event_pack(struct buf *to, struct outbox_texts *texts,
    const struct event *e, int64_t first, int64_t seq);
/* The reverse, texts in the arena; false when it is damaged. */
bool outbox_event_unpack(const char *bytes, size_t n, int64_t seq,
    const struct text texts[OUTBOX_TEXTS], struct arena *a, struct event *e);
/* The id of a packed event; NULL when it is too short to have one. */
const uint8_t *outbox_event_id(const char *bytes, size_t n);

/* ---- texts that events share, outbox_texts.c ---- */

void outbox_texts_reset(struct outbox_texts *t);
/* The number of the text, from now on one of them, of which there may be
 * OUTBOX_TEXTS; OUTBOX_NO_TEXT if absent.  which of an event's it is says
 * only where to look first; first is the segment's. */
uint8_t outbox_texts_add(struct outbox_texts *t, size_t which,
    struct text text, int64_t first);
/* Reads them, into the arena; a damaged one is absent. */
void outbox_texts_read(const char *bytes, size_t n, int64_t first,
    struct arena *a, struct text out[OUTBOX_TEXTS]);

/* ---- segments, outbox_segment.c ---- */

/* Writes what waits; o->failed says how it went. */
enum outbox_result outbox_segment_flush(struct outbox *o);
void outbox_segment_forget(struct outbox *o);
/* The first segment with an event from seq on, until the next call or
 * outbox_segment_done, which must come before anything is written; false when
 * there is none, or it cannot be read (o->failed). */
bool outbox_segment_at(struct outbox *o, int64_t seq,
    struct outbox_segment *s);
void outbox_segment_done(struct outbox *o);
/* The bytes of its i-th event; false when its place is damaged. */
bool outbox_segment_event(const struct outbox_segment *s, size_t i,
    const char **bytes, size_t *n);
/* The same, but only how large it is and, if asked for, its spans. */
struct outbox_measure {
	int64_t first, last, bytes;
	uint32_t spans[OUTBOX_SEGMENT_SPANS];
	size_t span_count;
};
bool outbox_segment_measure(struct outbox *o, int64_t seq,
    struct outbox_measure *m);
/* What span an event of this id is of; see outbox_known.c. */
uint32_t outbox_span_of(const uint8_t id[EVENT_ID_BYTES]);

/* ---- which ids are kept, outbox_known.c ---- */

struct outbox_known *outbox_known_open(void);
void outbox_known_close(struct outbox_known *k);
/* Is there an event with this id?  From now on there is. */
bool outbox_known_add(struct outbox *o, const uint8_t id[EVENT_ID_BYTES]);
/* The same, without adding. */
bool outbox_known_has(struct outbox *o, const uint8_t id[EVENT_ID_BYTES]);
/* Of what was added since the last commit, nothing is. */
void outbox_known_forget(struct outbox_known *k);

/* ---- what is acknowledged, outbox_acked.c ---- */

/* The next seqs from..to that are not acknowledged, events or holes; false
 * when all are. */
bool outbox_acked_gap(struct outbox *o, int64_t from, int64_t to,
    int64_t *first, int64_t *last);
/* Marks the events from first to last; how many, and about how large. */
enum outbox_result outbox_acked_mark(struct outbox *o, uint64_t batch,
    int64_t first, int64_t last, int64_t *events, int64_t *bytes);
/* How many are, by batches above this one; above -1: by any, and given up. */
int64_t outbox_acked_count(struct outbox *o, int64_t above);
/* Is all from first to last, and when was the last of it? */
bool outbox_acked_all(struct outbox *o, int64_t first, int64_t last,
    int64_t *last_us);
/* Forgets the marks of what was removed, up to last. */
enum outbox_result outbox_acked_trim(struct outbox *o, int64_t last);

/* ---- one row an event, as releases up to the third, outbox_old.c ---- */

/* Those found damaged by one fetch. */
struct outbox_damaged {
	int64_t seqs[OUTBOX_MOST_DAMAGED];
	size_t n;
};
/* NULL when there are none; *ok: could it be seen? */
struct outbox_old *outbox_old_open(struct outbox *o, bool *ok);
void outbox_old_close(struct outbox_old *old);
int64_t outbox_old_unacked(struct outbox *o);
int64_t outbox_old_acked_bytes(struct outbox *o);
int64_t outbox_old_oldest_us(struct outbox *o);
bool outbox_old_has(struct outbox *o, const uint8_t id[EVENT_ID_BYTES]);
/* As outbox_fetch. */
size_t outbox_old_fetch(struct outbox *o, int64_t after, size_t max,
    struct arena *a, struct event *events, int64_t *seqs,
    struct outbox_damaged *d);
/* Of the rows from first to last: how many, and about how large. */
enum outbox_result outbox_old_ack(struct outbox *o, uint64_t batch,
    int64_t first, int64_t last, int64_t *events, int64_t *bytes);
/* Removes what is not acknowledged. */
enum outbox_result outbox_old_forget(struct outbox *o, int64_t first,
    int64_t last, int64_t *events);
enum outbox_result outbox_old_unack(struct outbox *o, uint64_t batch,
    int64_t *events);
/* As outbox_tidy; *freed: about how many bytes. */
bool outbox_old_tidy(struct outbox *o, int64_t now_us, int64_t over,
    int64_t *freed);

/* ---- the file ---- */

/* What SQLite is to write the file by, see outbox_vfs.c; NULL: as usual. */
const char *outbox_vfs(void);

/* The state row's sum over c and last_acked. */
void outbox_state_sum(uint8_t sum[OUTBOX_SUM_BYTES],
    const struct wire_counters *c, uint64_t last_acked);

/* Opens the file in o->options.folder, setting an unsound one aside; false
 * when it cannot be (logged). */
bool outbox_file_open(struct outbox *o);
/* The state folder: made, ours alone, locked.  -1 logged; else the lock. */
int outbox_file_lock(const char *folder);
/* Holds disk space for what the next turn may add to the used pages of the
 * file; false when there is none.  Without it a commit would fit the WAL and
 * then never the file, and the WAL could not be emptied again, not even for
 * deleting. */
bool outbox_file_hold(struct outbox *o, int64_t used_pages);
/* Are both the limit and a full disk so far off that a large transaction, and
 * the WAL that it leaves for good, take nothing that is needed later? */
bool outbox_file_has_much_room(const struct outbox *o, int64_t used_pages);
/* Sets the page limits from options.max_bytes; again after a change. */
bool outbox_file_limit(struct outbox *o);

#endif
