/* Lines in memory and the book of truth; see fleet_store.h. */
#include "tests/chaos/fleet_store.h"

#include <arpa/inet.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "proto/base/arena.h"
#include "proto/base/clock.h"
#include "proto/base/die.h"

void
store_open(struct store *s, uint16_t owner)
{
	*s = (struct store){.owner = owner};
	randombytes_buf(s->outbox, sizeof s->outbox);
}

void
store_close(struct store *s)
{
	free(s->lines);
}

void
store_add(struct store *s, struct line l)
{
	if (s->n == s->cap) {
		s->cap = s->cap == 0 ? 64 : s->cap * 2;
		s->lines = realloc(s->lines, s->cap * sizeof *s->lines);
		if (s->lines == NULL)
			die(EX_OSERR, "out of memory");
	}
	s->lines[s->n++] = l;
}

struct line
store_make(struct store *s)
{
	struct line l = {.time_us = clock_wall_us(), .owner = s->owner,
	    .number = ++s->numbers};

	store_add(s, l);
	return l;
}

/* ---- events ---- */

/* One of some thousands of attackers; each tries several hosts, and each host
 * has some dozens. */
static struct addr
source_of(const struct line *l)
{
	enum { ATTACKERS = 3000, A_HOST = 64, A_NET = 250 };
	static const uint8_t nets[3][3] = {
	    {192, 0, 2}, {198, 51, 100}, {203, 0, 113}};
	uint32_t n = (l->owner * 13u + l->number % A_HOST) % ATTACKERS;
	struct addr a = {.family = 4};

	if (n >= 3 * A_NET) {
		a = (struct addr){.family = 6, .bytes = {0x20, 0x01, 0x0d,
		    0xb8, (uint8_t)(n >> 8), (uint8_t)n}};
		a.bytes[15] = 1;
		return a;
	}
	memcpy(a.bytes, nets[n / A_NET], sizeof nets[0]);
	a.bytes[3] = (uint8_t)(n % A_NET + 1);
	return a;
}

/* What detect makes of such a line; the id is of its content. */
static void
make_event(const struct line *l, struct arena *a, struct event *e)
{
	char source[ADDR_TEXT_BYTES];

	*e = (struct event){.time_us = l->time_us, .read_us = l->time_us,
	    .kind = KIND_AUTH_FAILURE, .source = source_of(l),
	    .pid = l->number, .program = TEXT("postfix/smtpd"),
	    .service = TEXT("postfix/smtpd"), .mechanism = TEXT("LOGIN"),
	    .rule = TEXT("postfix.sasl-failed")};
	addr_format(source, &e->source);
	e->host = text_of(arena_printf(a, "mx%u", l->owner));
	e->login = text_of(arena_printf(a, "user%u", l->number % 1000));
	e->message = text_of(arena_printf(a, "warning: unknown[%s]: SASL "
	    "LOGIN authentication failed: UGFzc3dvcmQ6, sasl_username=%s",
	    source, e->login.at));
	event_make_id(e, TEXT(""));
}

/* ---- the feed ---- */

static size_t
feed_fetch(void *ctx, int64_t after, size_t max, struct arena *a,
    struct event *events, int64_t *seqs)
{
	struct store *s = ctx;
	size_t n = 0, at = (size_t)after > s->low ? (size_t)after : s->low;

	for (; at < s->n && n < max; at++) {
		if (s->lines[at].acked)
			continue;
		make_event(&s->lines[at], a, &events[n]);
		seqs[n++] = (int64_t)at + 1;
	}
	return n;
}

static uint64_t
feed_next_batch(void *ctx)
{
	struct store *s = ctx;
	uint64_t now = (uint64_t)clock_wall_us();

	s->batch = now > s->batch ? now : s->batch + 1;
	return s->batch;
}

static void
take(struct store *s, int64_t first, int64_t last)
{
	int64_t now_us = clock_wall_us();

	for (int64_t i = first - 1; i < last; i++) {
		struct line *l = &s->lines[i];

		if (l->acked)
			continue;
		l->acked = true;
		s->acked++;
		if (now_us - l->time_us > s->longest_us)
			s->longest_us = now_us - l->time_us;
	}
	while (s->low < s->n && s->lines[s->low].acked)
		s->low++;
}

static void
feed_acked(void *ctx, uint64_t batch, int64_t first, int64_t last,
    bool stored)
{
	struct store *s = ctx;

	take(s, first, last);
	s->set_aside += !stored;
	if (batch > s->last_acked)
		s->last_acked = batch;
}

static uint64_t
feed_last_acked(void *ctx)
{
	return ((struct store *)ctx)->last_acked;
}

/* As an outbox that still has everything: all of it is sent again. */
static size_t
feed_unack(void *ctx, uint64_t batch)
{
	struct store *s = ctx;

	for (size_t i = 0; i < s->n; i++)
		s->lines[i].acked = false;
	s->low = s->acked = 0;
	s->last_acked = batch;
	s->unacks++;
	return s->n;
}

static void
feed_gap(void *ctx, int64_t seq)
{
	struct store *s = ctx;

	take(s, seq, seq);
	s->gaps++;
}

static void
feed_counters(void *ctx, struct wire_counters *out)
{
	struct store *s = ctx;

	*out = (struct wire_counters){.lines = s->n, .emitted = s->n,
	    .unacked = s->n - s->acked, .gaps = s->gaps};
	memcpy(out->outbox, s->outbox, sizeof out->outbox);
}

static int64_t
feed_lag_us(void *ctx)
{
	struct store *s = ctx;

	return s->low == s->n ? 0
	                      : clock_wall_us() - s->lines[s->low].time_us;
}

struct uplink_feed
store_feed(struct store *s)
{
	return (struct uplink_feed){.ctx = s, .fetch = feed_fetch,
	    .next_batch = feed_next_batch, .acked = feed_acked,
	    .last_acked = feed_last_acked, .unack = feed_unack,
	    .gap = feed_gap, .counters = feed_counters,
	    .lag_us = feed_lag_us};
}

/* ---- the book ---- */

static void
put(FILE *book, const void *bytes, size_t n)
{
	if (fwrite(bytes, 1, n, book) != n)
		die(EX_IOERR, "cannot write the book");
}

static void
put_16(FILE *book, int v)
{
	put(book, &(uint16_t){htons((uint16_t)v)}, sizeof(uint16_t));
}

static void
put_32(FILE *book, uint32_t v)
{
	put(book, &(uint32_t){htonl(v)}, sizeof(uint32_t));
}

void
book_begin(FILE *book)
{
	put(book, "PGCOPY\n\377\r\n", 11);
	put_32(book, 0);
	put_32(book, 0);
}

void
book_add(FILE *book, struct arena *a, const struct line *l, int agents)
{
	struct event e;

	arena_reset(a);
	make_event(l, a, &e);
	put_16(book, 2);
	put_32(book, sizeof e.id);
	put(book, e.id, sizeof e.id);
	put_32(book, sizeof(uint16_t));
	put_16(book, agents);
}

void
book_end(FILE *book)
{
	put_16(book, -1);
	if (fflush(book) != 0)
		die(EX_IOERR, "cannot write the book");
}
