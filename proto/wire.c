/*
 * Packing frames; see wire.h.  What is packed is our own and is not checked
 * again; unpacking, with every limit, is wire_unpack.c.
 */
#include "proto/wire.h"

#include <assert.h>
#include <string.h>

#include "proto/base/arena.h"
#include "proto/plaintiff.pb-c.h"

_Static_assert((int)KIND_COUNT == (int)PLAINTIFF__KIND__LOGIN_SUCCESS + 1,
    "kind.h and plaintiff.proto must list the same kinds");
_Static_assert((int)WIRE_BAD_VERSION == (int)PLAINTIFF__NAK__REASON__VERSION,
    "wire.h and plaintiff.proto must list the same reasons");

/* String table under construction: open addressing over the texts. */
enum { TABLE_SLOTS = 32768 };

struct table {
	ProtobufCBinaryData *text;
	size_t n;
	uint32_t *slots; /* index + 1 */
};

static uint64_t
hash_bytes(const char *s, size_t n)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)s[i]) * UINT64_C(1099511628211);
	return h ^ (h >> 29);
}

static uint32_t
intern(struct table *t, struct text s)
{
	size_t slot;

	if (s.at == NULL)
		return 0;
	slot = hash_bytes(s.at, s.n) % TABLE_SLOTS;
	for (; t->slots[slot] != 0; slot = (slot + 1) % TABLE_SLOTS) {
		const ProtobufCBinaryData *have = &t->text[t->slots[slot] - 1];

		if (have->len == s.n &&
		    (s.n == 0 || memcmp(have->data, s.at, s.n) == 0))
			return t->slots[slot];
	}
	t->text[t->n] = (ProtobufCBinaryData){.len = s.n,
	    .data = (uint8_t *)(uintptr_t)s.at};
	t->slots[slot] = (uint32_t)++t->n;
	return t->slots[slot];
}

static uint32_t
intern_addr(struct table *t, const struct addr *a)
{
	if (a->family == 0)
		return 0;
	return intern(t, (struct text){.at = (const char *)a->bytes,
	    .n = addr_length(a)});
}

/* One column of a batch: leaves it empty when all entries are zero. */
static void
set_column(size_t *n, uint32_t **column, uint32_t *values, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (values[i] != 0) {
			*n = count;
			*column = values;
			return;
		}
	}
}

static void
fill_counters(Plaintiff__Counters *m, const struct wire_counters *c)
{
	plaintiff__counters__init(m);
	m->has_outbox = 1;
	m->outbox.len = sizeof c->outbox;
	m->outbox.data = (uint8_t *)(uintptr_t)c->outbox;
	m->has_lines = m->has_ignored = m->has_unparsable = 1;
	m->has_unreportable = m->has_emitted = m->has_repeated = 1;
	m->has_unacked = m->has_gaps = m->has_withheld = 1;
	m->lines = c->lines;
	m->ignored = c->ignored;
	m->unparsable = c->unparsable;
	m->unreportable = c->unreportable;
	m->emitted = c->emitted;
	m->repeated = c->repeated;
	m->unacked = c->unacked;
	m->gaps = c->gaps;
	m->withheld = c->withheld;
	m->has_lost_places = 1;
	m->lost_places = c->lost_places;
}

#define COLUMN(field, expression)                                          \
	do {                                                               \
		uint32_t *v_ = arena_array(a, b->count, sizeof *v_);       \
		for (size_t i = 0; i < b->count; i++) {                    \
			const struct event *e = &b->events[i];             \
			v_[i] = (expression);                              \
		}                                                          \
		set_column(&m->n_##field, &m->field, v_, b->count);        \
	} while (0)

static void
fill_batch(Plaintiff__Batch *m, const struct wire_batch *b, struct arena *a)
{
	enum { TEXTS_AN_EVENT = 10 };
	struct table t = {
	    .text = arena_array(a, b->count * TEXTS_AN_EVENT + 1,
	        sizeof *t.text),
	    .slots = arena_array(a, TABLE_SLOTS, sizeof *t.slots),
	};
	int64_t last = 0;

	_Static_assert(WIRE_BATCH_EVENTS * TEXTS_AN_EVENT < TABLE_SLOTS,
	    "the hash table must hold every text of a batch");
	assert(b->count <= WIRE_BATCH_EVENTS);
	m->batch = b->batch;
	m->count = (uint32_t)b->count;
	if (b->site.n != 0) {
		m->has_site = 1;
		m->site.len = b->site.n;
		m->site.data = (uint8_t *)(uintptr_t)b->site.at;
	}
	m->id.len = b->count * EVENT_ID_BYTES;
	m->id.data = arena_alloc(a, m->id.len);
	m->time_us = arena_array(a, b->count, sizeof *m->time_us);
	m->read_us = arena_array(a, b->count, sizeof *m->read_us);
	m->n_time_us = m->n_read_us = b->count;
	for (size_t i = 0; i < b->count; i++) {
		const struct event *e = &b->events[i];

		memcpy(m->id.data + i * EVENT_ID_BYTES, e->id, EVENT_ID_BYTES);
		m->time_us[i] = e->time_us - last;
		m->read_us[i] = e->read_us - e->time_us;
		last = e->time_us;
	}
	COLUMN(kind, (uint32_t)e->kind);
	COLUMN(ordinal, e->ordinal);
	COLUMN(host, intern(&t, e->host));
	COLUMN(program, intern(&t, e->program));
	COLUMN(pid, e->pid == EVENT_NO_PID ? 0 : (uint32_t)(e->pid + 1));
	COLUMN(service, intern(&t, e->service));
	COLUMN(source, intern_addr(&t, &e->source));
	COLUMN(source_port,
	    e->source_port == EVENT_NO_PORT ? 0 : e->source_port + 1u);
	COLUMN(ptr, intern(&t, e->ptr));
	COLUMN(login, intern(&t, e->login));
	COLUMN(mechanism, intern(&t, e->mechanism));
	COLUMN(rule, intern(&t, e->rule));
	COLUMN(message, intern(&t, e->message));
	COLUMN(local, intern_addr(&t, &e->local));
	COLUMN(local_port,
	    e->local_port == EVENT_NO_PORT ? 0 : e->local_port + 1u);
	m->text = t.text;
	m->n_text = t.n;
}

static char *
string_or_null(struct arena *a, struct text t)
{
	return t.at == NULL ? NULL : arena_copy(a, t.at, t.n);
}

static void
fill_hello(Plaintiff__Hello *m, const struct wire_hello *h, struct arena *a)
{
	m->version = h->version;
	m->software = string_or_null(a, h->software);
	m->host = string_or_null(a, h->host);
	m->n_address = h->address_count;
	m->address = arena_array(a, h->address_count, sizeof *m->address);
	for (size_t i = 0; i < h->address_count; i++)
		m->address[i] = (ProtobufCBinaryData){
		    .len = addr_length(&h->addresses[i]),
		    .data = (uint8_t *)(uintptr_t)h->addresses[i].bytes};
}

void
wire_pack(const struct wire_frame *f, struct buf *out)
{
	Plaintiff__Frame frame = PLAINTIFF__FRAME__INIT;
	Plaintiff__Hello hello = PLAINTIFF__HELLO__INIT;
	Plaintiff__Welcome welcome = PLAINTIFF__WELCOME__INIT;
	Plaintiff__Batch batch = PLAINTIFF__BATCH__INIT;
	Plaintiff__Ack ack = PLAINTIFF__ACK__INIT;
	Plaintiff__Nak nak = PLAINTIFF__NAK__INIT;
	Plaintiff__Ping ping = PLAINTIFF__PING__INIT;
	Plaintiff__Pong pong = PLAINTIFF__PONG__INIT;
	Plaintiff__Counters counters;
	struct arena *a = arena_open(0);
	size_t n;
	char *p;

	switch (f->type) {
	case WIRE_HELLO:
		fill_hello(&hello, &f->hello, a);
		fill_counters(&counters, &f->hello.counters);
		hello.counters = &counters;
		frame.body_case = PLAINTIFF__FRAME__BODY_HELLO;
		frame.hello = &hello;
		break;
	case WIRE_WELCOME:
		welcome.version = f->welcome.version;
		welcome.window = f->welcome.window;
		welcome.max_bytes = f->welcome.max_bytes;
		welcome.max_events = f->welcome.max_events;
		welcome.time_us = f->welcome.time_us;
		welcome.has_last_batch = f->welcome.last_batch != 0;
		welcome.last_batch = f->welcome.last_batch;
		frame.body_case = PLAINTIFF__FRAME__BODY_WELCOME;
		frame.welcome = &welcome;
		break;
	case WIRE_BATCH:
		fill_batch(&batch, &f->batch, a);
		fill_counters(&counters, &f->batch.counters);
		batch.counters = &counters;
		frame.body_case = PLAINTIFF__FRAME__BODY_BATCH;
		frame.batch = &batch;
		break;
	case WIRE_ACK:
		ack.batch = f->ack.batch;
		ack.has_new_events = ack.has_known_events = 1;
		ack.new_events = f->ack.new_events;
		ack.known_events = f->ack.known_events;
		frame.body_case = PLAINTIFF__FRAME__BODY_ACK;
		frame.ack = &ack;
		break;
	case WIRE_NAK:
		nak.has_batch = f->nak.batch != 0;
		nak.batch = f->nak.batch;
		nak.reason = (Plaintiff__Nak__Reason)f->nak.reason;
		nak.has_retry_ms = f->nak.retry_ms != 0;
		nak.retry_ms = f->nak.retry_ms;
		frame.body_case = PLAINTIFF__FRAME__BODY_NAK;
		frame.nak = &nak;
		break;
	case WIRE_PING:
		fill_counters(&counters, &f->ping.counters);
		ping.counters = &counters;
		ping.has_lag_us = 1;
		ping.lag_us = f->ping.lag_us;
		frame.body_case = PLAINTIFF__FRAME__BODY_PING;
		frame.ping = &ping;
		break;
	case WIRE_PONG:
		pong.time_us = f->pong.time_us;
		pong.has_again = f->pong.again;
		pong.again = f->pong.again;
		frame.body_case = PLAINTIFF__FRAME__BODY_PONG;
		frame.pong = &pong;
		break;
	}
	n = plaintiff__frame__get_packed_size(&frame);
	p = arena_alloc(a, n);
	(void)plaintiff__frame__pack(&frame, (uint8_t *)p);
	buf_add(out, p, n);
	arena_close(a);
}

const char *
wire_reason_name(enum wire_reason r)
{
	switch (r) {
	case WIRE_BUSY:
		return "busy";
	case WIRE_QUOTA:
		return "quota";
	case WIRE_REVOKED:
		return "revoked";
	case WIRE_MALFORMED:
		return "malformed";
	case WIRE_TOO_BIG:
		return "too big";
	case WIRE_BAD_VERSION:
		return "version";
	}
	return NULL;
}
