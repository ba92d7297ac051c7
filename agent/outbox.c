/* Events and places in SQLite; see outbox.h. */
#include "agent/outbox_file.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "proto/base/arena.h"
#include "proto/base/die.h"
#include "proto/base/log.h"

enum {
	FEW_EVENTS = 256,
	/* each commit waits for the disk some four times, however large it is;
	 * SQLite's memory has to hold all of it */
	MANY_EVENTS = 32768,
	MANY_BYTES = 7 << 20,
};

_Static_assert(MANY_BYTES <= OUTBOX_ROOM_BYTES / 2 &&
        MANY_BYTES <= OUTBOX_MEMORY_BYTES * 7 / 8,
    "a turn, its index and one event more fit where there is much room");
_Static_assert(FEW_EVENTS * (OUTBOX_ROW_BYTES + EVENT_MESSAGE_BYTES +
        8 * EVENT_TEXT_BYTES) <= MANY_BYTES, "few are fewer than many");

enum outbox_result
outbox_judge(struct outbox *o, int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return OUTBOX_OK;
	case SQLITE_FULL:
		return OUTBOX_FULL;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		log_error("outbox: corrupt: %s", sqlite3_errmsg(o->db));
		return OUTBOX_CORRUPT;
	default:
		log_error("outbox: %s (code %d)", sqlite3_errmsg(o->db), rc);
		return OUTBOX_FAILED;
	}
}

/* Runs a statement that gives no rows. */
enum outbox_result
outbox_run(struct outbox *o, sqlite3_stmt *st)
{
	int rc = sqlite3_step(st);
	enum outbox_result r = outbox_judge(o, rc);

	(void)sqlite3_reset(st);
	(void)sqlite3_clear_bindings(st);
	return r;
}

enum outbox_result
outbox_exec(struct outbox *o, const char *text)
{
	return outbox_judge(o, sqlite3_exec(o->db, text, NULL, NULL, NULL));
}

enum outbox_result
outbox_begin(struct outbox *o)
{
	enum outbox_result r;

	if (o->failed != OUTBOX_OK)
		return o->failed;
	/* a full disk can undo all of a transaction, not only a statement */
	if (o->open && sqlite3_get_autocommit(o->db) != 0)
		return o->failed = OUTBOX_FULL;
	if (o->open)
		return OUTBOX_OK;
	r = outbox_exec(o, "BEGIN IMMEDIATE");
	o->open = r == OUTBOX_OK;
	return r;
}

int64_t
outbox_number(struct outbox *o, const char *text)
{
	sqlite3_stmt *st = NULL;
	int64_t n = 0;

	if (sqlite3_prepare_v2(o->db, text, -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		n = sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st);
	return n;
}

bool
outbox_prepare(struct outbox *o, sqlite3_stmt **st, const char *text)
{
	if (sqlite3_prepare_v3(o->db, text, -1, SQLITE_PREPARE_PERSISTENT, st,
	        NULL) == SQLITE_OK)
		return true;
	log_error("outbox: %s", sqlite3_errmsg(o->db));
	return false;
}

struct statement {
	sqlite3_stmt **to;
	const char *text;
};

enum { STATEMENTS = 16 };

static void
statements(struct outbox *o, struct statement out[STATEMENTS])
{
	const struct statement all[STATEMENTS] = {
	    {&o->put, "INSERT INTO segment VALUES (?, ?, ?, ?, ?, ?)"},
	    {&o->put_span, "INSERT INTO span VALUES (?, ?)"},
	    {&o->of_span, "SELECT ends, bytes FROM span "
	        "JOIN segment USING (last) WHERE span = ?"},
	    {&o->drop_span, "DELETE FROM span WHERE span = ? AND last = ?"},
	    {&o->segment, "SELECT last, events, ends, bytes, texts "
	        "FROM segment WHERE last >= ? ORDER BY last LIMIT 1"},
	    {&o->measure, "SELECT last, events, length(ends) + length(bytes),"
	        " spans FROM segment WHERE last >= ? ORDER BY last LIMIT 1"},
	    {&o->drop_segment, "DELETE FROM segment WHERE last = ?"},
	    {&o->ranges, "SELECT first, last, batch, acked_us, sum "
	        "FROM acked WHERE last >= ? ORDER BY last"},
	    {&o->put_range, "INSERT OR REPLACE INTO acked "
	        "(first, last, batch, acked_us, sum) VALUES (?, ?, ?, ?, ?)"},
	    {&o->drop_ranges, "DELETE FROM acked WHERE last <= ?"},
	    {&o->unack, "DELETE FROM acked WHERE batch > ?"},
	    {&o->put_lost, "INSERT INTO lost VALUES (?, 1, ?, ?) "
	        "ON CONFLICT (source) DO UPDATE SET events = events + 1, "
	        "first_us = min(first_us, excluded.first_us), "
	        "last_us = max(last_us, excluded.last_us)"},
	    {&o->put_place, "INSERT OR REPLACE INTO place VALUES "
	        "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"},
	    {&o->place, "SELECT device, inode, birth_us, offset, head_bytes, "
	        "head, tail_bytes, tail, memory, mtime_us, sum FROM place "
	        "WHERE name = ?"},
	    {&o->counters, "UPDATE state SET lines = ?, ignored = ?, "
	        "unparsable = ?, unreportable = ?, emitted = ?, repeated = ?,"
	        " gaps = ?, withheld = ?, lost_places = ?, last_acked = ?, "
	        "seq = ?, sum = ?"},
	    {&o->reserve, "UPDATE state SET batch_reserved = ?"},
	};

	memcpy(out, all, sizeof all);
}

static bool
prepare(struct outbox *o)
{
	struct statement all[STATEMENTS];
	bool ok;

	statements(o, all);
	for (size_t i = 0; i < STATEMENTS; i++)
		if (!outbox_prepare(o, all[i].to, all[i].text))
			return false;
	o->old = outbox_old_open(o, &ok);
	return ok;
}

int64_t
outbox_acked_bytes(struct outbox *o)
{
	int64_t events = outbox_number(o,
	    "SELECT coalesce(sum(events), 0) FROM segment");
	int64_t bytes = outbox_number(o, "SELECT coalesce(sum(length(ends) + "
	    "length(bytes)), 0) FROM segment");

	return outbox_old_acked_bytes(o) + (events == 0 ? 0
	    : bytes / events * outbox_acked_count(o, -1));
}

/* What is stored, and what of it is acknowledged. */
static bool
load_events(struct outbox *o)
{
	int64_t unacked = outbox_old_unacked(o) + outbox_number(o,
	    "SELECT coalesce(sum(events), 0) FROM segment") -
	    outbox_acked_count(o, -1);
	int64_t torn = outbox_number(o, "SELECT count(*) FROM segment "
	    "WHERE events <> length(ends) / 4");

	/* their sums, which know the seqs, give up those that are left */
	if (torn > 0)
		log_error("outbox: events are damaged and missing "
		    "segments=%lld", (long long)torn);
	o->committed.unacked = unacked < 0 ? 0 : (uint64_t)unacked;
	o->committed_seq = outbox_number(o, "SELECT max(seq, "
	    "(SELECT coalesce(max(last), 0) FROM segment)) FROM state");
	o->acked_bytes = outbox_acked_bytes(o);
	return o->failed == OUTBOX_OK;
}

static bool
load_state(struct outbox *o)
{
	struct wire_counters *c = &o->committed;
	uint8_t sum[OUTBOX_SUM_BYTES];
	sqlite3_stmt *st = NULL;
	bool ok = false;

	if (sqlite3_prepare_v2(o->db, "SELECT outbox, lines, ignored, "
	        "unparsable, unreportable, emitted, repeated, gaps, withheld, "
	        "last_acked, batch_reserved, lost_places, sum FROM state", -1,
	        &st, NULL) != SQLITE_OK || sqlite3_step(st) != SQLITE_ROW ||
	    sqlite3_column_bytes(st, 0) != WIRE_OUTBOX_BYTES)
		goto done;
	memcpy(c->outbox, sqlite3_column_blob(st, 0), WIRE_OUTBOX_BYTES);
	c->lines = (uint64_t)sqlite3_column_int64(st, 1);
	c->ignored = (uint64_t)sqlite3_column_int64(st, 2);
	c->unparsable = (uint64_t)sqlite3_column_int64(st, 3);
	c->unreportable = (uint64_t)sqlite3_column_int64(st, 4);
	c->emitted = (uint64_t)sqlite3_column_int64(st, 5);
	c->repeated = (uint64_t)sqlite3_column_int64(st, 6);
	c->gaps = (uint64_t)sqlite3_column_int64(st, 7);
	c->withheld = (uint64_t)sqlite3_column_int64(st, 8);
	o->last_acked = (uint64_t)sqlite3_column_int64(st, 9);
	o->batch_reserved = (uint64_t)sqlite3_column_int64(st, 10);
	c->lost_places = (uint64_t)sqlite3_column_int64(st, 11);
	outbox_state_sum(sum, c, o->last_acked);
	if (sqlite3_column_type(st, 12) != SQLITE_NULL &&
	    (sqlite3_column_bytes(st, 12) != sizeof sum ||
	        memcmp(sqlite3_column_blob(st, 12), sum, sizeof sum) != 0)) {
		log_error("outbox: the counters are damaged; they begin anew "
		    "where they stand");
		c->lost_places++;
	}
	o->committed_last_acked = o->last_acked;
	if (!load_events(o))
		goto done;
	o->pending_acked_bytes = o->acked_bytes;
	o->last_batch = o->batch_reserved;
	o->pending = *c;
	o->pending_seq = o->committed_seq;
	ok = true;
done:
	if (!ok)
		log_error("outbox: no state row: %s", sqlite3_errmsg(o->db));
	(void)sqlite3_finalize(st);
	return ok;
}

struct outbox *
outbox_open(const struct outbox_options *options)
{
	struct outbox *o = calloc(1, sizeof *o);

	if (o == NULL)
		die(EX_OSERR, "out of memory");
	o->options = *options;
	o->known = outbox_known_open();
	o->file_fd = -1;
	o->lock_fd = outbox_file_lock(options->folder);
	if (o->lock_fd < 0 || !outbox_file_open(o) || !prepare(o) ||
	    !load_state(o)) {
		outbox_close(o);
		return NULL;
	}
	return o;
}

struct outbox *
outbox_peek(const char *folder, const char **why)
{
	struct outbox *o = calloc(1, sizeof *o);
	char path[PATH_MAX];

	if (o == NULL)
		die(EX_OSERR, "out of memory");
	o->known = outbox_known_open();
	o->lock_fd = o->file_fd = -1;
	o->options.folder = folder;
	(void)snprintf(path, sizeof path, "%s/outbox.db", folder);
	if (access(path, F_OK) < 0) {
		*why = "there is no outbox yet";
		goto fail;
	}
	if (sqlite3_open_v2(path, &o->db, SQLITE_OPEN_READONLY |
	        SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX, NULL) !=
	        SQLITE_OK || sqlite3_busy_timeout(o->db, 2000) != SQLITE_OK ||
	    !prepare(o) || !load_state(o) || !outbox_file_limit(o)) {
		*why = "the outbox cannot be read";
		goto fail;
	}
	return o;
fail:
	outbox_close(o);
	return NULL;
}

void
outbox_close(struct outbox *o)
{
	struct statement all[STATEMENTS];

	if (o == NULL)
		return;
	if (o->db != NULL)
		outbox_rollback(o);
	statements(o, all);
	for (size_t i = 0; i < STATEMENTS; i++)
		(void)sqlite3_finalize(*all[i].to);
	outbox_old_close(o->old);
	(void)sqlite3_close(o->db);
	if (o->file_fd >= 0)
		(void)close(o->file_fd);
	if (o->lock_fd >= 0)
		(void)close(o->lock_fd);
	outbox_known_close(o->known);
	buf_free(&o->ends);
	buf_free(&o->bytes);
	buf_free(&o->texts.bytes);
	free(o);
}

void
outbox_count(struct outbox *o, const struct wire_counters *more)
{
	o->pending.lines += more->lines;
	o->pending.ignored += more->ignored;
	o->pending.unparsable += more->unparsable;
	o->pending.unreportable += more->unreportable;
	o->pending.withheld += more->withheld;
	o->pending.gaps += more->gaps;
	o->pending.lost_places += more->lost_places;
}

void
outbox_state_sum(uint8_t sum[OUTBOX_SUM_BYTES],
    const struct wire_counters *c, uint64_t last_acked)
{
	const struct outbox_part parts[] = {
	    {.bytes = c->outbox, .n = sizeof c->outbox},
	    {.number = (int64_t)c->lines}, {.number = (int64_t)c->ignored},
	    {.number = (int64_t)c->unparsable},
	    {.number = (int64_t)c->unreportable},
	    {.number = (int64_t)c->emitted}, {.number = (int64_t)c->repeated},
	    {.number = (int64_t)c->gaps}, {.number = (int64_t)c->withheld},
	    {.number = (int64_t)c->lost_places},
	    {.number = (int64_t)last_acked}};

	outbox_sum(sum, parts, sizeof parts / sizeof parts[0]);
}

static enum outbox_result
write_counters(struct outbox *o)
{
	const struct wire_counters *c = &o->pending;
	const uint64_t values[] = {c->lines, c->ignored, c->unparsable,
	    c->unreportable, c->emitted, c->repeated, c->gaps, c->withheld,
	    c->lost_places, o->last_acked, (uint64_t)o->pending_seq};
	const int n = sizeof values / sizeof values[0];
	uint8_t sum[OUTBOX_SUM_BYTES];

	for (int i = 0; i < n; i++)
		(void)sqlite3_bind_int64(o->counters, i + 1,
		    (int64_t)values[i]);
	outbox_state_sum(sum, c, o->last_acked);
	(void)sqlite3_bind_blob(o->counters, n + 1, sum, sizeof sum,
	    SQLITE_TRANSIENT);
	return outbox_run(o, o->counters);
}

enum outbox_result
outbox_commit(struct outbox *o)
{
	enum outbox_result r = outbox_begin(o);

	if (r == OUTBOX_OK)
		r = outbox_segment_flush(o);
	if (r == OUTBOX_OK)
		r = write_counters(o);
	if (r == OUTBOX_OK)
		r = outbox_exec(o, "COMMIT");
	if (r != OUTBOX_OK) {
		o->failed = r;
		outbox_rollback(o);
		return r;
	}
	o->open = false;
	o->load_count = o->load_bytes = 0;
	o->committed = o->pending;
	o->committed_seq = o->pending_seq;
	o->acked_bytes = o->pending_acked_bytes;
	o->committed_last_acked = o->last_acked;
	return OUTBOX_OK;
}

/* The WAL may be what cannot grow: moved into the file, for which there is
 * room set aside, it begins anew.  SQLite does so only after a commit. */
static void
empty_wal(struct outbox *o)
{
	(void)sqlite3_wal_checkpoint_v2(o->db, NULL,
	    SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

void
outbox_rollback(struct outbox *o)
{
	bool was_full = o->failed == OUTBOX_FULL;

	/* some errors have rolled back already; that is no failure */
	if (o->open)
		(void)sqlite3_exec(o->db, "ROLLBACK", NULL, NULL, NULL);
	o->open = false;
	o->failed = OUTBOX_OK;
	o->load_count = o->load_bytes = 0;
	outbox_segment_forget(o);
	outbox_known_forget(o->known);
	o->pending = o->committed;
	o->pending_seq = o->committed_seq;
	o->pending_acked_bytes = o->acked_bytes;
	o->last_acked = o->committed_last_acked;
	if (was_full)
		empty_wal(o);
}

static int64_t
pages_used(struct outbox *o)
{
	return outbox_number(o, "PRAGMA page_count") -
	    outbox_number(o, "PRAGMA freelist_count");
}

bool
outbox_has_room(struct outbox *o)
{
	int64_t used = pages_used(o);

	o->has_much_room = outbox_file_has_much_room(o, used);
	return used < o->soft_pages && outbox_file_hold(o, used);
}

bool
outbox_is_laden(const struct outbox *o)
{
	return o->has_much_room ? o->load_count >= MANY_EVENTS ||
	                              o->load_bytes >= MANY_BYTES
	                        : o->load_count >= FEW_EVENTS;
}

void
outbox_size(struct outbox *o, int64_t *used, int64_t *most)
{
	*used = pages_used(o) * o->page_bytes;
	*most = o->most_pages * o->page_bytes;
}

const struct wire_counters *
outbox_counters(const struct outbox *o)
{
	return &o->committed;
}

bool
outbox_is_anew(const struct outbox *o)
{
	return o->is_anew;
}

bool
outbox_is_open(const struct outbox *o)
{
	return o->open || o->failed != OUTBOX_OK;
}

void
outbox_limit(struct outbox *o, const struct outbox_options *options)
{
	const char *folder = o->options.folder;

	o->options = *options;
	o->options.folder = folder;
	if (!outbox_file_limit(o))
		log_error("outbox: the new size does not take effect: %s",
		    sqlite3_errmsg(o->db));
}
