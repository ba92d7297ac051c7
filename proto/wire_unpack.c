/*
 * Unpacking frames; see wire.h.  Three steps, cheapest first: the size, then
 * protobuf-c over a capped heap, then every count, index, text and number
 * by hand.  What passes is safe for SQL, JSON and people.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "proto/base/arena.h"
#include "proto/base/die.h"
#include "proto/plaintiff.pb-c.h"
#include "proto/wire.h"

enum {
	ALIGN = 16, /* the arena's */
	/* descriptors are fixed cost, so that a small frame may take more */
	SMALL = 16 * 1024,
	BLOCK = 2048, /* from here on given back, not left to the arena */
};
_Static_assert((int)BLOCK > (int)EVENT_MESSAGE_BYTES &&
    (int)BLOCK > (int)EVENT_TEXT_BYTES,
    "texts of events must outlive unpacking");

/* What protobuf-c needs only until its message is read. */
struct block {
	struct block *next, **from;
	size_t n;
	_Alignas(ALIGN) unsigned char bytes[];
};

/* Memory of one frame, so much and no more: the caller's arena for what
 * stays, blocks for the rest. */
struct heap {
	struct arena *arena;
	struct block *blocks;
	size_t used, most, peak;
	bool refused;
};

static bool
heap_take(struct heap *h, size_t n)
{
	if (n > h->most - h->used) {
		h->refused = true;
		return false;
	}
	h->used += n;
	if (h->used > h->peak)
		h->peak = h->used;
	return true;
}

static void *
heap_alloc(void *data, size_t n)
{
	struct heap *h = data;
	struct block *b;

	n = (n + ALIGN - 1) / ALIGN * ALIGN;
	if (!heap_take(h, n))
		return NULL;
	if (n < BLOCK)
		return arena_try(h->arena, n);
	b = malloc(sizeof *b + n);
	if (b == NULL)
		die(EX_OSERR, "out of memory");
	b->n = n;
	b->next = h->blocks;
	b->from = &h->blocks;
	if (b->next != NULL)
		b->next->from = &b->next;
	h->blocks = b;
	return b->bytes;
}

static void
block_free(struct heap *h, struct block *b)
{
	*b->from = b->next;
	if (b->next != NULL)
		b->next->from = b->from;
	h->used -= b->n;
	free(b);
}

/* What came from the arena stays there; protobuf-c does not say how large it
 * was, so blocks are looked for: there are few. */
static void
heap_free(void *data, void *p)
{
	struct heap *h = data;

	for (struct block *b = h->blocks; b != NULL; b = b->next) {
		if (p == b->bytes) {
			block_free(h, b);
			return;
		}
	}
}

static bool
read_counters(const Plaintiff__Counters *m, struct wire_counters *c)
{
	*c = (struct wire_counters){0};
	if (m == NULL)
		return true;
	if (m->has_outbox) {
		if (m->outbox.len != sizeof c->outbox)
			return false;
		memcpy(c->outbox, m->outbox.data, sizeof c->outbox);
	}
	c->lines = m->lines;
	c->ignored = m->ignored;
	c->unparsable = m->unparsable;
	c->unreportable = m->unreportable;
	c->emitted = m->emitted;
	c->repeated = m->repeated;
	c->unacked = m->unacked;
	c->gaps = m->gaps;
	c->withheld = m->withheld;
	c->lost_places = m->lost_places;
	/* PostgreSQL's bigint ends there */
	return ((c->lines | c->ignored | c->unparsable | c->unreportable |
	            c->emitted | c->repeated | c->unacked | c->gaps |
	            c->withheld | c->lost_places) >> 63) == 0;
}

/* Index 0 is absent; otherwise valid UTF-8 without NUL within max bytes. */
static bool
read_text(const Plaintiff__Batch *m, size_t n, const uint32_t *column,
    size_t i, size_t max_bytes, struct text *out)
{
	const ProtobufCBinaryData *d;

	*out = (struct text){0};
	if (n == 0 || column[i] == 0)
		return true;
	if (column[i] > m->n_text)
		return false;
	d = &m->text[column[i] - 1];
	if (d->len > max_bytes || !text_is_utf8((const char *)d->data, d->len))
		return false;
	/* an empty text has no bytes, but is not absent */
	*out = (struct text){.at = d->len == 0 ? "" : (const char *)d->data,
	    .n = d->len};
	return true;
}

static bool
read_addr(const Plaintiff__Batch *m, size_t n, const uint32_t *column,
    size_t i, struct addr *out)
{
	const ProtobufCBinaryData *d;

	*out = (struct addr){0};
	if (n == 0 || column[i] == 0)
		return true;
	if (column[i] > m->n_text)
		return false;
	d = &m->text[column[i] - 1];
	return addr_from_bytes(d->data, d->len, out);
}

/* Absent, or value plus one, at most most. */
static bool
read_number(size_t n, const uint32_t *column, size_t i, uint32_t most,
    int64_t absent, int64_t *out)
{
	*out = absent;
	if (n == 0 || column[i] == 0)
		return true;
	*out = (int64_t)column[i] - 1;
	return *out <= most;
}

static bool
read_event(const Plaintiff__Batch *m, size_t i, struct event *e)
{
	enum { LONG = EVENT_MESSAGE_BYTES, SHORT = EVENT_TEXT_BYTES };
	int64_t port, local_port;

	memcpy(e->id, m->id.data + i * EVENT_ID_BYTES, EVENT_ID_BYTES);
	if (m->n_kind == 0 || m->kind[i] == KIND_NONE ||
	    m->kind[i] >= KIND_COUNT)
		return false;
	e->kind = (enum kind)m->kind[i];
	e->ordinal = m->n_ordinal == 0 ? 0 : m->ordinal[i];
	if (!read_addr(m, m->n_source, m->source, i, &e->source) ||
	    e->source.family == 0 ||
	    !read_addr(m, m->n_local, m->local, i, &e->local) ||
	    !read_number(m->n_source_port, m->source_port, i, UINT16_MAX,
	        EVENT_NO_PORT, &port) ||
	    !read_number(m->n_local_port, m->local_port, i, UINT16_MAX,
	        EVENT_NO_PORT, &local_port) ||
	    !read_number(m->n_pid, m->pid, i, INT32_MAX, EVENT_NO_PID,
	        &e->pid))
		return false;
	e->source_port = (uint16_t)port;
	e->local_port = (uint16_t)local_port;
	return read_text(m, m->n_host, m->host, i, SHORT, &e->host) &&
	    read_text(m, m->n_program, m->program, i, SHORT, &e->program) &&
	    read_text(m, m->n_service, m->service, i, SHORT, &e->service) &&
	    read_text(m, m->n_ptr, m->ptr, i, SHORT, &e->ptr) &&
	    read_text(m, m->n_login, m->login, i, SHORT, &e->login) &&
	    read_text(m, m->n_mechanism, m->mechanism, i, SHORT,
	        &e->mechanism) &&
	    read_text(m, m->n_rule, m->rule, i, SHORT, &e->rule) &&
	    read_text(m, m->n_message, m->message, i, LONG, &e->message) &&
	    e->host.n != 0 && e->message.at != NULL;
}

static bool
column_fits(size_t n, size_t count)
{
	return n == 0 || n == count;
}

static const char *
read_batch(const Plaintiff__Batch *m, struct heap *h, struct wire_batch *b)
{
	/* what PostgreSQL's timestamptz takes, with room */
	const int64_t most_us = INT64_C(253402300799) * 1000000;
	size_t n = m->count;
	int64_t time_us = 0;

	if (m->batch == 0 || m->batch >> 63 != 0)
		return "batch number out of range";
	b->batch = m->batch;
	b->count = n < WIRE_BATCH_EVENTS ? n : WIRE_BATCH_EVENTS;
	if (n > WIRE_BATCH_EVENTS)
		return "too many events in a batch";
	if (m->id.len != n * EVENT_ID_BYTES || m->n_time_us != n ||
	    m->n_read_us != n || !column_fits(m->n_kind, n) ||
	    !column_fits(m->n_ordinal, n) || !column_fits(m->n_host, n) ||
	    !column_fits(m->n_program, n) || !column_fits(m->n_pid, n) ||
	    !column_fits(m->n_service, n) || !column_fits(m->n_source, n) ||
	    !column_fits(m->n_source_port, n) || !column_fits(m->n_ptr, n) ||
	    !column_fits(m->n_login, n) || !column_fits(m->n_mechanism, n) ||
	    !column_fits(m->n_rule, n) || !column_fits(m->n_message, n) ||
	    !column_fits(m->n_local, n) || !column_fits(m->n_local_port, n))
		return "columns differ in length";
	if (!read_counters(m->counters, &b->counters))
		return "counters out of range";
	b->site = (struct text){.at = "", .n = 0};
	if (m->has_site && m->site.len != 0) {
		if (m->site.len > EVENT_TEXT_BYTES ||
		    !text_is_utf8((const char *)m->site.data, m->site.len))
			return "site label is malformed";
		b->site = (struct text){.at = (const char *)m->site.data,
		    .n = m->site.len};
	}
	b->events = heap_take(h, (n + 1) * sizeof *b->events)
	    ? arena_try(h->arena, (n + 1) * sizeof *b->events)
	    : NULL;
	if (b->events == NULL)
		return "batch needs too much memory";
	for (size_t i = 0; i < n; i++) {
		struct event *e = &b->events[i];

		if (__builtin_add_overflow(time_us, m->time_us[i], &time_us) ||
		    __builtin_add_overflow(time_us, m->read_us[i],
		        &e->read_us) ||
		    time_us < 0 || time_us > most_us || e->read_us < 0 ||
		    e->read_us > most_us)
			return "time out of range";
		e->time_us = time_us;
		if (!read_event(m, i, e))
			return "an event is malformed";
	}
	return NULL;
}

static struct text
clean_string(struct arena *a, const char *s)
{
	return s == NULL || strlen(s) > EVENT_TEXT_BYTES
	    ? (struct text){0}
	    : text_clean(a, text_of(s), EVENT_TEXT_BYTES);
}

static const char *
read_hello(const Plaintiff__Hello *m, struct arena *a, struct wire_hello *h)
{
	struct addr *addresses;

	h->version = m->version;
	h->software = clean_string(a, m->software);
	h->host = clean_string(a, m->host);
	if (m->n_address > WIRE_HELLO_ADDRESSES)
		return "too many own addresses";
	addresses = arena_array(a, m->n_address + 1, sizeof *addresses);
	for (size_t i = 0; i < m->n_address; i++)
		if (!addr_from_bytes(m->address[i].data, m->address[i].len,
		        &addresses[i]))
			return "an own address is malformed";
	h->addresses = addresses;
	h->address_count = m->n_address;
	return read_counters(m->counters, &h->counters)
	    ? NULL
	    : "counters out of range";
}

/* Copies one generated message to ours; returns what is wrong with it. */
static const char *
read_body(const Plaintiff__Frame *m, struct heap *h, struct wire_frame *f)
{
	switch (m->body_case) {
	case PLAINTIFF__FRAME__BODY_HELLO:
		f->type = WIRE_HELLO;
		return read_hello(m->hello, h->arena, &f->hello);
	case PLAINTIFF__FRAME__BODY_WELCOME:
		f->type = WIRE_WELCOME;
		f->welcome = (struct wire_welcome){
		    .version = m->welcome->version,
		    .window = m->welcome->window,
		    .max_bytes = m->welcome->max_bytes,
		    .max_events = m->welcome->max_events,
		    .time_us = m->welcome->time_us,
		    .last_batch = m->welcome->last_batch};
		return NULL;
	case PLAINTIFF__FRAME__BODY_BATCH:
		f->type = WIRE_BATCH;
		return read_batch(m->batch, h, &f->batch);
	case PLAINTIFF__FRAME__BODY_ACK:
		f->type = WIRE_ACK;
		f->ack = (struct wire_ack){.batch = m->ack->batch,
		    .new_events = m->ack->new_events,
		    .known_events = m->ack->known_events};
		return NULL;
	case PLAINTIFF__FRAME__BODY_NAK:
		f->type = WIRE_NAK;
		f->nak = (struct wire_nak){.batch = m->nak->batch,
		    .reason = (enum wire_reason)m->nak->reason,
		    .retry_ms = m->nak->retry_ms};
		return wire_reason_name(f->nak.reason) == NULL
		    ? "unknown reason" : NULL;
	case PLAINTIFF__FRAME__BODY_PING:
		f->type = WIRE_PING;
		f->ping.lag_us = m->ping->lag_us;
		return read_counters(m->ping->counters, &f->ping.counters)
		    ? NULL : "counters out of range";
	case PLAINTIFF__FRAME__BODY_PONG:
		f->type = WIRE_PONG;
		f->pong.time_us = m->pong->time_us;
		f->pong.again = m->pong->has_again && m->pong->again;
		return NULL;
	case PLAINTIFF__FRAME__BODY__NOT_SET:
	case _PLAINTIFF__FRAME__BODY__CASE_IS_INT_SIZE:
	default:
		return "empty frame";
	}
}

static enum wire_result
unpack(const void *bytes, size_t n, struct heap *h, struct wire_frame *f,
    const char **why)
{
	ProtobufCAllocator allocator = {.alloc = heap_alloc,
	    .free = heap_free,
	    .allocator_data = h};
	Plaintiff__Frame *m = plaintiff__frame__unpack(&allocator, n, bytes);

	if (m == NULL) {
		*why = h->refused ? "frame needs too much memory"
		                  : "not a frame";
		return h->refused ? WIRE_TOO_LARGE : WIRE_GARBAGE;
	}
	/* the events of a small frame are many for its bytes, and honest */
	if (h->most < WIRE_HEAP_FLOOR_BYTES)
		h->most = WIRE_HEAP_FLOOR_BYTES;
	*why = read_body(m, h, f);
	if (*why != NULL && f->type == WIRE_BATCH &&
	    (h->refused || m->batch->count > WIRE_BATCH_EVENTS))
		return WIRE_TOO_LARGE;
	return *why == NULL ? WIRE_OK : WIRE_GARBAGE;
}

enum wire_result
wire_unpack(const void *bytes, size_t n, struct arena *a,
    struct wire_frame *f, const char **why)
{
	struct heap heap = {.arena = a, .most = WIRE_HEAP_FACTOR * n < SMALL
	        ? SMALL : WIRE_HEAP_FACTOR * n};
	enum wire_result result;

	memset(f, 0, sizeof *f);
	if (n > WIRE_FRAME_BYTES) {
		*why = "frame over the limit";
		return WIRE_TOO_LARGE;
	}
	result = unpack(bytes, n, &heap, f, why);
	while (heap.blocks != NULL)
		block_free(&heap, heap.blocks);
	f->heap_bytes = heap.peak;
	return result;
}
