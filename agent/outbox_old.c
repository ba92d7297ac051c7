/*
 * Events as releases up to the third kept them: a row each, in the table
 * event.  They are sent before all others and acknowledged where they are,
 * since a full disk has no room to rewrite them; when the last is gone, so is
 * the table.  Nothing is added.  See outbox_file.h.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "agent/outbox_file.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"
#include "proto/base/die.h"
#include "proto/base/log.h"

enum { TIDY_ROWS = 250 };

struct outbox_old {
	sqlite3_stmt *known, *fetch, *ack, *forget, *tidy_find;
};

#define NUMBER(x) ((struct outbox_part){.number = (int64_t)(x)})
#define BYTES(p, length) ((struct outbox_part){.bytes = (p), .n = (length)})
/* absent and empty differ */
#define TEXT_OF(t) NUMBER((t).at != NULL), BYTES((t).at, (t).n)

/* As releases up to the second summed. */
static void
sum_slowly(uint8_t sum[OUTBOX_SUM_BYTES], const struct event *e)
{
	const struct outbox_part parts[] = {BYTES(e->id, EVENT_ID_BYTES),
	    NUMBER(e->time_us), NUMBER(e->read_us), NUMBER(e->kind),
	    BYTES(e->source.bytes, addr_length(&e->source)),
	    NUMBER(e->source_port), NUMBER(e->local.family != 0),
	    BYTES(e->local.bytes,
	        e->local.family == 0 ? 0 : addr_length(&e->local)),
	    NUMBER(e->local_port), NUMBER(e->ordinal), NUMBER(e->pid),
	    TEXT_OF(e->host), TEXT_OF(e->program), TEXT_OF(e->service),
	    TEXT_OF(e->ptr), TEXT_OF(e->login), TEXT_OF(e->mechanism),
	    TEXT_OF(e->rule), TEXT_OF(e->message)};

	outbox_sum(sum, parts, sizeof parts / sizeof parts[0]);
}

static unsigned char *
add(unsigned char *to, const void *bytes, size_t n)
{
	if (n != 0)
		memcpy(to, bytes, n);
	return to + n;
}

/* As the third did. */
static void
sum_quickly(uint8_t sum[OUTBOX_SUM_BYTES], const struct event *e,
    struct arena *a)
{
	static const unsigned char key[] = "plaintiff outbox";
	const struct text texts[] = {e->host, e->program, e->service, e->ptr,
	    e->login, e->mechanism, e->rule, e->message};
	const int64_t numbers[] = {e->time_us, e->read_us, e->kind,
	    e->source.family, e->source_port, e->local.family, e->local_port,
	    e->ordinal, e->pid};
	int32_t lengths[sizeof texts / sizeof texts[0]];
	size_t n = sizeof e->id + sizeof numbers + sizeof lengths + 2 * 16;
	unsigned char *bytes, *to;

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		lengths[i] = texts[i].at == NULL ? -1 : (int32_t)texts[i].n;
		n += texts[i].n;
	}
	bytes = arena_alloc(a, n);
	to = add(bytes, e->id, sizeof e->id);
	to = add(to, numbers, sizeof numbers);
	to = add(to, e->source.bytes, addr_length(&e->source));
	if (e->local.family != 0)
		to = add(to, e->local.bytes, addr_length(&e->local));
	to = add(to, lengths, sizeof lengths);
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		to = add(to, texts[i].at, texts[i].n);
	(void)crypto_shorthash(sum, bytes, (size_t)(to - bytes), key);
}

static bool
is_true_sum(const uint8_t *sum, const struct event *e, struct arena *a)
{
	uint8_t now[OUTBOX_SUM_BYTES];

	sum_quickly(now, e, a);
	if (memcmp(sum, now, sizeof now) == 0)
		return true;
	sum_slowly(now, e);
	return memcmp(sum, now, sizeof now) == 0;
}

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

/* False when the row is damaged. */
static bool
read_row(sqlite3_stmt *st, struct arena *a, struct event *e)
{
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
	if (sqlite3_column_bytes(st, 0) != EVENT_ID_BYTES)
		return false;
	memcpy(e->id, sqlite3_column_blob(st, 0), EVENT_ID_BYTES);
	column_addr(st, 4, &e->source);
	column_addr(st, 6, &e->local);
	if (e->source.family == 0)
		return false;
	/* rows of the first release have none */
	if (sqlite3_column_type(st, 18) == SQLITE_NULL)
		return true;
	return sqlite3_column_bytes(st, 18) == OUTBOX_SUM_BYTES &&
	    is_true_sum(sqlite3_column_blob(st, 18), e, a);
}

void
outbox_old_close(struct outbox_old *old)
{
	if (old == NULL)
		return;
	(void)sqlite3_finalize(old->known);
	(void)sqlite3_finalize(old->fetch);
	(void)sqlite3_finalize(old->ack);
	(void)sqlite3_finalize(old->forget);
	(void)sqlite3_finalize(old->tidy_find);
	free(old);
}

struct outbox_old *
outbox_old_open(struct outbox *o, bool *ok)
{
	struct outbox_old *old;

	*ok = true;
	if (outbox_number(o, "SELECT count(*) FROM sqlite_schema "
	        "WHERE name = 'event'") == 0)
		return NULL;
	old = calloc(1, sizeof *old);
	if (old == NULL)
		die(EX_OSERR, "out of memory");
	*ok = outbox_prepare(o, &old->known,
	          "SELECT 1 FROM event WHERE id = ?") &&
	    outbox_prepare(o, &old->fetch,
	        "SELECT id, time_us, read_us, kind, source, source_port, "
	        "local, local_port, ordinal, pid, host, program, service, "
	        "ptr, login, mechanism, rule, message, sum, seq FROM event "
	        "WHERE acked_us = 0 AND seq > ? ORDER BY seq LIMIT ?") &&
	    outbox_prepare(o, &old->ack,
	        "UPDATE event SET acked_us = ?, batch = ? "
	        "WHERE acked_us = 0 AND seq BETWEEN ? AND ? "
	        "RETURNING length(message)") &&
	    outbox_prepare(o, &old->forget, "DELETE FROM event "
	        "WHERE acked_us = 0 AND seq BETWEEN ? AND ?") &&
	    outbox_prepare(o, &old->tidy_find,
	        "SELECT seq, acked_us, length(message) FROM event "
	        "ORDER BY seq LIMIT ?");
	if (*ok)
		return old;
	outbox_old_close(old);
	return NULL;
}

int64_t
outbox_old_unacked(struct outbox *o)
{
	return o->old == NULL ? 0 : outbox_number(o,
	    "SELECT count(*) FROM event WHERE acked_us = 0");
}

int64_t
outbox_old_acked_bytes(struct outbox *o)
{
	return o->old == NULL ? 0 : outbox_number(o,
	    "SELECT coalesce(sum(length(message) + 200), 0) FROM event "
	    "WHERE acked_us <> 0");
}

int64_t
outbox_old_oldest_us(struct outbox *o)
{
	return o->old == NULL ? 0 : outbox_number(o,
	    "SELECT coalesce((SELECT read_us FROM event "
	    "WHERE acked_us = 0 ORDER BY seq LIMIT 1), 0)");
}

bool
outbox_old_has(struct outbox *o, const uint8_t id[EVENT_ID_BYTES])
{
	bool known;

	if (o->old == NULL)
		return false;
	(void)sqlite3_bind_blob(o->old->known, 1, id, EVENT_ID_BYTES,
	    SQLITE_STATIC);
	known = sqlite3_step(o->old->known) == SQLITE_ROW;
	(void)sqlite3_reset(o->old->known);
	return known;
}

size_t
outbox_old_fetch(struct outbox *o, int64_t after, size_t max, struct arena *a,
    struct event *events, int64_t *seqs, struct outbox_damaged *d)
{
	sqlite3_stmt *st;
	size_t n = 0;
	int rc = SQLITE_DONE;

	if (o->old == NULL)
		return 0;
	st = o->old->fetch;
	(void)sqlite3_bind_int64(st, 1, after);
	(void)sqlite3_bind_int64(st, 2, (int64_t)max);
	while (n < max && d->n < OUTBOX_MOST_DAMAGED &&
	    (rc = sqlite3_step(st)) == SQLITE_ROW) {
		int64_t seq = sqlite3_column_int64(st, 19);

		if (read_row(st, a, &events[n]))
			seqs[n++] = seq;
		else
			d->seqs[d->n++] = seq;
	}
	(void)sqlite3_reset(st);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE && o->failed == OUTBOX_OK)
		o->failed = outbox_judge(o, rc);
	return n;
}

enum outbox_result
outbox_old_forget(struct outbox *o, int64_t first, int64_t last,
    int64_t *events)
{
	enum outbox_result r;

	*events = 0;
	if (o->old == NULL)
		return OUTBOX_OK;
	(void)sqlite3_bind_int64(o->old->forget, 1, first);
	(void)sqlite3_bind_int64(o->old->forget, 2, last);
	r = outbox_run(o, o->old->forget);
	if (r == OUTBOX_OK)
		*events = sqlite3_changes(o->db);
	return r;
}

enum outbox_result
outbox_old_ack(struct outbox *o, uint64_t batch, int64_t first, int64_t last,
    int64_t *events, int64_t *bytes)
{
	enum outbox_result r;
	sqlite3_stmt *st;
	int rc;

	*events = *bytes = 0;
	if (o->old == NULL)
		return OUTBOX_OK;
	st = o->old->ack;
	(void)sqlite3_bind_int64(st, 1, clock_wall_us());
	(void)sqlite3_bind_int64(st, 2, (int64_t)batch);
	(void)sqlite3_bind_int64(st, 3, first);
	(void)sqlite3_bind_int64(st, 4, last);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		++*events;
		*bytes += sqlite3_column_int64(st, 0) + OUTBOX_ROW_BYTES;
	}
	r = outbox_judge(o, rc);
	(void)sqlite3_reset(st);
	if (r != OUTBOX_FULL || sqlite3_get_autocommit(o->db) != 0)
		return r;
	/* rows grow when marked; at the cap remove them instead */
	*bytes = 0;
	return outbox_old_forget(o, first, last, events);
}

enum outbox_result
outbox_old_unack(struct outbox *o, uint64_t batch, int64_t *events)
{
	sqlite3_stmt *st = NULL;
	enum outbox_result r;

	*events = 0;
	if (o->old == NULL)
		return OUTBOX_OK;
	if (!outbox_prepare(o, &st, "UPDATE event SET acked_us = 0, "
	        "batch = 0 WHERE acked_us <> 0 AND batch > ?"))
		return outbox_judge(o, sqlite3_errcode(o->db));
	(void)sqlite3_bind_int64(st, 1, (int64_t)batch);
	r = outbox_judge(o, sqlite3_step(st));
	if (r == OUTBOX_OK)
		*events = sqlite3_changes(o->db);
	(void)sqlite3_finalize(st);
	return r;
}

bool
outbox_old_tidy(struct outbox *o, int64_t now_us, int64_t over,
    int64_t *freed)
{
	sqlite3_stmt *st;
	int64_t last = 0;
	size_t n = 0;
	char text[120];
	int rc;

	*freed = 0;
	if (o->old == NULL)
		return false;
	/* oldest first, up to the first that must stay */
	st = o->old->tidy_find;
	(void)sqlite3_bind_int64(st, 1, TIDY_ROWS);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		int64_t acked_us = sqlite3_column_int64(st, 1);

		if (acked_us == 0 || (*freed >= over &&
		    acked_us > now_us - o->options.keep_us))
			break;
		last = sqlite3_column_int64(st, 0);
		*freed += sqlite3_column_int64(st, 2) + OUTBOX_ROW_BYTES;
		n++;
	}
	(void)sqlite3_reset(st);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE && o->failed == OUTBOX_OK)
		o->failed = outbox_judge(o, rc);
	if (n == 0 || outbox_begin(o) != OUTBOX_OK)
		return false;
	(void)snprintf(text, sizeof text,
	    "DELETE FROM event WHERE acked_us <> 0 AND seq <= %lld",
	    (long long)last);
	o->failed = outbox_exec(o, text);
	return o->failed == OUTBOX_OK && n == TIDY_ROWS;
}
