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
	MANY_EVENTS = 4096,
	MANY_BYTES = 2 << 20,
};

_Static_assert(MANY_BYTES <= OUTBOX_RESERVE_BYTES / 2,
    "a turn, its index and one event more fit what is set aside");
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

#define INSERT "INSERT OR IGNORE INTO event (" OUTBOX_EVENT_COLUMNS ") VALUES "
#define ROW "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
#define ROWS_4 ROW ", " ROW ", " ROW ", " ROW

_Static_assert(OUTBOX_PUT_ROWS == 4 * 4, "put_all has so many rows");

static bool
prepare(struct outbox *o)
{
	const struct {
		sqlite3_stmt **to;
		const char *text;
	} all[] = {
	    {&o->put, INSERT ROW},
	    {&o->put_all, INSERT ROWS_4 ", " ROWS_4 ", " ROWS_4 ", " ROWS_4},
	    {&o->known, "SELECT 1 FROM event WHERE id = ?"},
	    {&o->put_lost, "INSERT INTO lost VALUES (?, 1, ?, ?) "
	        "ON CONFLICT (source) DO UPDATE SET events = events + 1, "
	        "first_us = min(first_us, excluded.first_us), "
	        "last_us = max(last_us, excluded.last_us)"},
	    {&o->put_place, "INSERT OR REPLACE INTO place VALUES "
	        "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"},
	    {&o->place, "SELECT device, inode, birth_us, offset, head_bytes, "
	        "head, tail_bytes, tail, memory, mtime_us, sum FROM place "
	        "WHERE name = ?"},
	    {&o->fetch, "SELECT " OUTBOX_EVENT_COLUMNS ", seq FROM event "
	        "WHERE acked_us = 0 AND seq > ? AND seq <= ? "
	        "ORDER BY seq LIMIT ?"},
	    {&o->ack, "UPDATE event SET acked_us = ?, batch = ? "
	        "WHERE acked_us = 0 AND seq BETWEEN ? AND ? "
	        "RETURNING length(message)"},
	    {&o->forget, "DELETE FROM event "
	        "WHERE acked_us = 0 AND seq BETWEEN ? AND ?"},
	    {&o->counters, "UPDATE state SET lines = ?, ignored = ?, "
	        "unparsable = ?, unreportable = ?, emitted = ?, repeated = ?,"
	        " gaps = ?, withheld = ?, lost_places = ?, last_acked = ?, "
	        "sum = ?"},
	    {&o->tidy_find, "SELECT seq, acked_us, length(message) FROM event "
	        "ORDER BY seq LIMIT ?"},
	    {&o->reserve, "UPDATE state SET batch_reserved = ?"},
	};

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (sqlite3_prepare_v3(o->db, all[i].text, -1,
		        SQLITE_PREPARE_PERSISTENT, all[i].to, NULL) !=
		    SQLITE_OK) {
			log_error("outbox: %s", sqlite3_errmsg(o->db));
			return false;
		}
	return true;
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
	        "last_acked, batch_reserved, "
	        "(SELECT count(*) FROM event WHERE acked_us = 0), "
	        "(SELECT coalesce(max(seq), 0) FROM event), lost_places, sum "
	        "FROM state", -1,
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
	c->unacked = (uint64_t)sqlite3_column_int64(st, 11);
	o->committed_seq = sqlite3_column_int64(st, 12);
	c->lost_places = (uint64_t)sqlite3_column_int64(st, 13);
	outbox_state_sum(sum, c, o->last_acked);
	if (sqlite3_column_type(st, 14) != SQLITE_NULL &&
	    (sqlite3_column_bytes(st, 14) != sizeof sum ||
	        memcmp(sqlite3_column_blob(st, 14), sum, sizeof sum) != 0)) {
		log_error("outbox: the counters are damaged; they begin anew "
		    "where they stand");
		c->lost_places++;
	}
	o->committed_last_acked = o->last_acked;
	o->acked_bytes = outbox_number(o, OUTBOX_ACKED_BYTES);
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
	o->texts = arena_open(0);
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
	o->texts = arena_open(0);
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
	if (o == NULL)
		return;
	if (o->db != NULL)
		outbox_rollback(o);
	(void)sqlite3_finalize(o->put);
	(void)sqlite3_finalize(o->put_all);
	(void)sqlite3_finalize(o->known);
	(void)sqlite3_finalize(o->put_lost);
	(void)sqlite3_finalize(o->put_place);
	(void)sqlite3_finalize(o->place);
	(void)sqlite3_finalize(o->fetch);
	(void)sqlite3_finalize(o->ack);
	(void)sqlite3_finalize(o->forget);
	(void)sqlite3_finalize(o->counters);
	(void)sqlite3_finalize(o->tidy_find);
	(void)sqlite3_finalize(o->reserve);
	(void)sqlite3_close(o->db);
	if (o->file_fd >= 0)
		(void)close(o->file_fd);
	if (o->lock_fd >= 0)
		(void)close(o->lock_fd);
	arena_close(o->texts);
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
	    c->lost_places, o->last_acked};
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
		r = outbox_event_flush(o);
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
	o->waiting_count = 0;
	o->load_count = o->load_bytes = 0;
	arena_reset(o->texts);
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

int64_t
outbox_oldest_us(struct outbox *o)
{
	return outbox_number(o, "SELECT coalesce((SELECT read_us FROM event "
	    "WHERE acked_us = 0 ORDER BY seq LIMIT 1), 0)");
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
