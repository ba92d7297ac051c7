/*
 * The outbox's file: its folder, lock, tables, soundness and size.  Shared
 * by outbox_file.c, which opens it, and the outbox*.c that use it.
 */
#ifndef PLAINTIFF_OUTBOX_FILE_H
#define PLAINTIFF_OUTBOX_FILE_H

#include <sqlite3.h>

#include "agent/outbox.h"

enum {
	OUTBOX_ROW_BYTES = 200, /* of a row, without its message */
	OUTBOX_SUM_BYTES = 8,
	/* WAL and pages that a full disk leaves us, and a turn needs */
	OUTBOX_RESERVE_BYTES = 4 << 20,
	OUTBOX_LOST_ROWS = 10000,
	OUTBOX_PUT_ROWS = 16, /* put with one statement, if there are so many */
	OUTBOX_EVENT_BINDS = 19, /* columns of OUTBOX_EVENT_COLUMNS */
	OUTBOX_EVENT_TEXTS = 8,  /* of these */
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
	struct event waiting[OUTBOX_PUT_ROWS];
	size_t waiting_count;
	struct arena *texts;    /* of these */
	size_t load_count, load_bytes; /* put in this transaction, about */
	bool has_much_room;
	sqlite3_stmt *put, *put_all;
	sqlite3_stmt *known, *put_lost, *put_place, *place, *fetch,
	    *ack, *forget, *counters, *tidy_find, *reserve;
};

#define OUTBOX_EVENT_COLUMNS \
	"id, time_us, read_us, kind, source, source_port, local, local_port, " \
	"ordinal, pid, host, program, service, ptr, login, mechanism, rule, " \
	"message, sum"
#define OUTBOX_ACKED_BYTES \
	"SELECT coalesce(sum(length(message) + 200), 0) FROM event " \
	"WHERE acked_us <> 0"

/* What SQLite's code means for us; logs all but success and full. */
enum outbox_result outbox_judge(struct outbox *o, int rc);
/* Runs a statement that gives no rows, and resets it. */
enum outbox_result outbox_run(struct outbox *o, sqlite3_stmt *st);
enum outbox_result outbox_exec(struct outbox *o, const char *text);
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
/* Binds the columns of OUTBOX_EVENT_COLUMNS from parameter first on; sum is
 * room for one, which with e must outlive the step. */
void outbox_event_bind(sqlite3_stmt *st, int first, const struct event *e,
    uint8_t sum[OUTBOX_SUM_BYTES]);
/* Writes what waits; o->failed says how it went. */
enum outbox_result outbox_event_flush(struct outbox *o);
/* Reads them, texts into the arena; false when the row is damaged. */
bool outbox_event_read(sqlite3_stmt *st, struct arena *a, struct event *e);
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
