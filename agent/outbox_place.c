/*
 * Where each source was left, in the outbox; see outbox.h.  A place whose
 * sum is wrong is no place: the source is read again, which is harmless.
 */
#include <string.h>

#include "agent/outbox_file.h"
#include "proto/base/arena.h"
#include "proto/base/log.h"

static void
sum_place(uint8_t sum[OUTBOX_SUM_BYTES], const char *name,
    const struct source_place *p, struct text memory)
{
	const struct outbox_part parts[] = {
	    {.bytes = name, .n = strlen(name)},
	    {.number = (int64_t)p->device}, {.number = (int64_t)p->inode},
	    {.number = p->birth_us}, {.number = p->mtime_us},
	    {.number = p->offset},
	    {.number = p->head_bytes}, {.number = p->tail_bytes},
	    {.bytes = p->head, .n = sizeof p->head},
	    {.bytes = p->tail, .n = sizeof p->tail},
	    {.bytes = memory.at == NULL ? "" : memory.at, .n = memory.n}};

	outbox_sum(sum, parts, sizeof parts / sizeof parts[0]);
}

enum outbox_result
outbox_put_place(struct outbox *o, const char *name,
    const struct source_place *p, struct text memory)
{
	sqlite3_stmt *st = o->put_place;
	enum outbox_result r = outbox_begin(o);
	uint8_t sum[OUTBOX_SUM_BYTES];

	if (r != OUTBOX_OK)
		return r;
	sum_place(sum, name, p, memory);
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
	(void)sqlite3_bind_int64(st, 11, p->mtime_us);
	(void)sqlite3_bind_blob(st, 12, sum, sizeof sum, SQLITE_STATIC);
	r = outbox_run(o, st);
	o->failed = r;
	return r;
}

enum outbox_result
outbox_drop_place(struct outbox *o, const char *name)
{
	enum outbox_result r = outbox_begin(o);
	sqlite3_stmt *st = NULL;

	if (r != OUTBOX_OK)
		return r;
	if (sqlite3_prepare_v2(o->db, "DELETE FROM place WHERE name = ?", -1,
	        &st, NULL) != SQLITE_OK)
		return outbox_judge(o, sqlite3_errcode(o->db));
	(void)sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC);
	r = outbox_judge(o, sqlite3_step(st));
	(void)sqlite3_finalize(st);
	o->failed = r;
	return r;
}

static void
copy_mark(sqlite3_stmt *st, int column, uint8_t mark[SOURCE_MARK_BYTES])
{
	if (sqlite3_column_bytes(st, column) == SOURCE_MARK_BYTES)
		memcpy(mark, sqlite3_column_blob(st, column),
		    SOURCE_MARK_BYTES);
}

static bool
read_place(sqlite3_stmt *st, const char *name, struct arena *a,
    struct source_place *p, struct text *memory)
{
	uint8_t sum[OUTBOX_SUM_BYTES];

	*p = (struct source_place){
	    .device = (uint64_t)sqlite3_column_int64(st, 0),
	    .inode = (uint64_t)sqlite3_column_int64(st, 1),
	    .birth_us = sqlite3_column_int64(st, 2),
	    .offset = sqlite3_column_int64(st, 3),
	    .head_bytes = (uint32_t)sqlite3_column_int64(st, 4),
	    .tail_bytes = (uint32_t)sqlite3_column_int64(st, 6),
	    .mtime_us = sqlite3_column_int64(st, 9)};
	copy_mark(st, 5, p->head);
	copy_mark(st, 7, p->tail);
	memory->n = (size_t)sqlite3_column_bytes(st, 8);
	memory->at = arena_copy(a, sqlite3_column_blob(st, 8), memory->n);
	/* rows of the first release have none */
	if (sqlite3_column_type(st, 10) == SQLITE_NULL)
		return true;
	sum_place(sum, name, p, *memory);
	return sqlite3_column_bytes(st, 10) == OUTBOX_SUM_BYTES &&
	    memcmp(sqlite3_column_blob(st, 10), sum, sizeof sum) == 0;
}

bool
outbox_place(struct outbox *o, const char *name, struct arena *a,
    struct source_place *p, struct text *memory)
{
	sqlite3_stmt *st = o->place;
	bool found;

	(void)sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC);
	found = sqlite3_step(st) == SQLITE_ROW;
	if (found && !read_place(st, name, a, p, memory)) {
		log_error("outbox: the place of a source is damaged; its logs "
		    "are read again file=%s", name);
		o->is_anew = true;
		found = false;
	}
	(void)sqlite3_reset(st);
	return found;
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
