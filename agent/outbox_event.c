/*
 * An event as a row of the outbox and back, with a sum over all that is
 * sent: a bit that the disk flipped must not accuse another address.  And
 * what was counted instead of kept.  See outbox_file.h.
 */
#include <sodium.h>
#include <string.h>

#include "agent/outbox_file.h"
#include "proto/base/arena.h"

static void
add(crypto_generichash_state *h, const void *bytes, size_t n)
{
	const uint64_t length = n;

	/* lengths too, else two fields could share their bytes otherwise */
	(void)crypto_generichash_update(h, (const unsigned char *)&length,
	    sizeof length);
	if (n != 0)
		(void)crypto_generichash_update(h, bytes, n);
}

static void
add_number(crypto_generichash_state *h, int64_t n)
{
	(void)crypto_generichash_update(h, (const unsigned char *)&n,
	    sizeof n);
}

void
outbox_sum(uint8_t sum[OUTBOX_SUM_BYTES], const struct outbox_part *parts,
    size_t n)
{
	uint8_t whole[crypto_generichash_BYTES_MIN];
	crypto_generichash_state h;

	(void)crypto_generichash_init(&h, NULL, 0, sizeof whole);
	for (size_t i = 0; i < n; i++) {
		if (parts[i].bytes == NULL && parts[i].n == 0)
			add_number(&h, parts[i].number);
		else
			add(&h, parts[i].bytes, parts[i].n);
	}
	(void)crypto_generichash_final(&h, whole, sizeof whole);
	memcpy(sum, whole, OUTBOX_SUM_BYTES);
}

#define NUMBER(x) ((struct outbox_part){.number = (int64_t)(x)})
#define BYTES(p, length) ((struct outbox_part){.bytes = (p), .n = (length)})
/* absent and empty differ */
#define TEXT_OF(t) NUMBER((t).at != NULL), BYTES((t).at, (t).n)

static void
sum_event(uint8_t sum[OUTBOX_SUM_BYTES], const struct event *e)
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

static void
bind_text(sqlite3_stmt *st, int i, struct text t)
{
	if (t.at != NULL)
		(void)sqlite3_bind_text(st, i, t.at, (int)t.n, SQLITE_STATIC);
}

void
outbox_event_bind(sqlite3_stmt *st, const struct event *e)
{
	uint8_t sum[OUTBOX_SUM_BYTES];

	sum_event(sum, e);
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
	(void)sqlite3_bind_blob(st, 19, sum, sizeof sum, SQLITE_TRANSIENT);
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

bool
outbox_event_read(sqlite3_stmt *st, struct arena *a, struct event *e)
{
	uint8_t sum[OUTBOX_SUM_BYTES];

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
	sum_event(sum, e);
	return sqlite3_column_bytes(st, 18) == OUTBOX_SUM_BYTES &&
	    memcmp(sqlite3_column_blob(st, 18), sum, sizeof sum) == 0;
}

/* Is an event with this id kept? */
static bool
is_known(struct outbox *o, const struct event *e)
{
	bool known;

	(void)sqlite3_bind_blob(o->known, 1, e->id, EVENT_ID_BYTES,
	    SQLITE_STATIC);
	known = sqlite3_step(o->known) == SQLITE_ROW;
	(void)sqlite3_reset(o->known);
	return known;
}

enum outbox_result
outbox_put_lost(struct outbox *o, const struct event *e)
{
	sqlite3_stmt *st = o->put_lost;
	enum outbox_result r = outbox_begin(o);
	size_t n = addr_length(&e->source);

	if (r != OUTBOX_OK)
		return r;
	if (is_known(o, e)) {
		o->pending.repeated++;
		return OUTBOX_KNOWN;
	}
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

			column_addr(st, 0, &l->source);
			l->events = (uint64_t)sqlite3_column_int64(st, 1);
			l->first_us = sqlite3_column_int64(st, 2);
			l->last_us = sqlite3_column_int64(st, 3);
		}
	}
	(void)sqlite3_finalize(st);
	return n;
}
