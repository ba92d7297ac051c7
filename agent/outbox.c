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

#define EVENT_COLUMNS \
	"id, time_us, read_us, kind, source, source_port, local, local_port, " \
	"ordinal, pid, host, program, service, ptr, login, mechanism, rule, " \
	"message"

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

static bool
prepare(struct outbox *o)
{
	const struct {
		sqlite3_stmt **to;
		const char *text;
	} all[] = {
	    {&o->put, "INSERT OR IGNORE INTO event (" EVENT_COLUMNS ") VALUES "
	        "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"},
	    {&o->put_place, "INSERT OR REPLACE INTO place VALUES "
	        "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"},
	    {&o->place, "SELECT device, inode, birth_us, offset, head_bytes, "
	        "head, tail_bytes, tail, memory FROM place WHERE name = ?"},
	    {&o->fetch, "SELECT " EVENT_COLUMNS ", seq FROM event "
	        "WHERE acked_us = 0 AND seq > ? AND seq <= ? "
	        "ORDER BY seq LIMIT ?"},
	    {&o->ack, "UPDATE event SET acked_us = ?, batch = ? "
	        "WHERE acked_us = 0 AND seq BETWEEN ? AND ? "
	        "RETURNING length(message)"},
	    {&o->forget, "DELETE FROM event "
	        "WHERE acked_us = 0 AND seq BETWEEN ? AND ?"},
	    {&o->counters, "UPDATE state SET lines = ?, ignored = ?, "
	        "unparsable = ?, unreportable = ?, emitted = ?, repeated = ?,"
	        " gaps = ?, withheld = ?, last_acked = ?"},
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
	sqlite3_stmt *st = NULL;
	bool ok = false;

	if (sqlite3_prepare_v2(o->db, "SELECT outbox, lines, ignored, "
	        "unparsable, unreportable, emitted, repeated, gaps, withheld, "
	        "last_acked, batch_reserved, "
	        "(SELECT count(*) FROM event WHERE acked_us = 0), "
	        "(SELECT coalesce(max(seq), 0) FROM event) FROM state", -1,
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
	o->lock_fd = -1;
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
	(void)sqlite3_finalize(o->put_place);
	(void)sqlite3_finalize(o->place);
	(void)sqlite3_finalize(o->fetch);
	(void)sqlite3_finalize(o->ack);
	(void)sqlite3_finalize(o->forget);
	(void)sqlite3_finalize(o->counters);
	(void)sqlite3_finalize(o->tidy_find);
	(void)sqlite3_finalize(o->reserve);
	(void)sqlite3_close(o->db);
	if (o->lock_fd >= 0)
		(void)close(o->lock_fd);
	free(o);
}

static void
bind_text(sqlite3_stmt *st, int i, struct text t)
{
	if (t.at != NULL)
		(void)sqlite3_bind_text(st, i, t.at, (int)t.n, SQLITE_STATIC);
}

enum outbox_result
outbox_put(struct outbox *o, const struct event *e)
{
	sqlite3_stmt *st = o->put;
	enum outbox_result r = outbox_begin(o);

	if (r != OUTBOX_OK)
		return r;
	(void)sqlite3_bind_blob(st, 1, e->id, EVENT_ID_BYTES, SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, 2, e->time_us);
	(void)sqlite3_bind_int64(st, 3, e->read_us);
	(void)sqlite3_bind_int64(st, 4, e->kind);
	(void)sqlite3_bind_blob(st, 5, e->source.bytes,
	    (int)addr_length(&e->source), SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, 6, e->source_port);
	if (e->local.family != 0)
		(void)sqlite3_bind_blob(st, 7, e->local.bytes,
		    (int)addr_length(&e->local), SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, 8, e->local_port);
	(void)sqlite3_bind_int64(st, 9, e->ordinal);
	(void)sqlite3_bind_int64(st, 10, e->pid);
	bind_text(st, 11, e->host);
	bind_text(st, 12, e->program);
	bind_text(st, 13, e->service);
	bind_text(st, 14, e->ptr);
	bind_text(st, 15, e->login);
	bind_text(st, 16, e->mechanism);
	bind_text(st, 17, e->rule);
	bind_text(st, 18, e->message);
	r = outbox_run(o, st);
	if (r != OUTBOX_OK) {
		o->failed = r;
		return r;
	}
	if (sqlite3_changes(o->db) == 0) {
		o->pending.repeated++;
		return OUTBOX_KNOWN;
	}
	o->pending_seq = sqlite3_last_insert_rowid(o->db);
	o->pending.emitted++;
	o->pending.unacked++;
	return OUTBOX_OK;
}

enum outbox_result
outbox_put_place(struct outbox *o, const char *name,
    const struct source_place *p, struct text memory)
{
	sqlite3_stmt *st = o->put_place;
	enum outbox_result r = outbox_begin(o);

	if (r != OUTBOX_OK)
		return r;
	(void)sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, 2, (int64_t)p->device);
	(void)sqlite3_bind_int64(st, 3, (int64_t)p->inode);
	(void)sqlite3_bind_int64(st, 4, p->birth_us);
	(void)sqlite3_bind_int64(st, 5, p->offset);
	(void)sqlite3_bind_int64(st, 6, p->head_bytes);
	(void)sqlite3_bind_blob(st, 7, p->head, SOURCE_MARK_BYTES,
	    SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, 8, p->tail_bytes);
	(void)sqlite3_bind_blob(st, 9, p->tail, SOURCE_MARK_BYTES,
	    SQLITE_STATIC);
	if (memory.n != 0)
		(void)sqlite3_bind_blob(st, 10, memory.at, (int)memory.n,
		    SQLITE_STATIC);
	r = outbox_run(o, st);
	o->failed = r;
	return r;
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
}

static enum outbox_result
write_counters(struct outbox *o)
{
	const struct wire_counters *c = &o->pending;
	const uint64_t values[] = {c->lines, c->ignored, c->unparsable,
	    c->unreportable, c->emitted, c->repeated, c->gaps, c->withheld,
	    o->last_acked};

	for (int i = 0; i < (int)(sizeof values / sizeof values[0]); i++)
		(void)sqlite3_bind_int64(o->counters, i + 1,
		    (int64_t)values[i]);
	return outbox_run(o, o->counters);
}

enum outbox_result
outbox_commit(struct outbox *o)
{
	enum outbox_result r = outbox_begin(o);

	if (r == OUTBOX_OK)
		r = write_counters(o);
	if (r == OUTBOX_OK)
		r = outbox_exec(o, "COMMIT");
	if (r != OUTBOX_OK) {
		outbox_rollback(o);
		return r;
	}
	o->open = false;
	o->committed = o->pending;
	o->committed_seq = o->pending_seq;
	o->acked_bytes = o->pending_acked_bytes;
	return OUTBOX_OK;
}

void
outbox_rollback(struct outbox *o)
{
	/* some errors have rolled back already; that is no failure */
	if (o->open)
		(void)sqlite3_exec(o->db, "ROLLBACK", NULL, NULL, NULL);
	o->open = false;
	o->failed = OUTBOX_OK;
	o->pending = o->committed;
	o->pending_seq = o->committed_seq;
	o->pending_acked_bytes = o->acked_bytes;
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
	return pages_used(o) < o->soft_pages;
}

void
outbox_size(struct outbox *o, int64_t *used, int64_t *most)
{
	*used = pages_used(o) * o->page_bytes;
	*most = o->most_pages * o->page_bytes;
}

static void
copy_mark(sqlite3_stmt *st, int column, uint8_t mark[SOURCE_MARK_BYTES])
{
	if (sqlite3_column_bytes(st, column) == SOURCE_MARK_BYTES)
		memcpy(mark, sqlite3_column_blob(st, column),
		    SOURCE_MARK_BYTES);
}

bool
outbox_place(struct outbox *o, const char *name, struct arena *a,
    struct source_place *p, struct text *memory)
{
	sqlite3_stmt *st = o->place;
	bool found;

	(void)sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC);
	found = sqlite3_step(st) == SQLITE_ROW;
	if (found) {
		*p = (struct source_place){
		    .device = (uint64_t)sqlite3_column_int64(st, 0),
		    .inode = (uint64_t)sqlite3_column_int64(st, 1),
		    .birth_us = sqlite3_column_int64(st, 2),
		    .offset = sqlite3_column_int64(st, 3),
		    .head_bytes = (uint32_t)sqlite3_column_int64(st, 4),
		    .tail_bytes = (uint32_t)sqlite3_column_int64(st, 6)};
		copy_mark(st, 5, p->head);
		copy_mark(st, 7, p->tail);
		memory->n = (size_t)sqlite3_column_bytes(st, 8);
		memory->at = arena_copy(a, sqlite3_column_blob(st, 8),
		    memory->n);
	}
	(void)sqlite3_reset(st);
	return found;
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

size_t
outbox_sources(struct outbox *o, struct arena *a, const char ***names)
{
	enum { MOST = 256 };
	sqlite3_stmt *st = NULL;
	size_t n = 0;

	*names = arena_array(a, MOST, sizeof **names);
	if (sqlite3_prepare_v2(o->db, "SELECT name FROM place ORDER BY name",
	        -1, &st, NULL) == SQLITE_OK)
		while (n < MOST && sqlite3_step(st) == SQLITE_ROW)
			(*names)[n++] = arena_string(a,
			    (const char *)sqlite3_column_text(st, 0));
	(void)sqlite3_finalize(st);
	return n;
}
