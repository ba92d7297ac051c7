/*
 * The outbox's file: its folder, lock, tables, soundness and size.  Shared
 * by outbox_file.c, which opens it, and outbox.c, which uses it.
 */
#ifndef PLAINTIFF_OUTBOX_FILE_H
#define PLAINTIFF_OUTBOX_FILE_H

#include <sqlite3.h>

#include "agent/outbox.h"

struct outbox {
	sqlite3 *db;
	int lock_fd;
	struct outbox_options options;
	int64_t page_bytes, most_pages, soft_pages;
	bool open;              /* a transaction is */
	struct wire_counters committed, pending; /* pending: with the turn */
	int64_t committed_seq;  /* the highest that may be sent */
	int64_t pending_seq;
	/* of kept, acknowledged events, about */
	int64_t acked_bytes, pending_acked_bytes;
	uint64_t last_acked, last_batch, batch_reserved;
	enum outbox_result failed; /* of the open transaction */
	sqlite3_stmt *put, *put_place, *place, *fetch, *ack, *forget,
	    *counters, *tidy_find, *reserve;
};

enum { OUTBOX_ROW_BYTES = 200 }; /* of a row, without its message */
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

/* Opens the file in o->options.folder, setting an unsound one aside; false
 * when it cannot be (logged). */
bool outbox_file_open(struct outbox *o);
/* The state folder: made, ours alone, locked.  -1 logged; else the lock. */
int outbox_file_lock(const char *folder);
/* Sets the page limits from options.max_bytes. */
bool outbox_file_limit(struct outbox *o);

#endif
