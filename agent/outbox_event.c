/*
 * An event as a row of the outbox and back, with a sum over all that is
 * sent: a bit that the disk flipped must not accuse another address.  And
 * what was counted instead of kept.  See outbox_file.h.
 */
#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "agent/outbox_file.h"
#include "proto/base/arena.h"

/* Bytes to be hashed at once: each call takes longer than its few bytes. */
struct summing {
	size_t n;
	unsigned char bytes[4096]; /* room for an event */
};

static bool
add(struct summing *s, const void *bytes, size_t n)
{
	if (n > sizeof s->bytes - s->n)
		return false;
	if (n != 0)
		memcpy(s->bytes + s->n, bytes, n);
	s->n += n;
	return true;
}

void
outbox_sum(uint8_t sum[OUTBOX_SUM_BYTES], const struct outbox_part *parts,
    size_t n)
{
	uint8_t whole[crypto_generichash_BYTES_MIN];
	crypto_generichash_state h;

	(void)crypto_generichash_init(&h, NULL, 0, sizeof whole);
	for (size_t i = 0; i < n; i++) {
		bool is_number = parts[i].bytes == NULL && parts[i].n == 0;
		/* lengths too, else two fields could share their bytes */
		int64_t head =
		    is_number ? parts[i].number : (int64_t)parts[i].n;

		(void)crypto_generichash_update(
		    &h, (const unsigned char *)&head, sizeof head);
		if (parts[i].n != 0)
			(void)crypto_generichash_update(
			    &h, parts[i].bytes, parts[i].n);
	}
	(void)crypto_generichash_final(&h, whole, sizeof whole);
	memcpy(sum, whole, OUTBOX_SUM_BYTES);
}

#define NUMBER(x) ((struct outbox_part){.number = (int64_t)(x)})
#define BYTES(p, length) ((struct outbox_part){.bytes = (p), .n = (length)})
/* absent and empty differ */
#define TEXT_OF(t) NUMBER((t).at != NULL), BYTES((t).at, (t).n)

#define TEXTS_OF(e) \
	{(e)->host, (e)->program, (e)->service, (e)->ptr, (e)->login, \
	    (e)->mechanism, (e)->rule, (e)->message}

/* As releases up to the second wrote it, and with texts longer than any. */
static void
sum_event_slowly(uint8_t sum[OUTBOX_SUM_BYTES], const struct event *e)
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

/* Over all of the event, in a third of outbox_sum's time: the disk flips bits,
 * nobody seeks them, and it needs no secret. */
static void
sum_event(uint8_t sum[OUTBOX_SUM_BYTES], const struct event *e)
{
	static const unsigned char key[] = "plaintiff outbox";
	const struct text texts[] = TEXTS_OF(e);
	const int64_t numbers[] = {e->time_us, e->read_us, e->kind,
	    e->source.family, e->source_port, e->local.family, e->local_port,
	    e->ordinal, e->pid};
	int32_t lengths[OUTBOX_EVENT_TEXTS];
	struct summing s;
	bool fits = true;

	_Static_assert(sizeof key >= crypto_shorthash_KEYBYTES &&
	        OUTBOX_SUM_BYTES == crypto_shorthash_BYTES,
	    "key and sum have their sizes");
	/* absent and empty differ */
	for (size_t i = 0; i < OUTBOX_EVENT_TEXTS; i++)
		lengths[i] = texts[i].at == NULL ? -1 : (int32_t)texts[i].n;
	s.n = 0;
	(void)add(&s, e->id, sizeof e->id);
	(void)add(&s, numbers, sizeof numbers);
	(void)add(&s, e->source.bytes, addr_length(&e->source));
	if (e->local.family != 0)
		(void)add(&s, e->local.bytes, addr_length(&e->local));
	(void)add(&s, lengths, sizeof lengths);
	for (size_t i = 0; i < OUTBOX_EVENT_TEXTS; i++)
		fits = fits && add(&s, texts[i].at, texts[i].n);
	if (fits)
		(void)crypto_shorthash(sum, s.bytes, s.n, key);
	else
		sum_event_slowly(sum, e);
}

static bool
is_true_sum(const uint8_t *sum, const struct event *e)
{
	uint8_t now[OUTBOX_SUM_BYTES];

	sum_event(now, e);
	if (memcmp(sum, now, sizeof now) == 0)
		return true;
	sum_event_slowly(now, e);
	return memcmp(sum, now, sizeof now) == 0;
}

static void
bind_text(sqlite3_stmt *st, int i, struct text t)
{
	if (t.at != NULL)
		(void)sqlite3_bind_text(st, i, t.at, (int)t.n, SQLITE_STATIC);
}

void
outbox_event_bind(sqlite3_stmt *st, int first, const struct event *e,
    uint8_t sum[OUTBOX_SUM_BYTES])
{
	const struct text texts[] = TEXTS_OF(e);
	int i = first;

	sum_event(sum, e);
	(void)sqlite3_bind_blob(st, i++, e->id, EVENT_ID_BYTES, SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, i++, e->time_us);
	(void)sqlite3_bind_int64(st, i++, e->read_us);
	(void)sqlite3_bind_int64(st, i++, e->kind);
	(void)sqlite3_bind_blob(st, i++, e->source.bytes,
	    (int)addr_length(&e->source), SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, i++, e->source_port);
	if (e->local.family != 0)
		(void)sqlite3_bind_blob(st, i, e->local.bytes,
		    (int)addr_length(&e->local), SQLITE_STATIC);
	i++;
	(void)sqlite3_bind_int64(st, i++, e->local_port);
	(void)sqlite3_bind_int64(st, i++, e->ordinal);
	(void)sqlite3_bind_int64(st, i++, e->pid);
	for (size_t k = 0; k < OUTBOX_EVENT_TEXTS; k++)
		bind_text(st, i++, texts[k]);
	(void)sqlite3_bind_blob(
	    st, i++, sum, OUTBOX_SUM_BYTES, SQLITE_STATIC);
	assert(i - first == OUTBOX_EVENT_BINDS);
}

/* Writes count events, as many as the statement takes. */
static enum outbox_result
write_events(struct outbox *o, sqlite3_stmt *st, const struct event *events,
    size_t count)
{
	uint8_t sums[OUTBOX_PUT_ROWS][OUTBOX_SUM_BYTES];
	enum outbox_result r;
	uint64_t stored;

	for (size_t i = 0; i < count; i++)
		outbox_event_bind(st, (int)i * OUTBOX_EVENT_BINDS + 1,
		    &events[i], sums[i]);
	r = outbox_run(o, st);
	if (r != OUTBOX_OK)
		return r;
	stored = (uint64_t)sqlite3_changes(o->db);
	if (stored > 0)
		o->pending_seq = sqlite3_last_insert_rowid(o->db);
	o->pending.repeated += count - stored;
	o->pending.emitted += stored;
	o->pending.unacked += stored;
	return OUTBOX_OK;
}

enum outbox_result
outbox_event_flush(struct outbox *o)
{
	size_t n = o->waiting_count;
	enum outbox_result r = OUTBOX_OK;

	if (n == 0)
		return o->failed;
	if (n == OUTBOX_PUT_ROWS)
		r = write_events(o, o->put_all, o->waiting, n);
	else
		for (size_t i = 0; i < n && r == OUTBOX_OK; i++)
			r = write_events(o, o->put, &o->waiting[i], 1);
	o->waiting_count = 0;
	arena_reset(o->texts);
	o->failed = r;
	return r;
}

/* A copy of the text at *to, which moves behind it. */
static struct text
copy_text(struct text t, char **to)
{
	if (t.at == NULL)
		return t;
	memcpy(*to, t.at, t.n);
	t.at = *to;
	*to += t.n;
	return t;
}

enum outbox_result
outbox_put(struct outbox *o, const struct event *e)
{
	enum outbox_result r = outbox_begin(o);
	struct event *copy = &o->waiting[o->waiting_count];
	size_t n = e->host.n + e->program.n + e->service.n + e->ptr.n +
	           e->login.n + e->mechanism.n + e->rule.n + e->message.n;
	char *to;

	if (r != OUTBOX_OK)
		return r;
	o->load_count++;
	o->load_bytes += n + OUTBOX_ROW_BYTES;
	/* a byte more: an empty text is not an absent one */
	to = arena_alloc(o->texts, n + 1);
	*copy = *e;
	copy->host = copy_text(e->host, &to);
	copy->program = copy_text(e->program, &to);
	copy->service = copy_text(e->service, &to);
	copy->ptr = copy_text(e->ptr, &to);
	copy->login = copy_text(e->login, &to);
	copy->mechanism = copy_text(e->mechanism, &to);
	copy->rule = copy_text(e->rule, &to);
	copy->message = copy_text(e->message, &to);
	if (++o->waiting_count < OUTBOX_PUT_ROWS)
		return OUTBOX_OK;
	return outbox_event_flush(o);
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
	    is_true_sum(sqlite3_column_blob(st, 18), e);
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

	if (r == OUTBOX_OK)
		r = outbox_event_flush(o);
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
