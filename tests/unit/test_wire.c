/* Protects: what one side packs the other unpacks, and nothing that is not a
 * frame of ours gets through or costs more than its due. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/arena.h"
#include "proto/plaintiff.pb-c.h"
#include "proto/wire.h"

static struct text
number_text(struct arena *a, const char *what, size_t i)
{
	return text_of(arena_printf(a, "%s%zu", what, i));
}

/* n events; every third has all members, others few. */
static struct event *
make_events(struct arena *a, size_t n)
{
	struct event *all = arena_array(a, n + 1, sizeof *all);

	for (size_t i = 0; i < n; i++) {
		struct event *e = &all[i];

		*e = (struct event){
		    .time_us = INT64_C(1700000000000000) - (int64_t)i * 7919,
		    .read_us = INT64_C(1700000001000000) + (int64_t)i,
		    .kind = (enum kind)(i % (KIND_COUNT - 1) + 1),
		    .ordinal = (uint32_t)(i % 5),
		    .pid = i % 4 == 0 ? EVENT_NO_PID : (int64_t)i,
		    .host = TEXT("mx1"),
		    .message = number_text(a, "warning: message ", i),
		};
		assert_true(addr_parse(i % 2 == 0 ? TEXT("192.0.2.7")
		                                  : TEXT("2001:db8::7"),
		    &e->source));
		if (i % 3 == 0) {
			e->source_port = (uint16_t)(i == 0 ? 65535 : i + 1);
			e->program = TEXT("postfix/smtpd");
			e->service = TEXT("postfix/smtpd");
			e->ptr = TEXT("host.example");
			e->login = number_text(a, "user", i);
			e->mechanism = TEXT(""); /* empty, not absent */
			e->rule = TEXT("postfix.sasl-failed");
			e->local_port = 587;
			assert_true(addr_parse(TEXT("203.0.113.1"),
			    &e->local));
		}
		event_make_id(e, TEXT("site"));
	}
	return all;
}

static void
assert_same_event(const struct event *x, const struct event *y)
{
	assert_memory_equal(x->id, y->id, EVENT_ID_BYTES);
	assert_true(x->time_us == y->time_us && x->read_us == y->read_us);
	assert_int_equal(x->kind, y->kind);
	assert_true(addr_equal(&x->source, &y->source));
	assert_true(addr_equal(&x->local, &y->local));
	assert_int_equal(x->source_port, y->source_port);
	assert_int_equal(x->local_port, y->local_port);
	assert_int_equal(x->ordinal, y->ordinal);
	assert_true(x->pid == y->pid);
	assert_true(text_equal(x->host, y->host));
	assert_true(text_equal(x->program, y->program));
	assert_true(text_equal(x->service, y->service));
	assert_true(text_equal(x->ptr, y->ptr));
	assert_true(text_equal(x->login, y->login));
	assert_true(text_equal(x->mechanism, y->mechanism));
	assert_true(text_equal(x->rule, y->rule));
	assert_true(text_equal(x->message, y->message));
	assert_true(event_id_is_true(y, TEXT("site")));
}

static void
batches_come_back(void **state)
{
	static const size_t counts[] = {0, 1, 2, 37, WIRE_BATCH_EVENTS};

	(void)state;
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
		struct arena *a = arena_open(0), *in = arena_open(0);
		struct wire_frame f = {.type = WIRE_BATCH,
		    .batch = {.batch = 123456789,
		        .site = TEXT("site"),
		        .counters = {.outbox = "abcdefgh", .lines = 9,
		            .withheld = INT64_MAX,
		            .lost_places = 3},
		        .events = make_events(a, counts[i]),
		        .count = counts[i]}}, g;
		struct buf b = {0};
		const char *why = NULL;

		wire_pack(&f, &b);
		assert_true(b.n <= WIRE_FRAME_BYTES);
		assert_int_equal(wire_unpack(b.data, b.n, in, &g, &why),
		    WIRE_OK);
		assert_int_equal(g.type, WIRE_BATCH);
		assert_int_equal(g.batch.batch, 123456789);
		assert_int_equal(g.batch.count, counts[i]);
		assert_true(text_is(g.batch.site, "site"));
		assert_memory_equal(&g.batch.counters, &f.batch.counters,
		    sizeof g.batch.counters);
		for (size_t k = 0; k < counts[i]; k++)
			assert_same_event(&f.batch.events[k],
			    &g.batch.events[k]);
		buf_free(&b);
		arena_close(a);
		arena_close(in);
	}
}

static void
small_frames_come_back(void **state)
{
	struct addr own[2];
	const struct wire_frame all[] = {
	    {.type = WIRE_HELLO, .hello = {.version = 1,
	        .software = TEXT("x"), .host = TEXT("mx1"),
	        .addresses = own, .address_count = 2}},
	    {.type = WIRE_WELCOME, .welcome = {1, 8, 100, 200, -5, 7}},
	    {.type = WIRE_ACK, .ack = {5, 6, 7}},
	    {.type = WIRE_NAK, .nak = {5, WIRE_TOO_BIG, 1000}},
	    {.type = WIRE_PING, .ping = {.lag_us = 77}},
	    {.type = WIRE_PONG, .pong = {99, true}},
	};
	struct arena *a = arena_open(0);

	(void)state;
	assert_true(addr_parse(TEXT("192.0.2.1"), &own[0]));
	assert_true(addr_parse(TEXT("2001:db8::1"), &own[1]));
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		struct wire_frame g;
		struct buf b = {0};
		const char *why;

		wire_pack(&all[i], &b);
		assert_int_equal(wire_unpack(b.data, b.n, a, &g, &why),
		    WIRE_OK);
		assert_int_equal(g.type, all[i].type);
		switch (g.type) {
		case WIRE_HELLO:
			assert_true(text_is(g.hello.host, "mx1"));
			assert_int_equal(g.hello.address_count, 2);
			assert_true(addr_equal(&g.hello.addresses[1],
			    &own[1]));
			break;
		case WIRE_WELCOME:
			assert_memory_equal(&g.welcome, &all[i].welcome,
			    sizeof g.welcome);
			break;
		case WIRE_ACK:
			assert_memory_equal(&g.ack, &all[i].ack, sizeof g.ack);
			break;
		case WIRE_NAK:
			assert_true(g.nak.batch == 5 &&
			    g.nak.reason == WIRE_TOO_BIG &&
			    g.nak.retry_ms == 1000);
			break;
		case WIRE_PING:
			assert_int_equal(g.ping.lag_us, 77);
			break;
		case WIRE_PONG:
			assert_int_equal(g.pong.time_us, 99);
			assert_true(g.pong.again);
			break;
		case WIRE_BATCH:
			fail();
		}
		buf_free(&b);
	}
	arena_close(a);
}

static void
garbage_is_refused(void **state)
{
	struct arena *a = arena_open(0);
	struct wire_frame f;
	const char *why = NULL;
	char *large = calloc(1, WIRE_FRAME_BYTES + 1);

	(void)state;
	assert_non_null(large);
	assert_int_equal(wire_unpack("", 0, a, &f, &why), WIRE_GARBAGE);
	assert_string_equal(why, "empty frame");
	assert_int_equal(wire_unpack("\xff\xff", 2, a, &f, &why),
	    WIRE_GARBAGE);
	assert_int_equal(wire_unpack(large, WIRE_FRAME_BYTES + 1, a, &f,
	    &why), WIRE_TOO_LARGE);
	free(large);
	arena_close(a);
}

/* Every frame cut anywhere and with any byte changed: never a crash, and
 * what passes is within the limits. */
static void
mutated_frames_are_safe(void **state)
{
	struct arena *a = arena_open(0), *in = arena_open(0);
	struct wire_frame f = {.type = WIRE_BATCH,
	    .batch = {.batch = 5, .events = make_events(a, 7), .count = 7}}, g;
	struct buf b = {0};
	const char *why;
	size_t passed = 0;

	(void)state;
	wire_pack(&f, &b);
	for (size_t i = 0; i < b.n; i++) {
		char was = b.data[i];

		arena_reset(in);
		assert_int_not_equal(wire_unpack(b.data, i, in, &g, &why),
		    WIRE_TOO_LARGE);
		for (int bit = 0; bit < 8; bit++) {
			b.data[i] = (char)(was ^ 1 << bit);
			arena_reset(in);
			if (wire_unpack(b.data, b.n, in, &g, &why) != WIRE_OK ||
			    g.type != WIRE_BATCH)
				continue;
			passed++;
			for (size_t k = 0; k < g.batch.count; k++) {
				const struct event *e = &g.batch.events[k];

				assert_in_range(e->kind, 1, KIND_COUNT - 1);
				assert_true(e->source.family == 4 ||
				    e->source.family == 6);
				assert_true(e->time_us >= 0);
				assert_true(text_is_utf8(e->message.at,
				    e->message.n));
			}
		}
		b.data[i] = was;
	}
	assert_true(passed > 100); /* texts may change within limits */
	buf_free(&b);
	arena_close(a);
	arena_close(in);
}

/* Packs m as a batch frame and unpacks it by our rules. */
static enum wire_result
try_batch(Plaintiff__Batch *m, const char **why)
{
	Plaintiff__Frame frame = PLAINTIFF__FRAME__INIT;
	struct arena *a = arena_open(0);
	struct wire_frame f;
	enum wire_result r;
	uint8_t *bytes;
	size_t n;

	frame.body_case = PLAINTIFF__FRAME__BODY_BATCH;
	frame.batch = m;
	n = plaintiff__frame__get_packed_size(&frame);
	bytes = malloc(n);
	assert_non_null(bytes);
	(void)plaintiff__frame__pack(&frame, bytes);
	r = wire_unpack(bytes, n, a, &f, why);
	free(bytes);
	arena_close(a);
	return r;
}

static void
limits_of_a_batch(void **state)
{
	static ProtobufCBinaryData texts[5];
	static uint8_t id[16], address[4] = {192, 0, 2, 1};
	static int64_t zero = 0;
	static uint32_t one = 1, two = 2, three = 3, kind = 1;
	Plaintiff__Batch good = PLAINTIFF__BATCH__INIT, m;
	const char *why = NULL;
	uint32_t wrong = 0;

	(void)state;
	texts[0] = (ProtobufCBinaryData){.len = 4, .data = address};
	texts[1] = (ProtobufCBinaryData){.len = 3, .data = (uint8_t *)"mx1"};
	texts[2] = (ProtobufCBinaryData){.len = 1, .data = (uint8_t *)"m"};
	good.batch = 1;
	good.count = 1;
	good.id = (ProtobufCBinaryData){.len = 16, .data = id};
	good.n_time_us = good.n_read_us = good.n_kind = 1;
	good.time_us = good.read_us = &zero;
	good.kind = &kind;
	good.n_text = 3;
	good.text = texts;
	good.n_source = good.n_host = good.n_message = 1;
	good.source = &one;
	good.host = &two;
	good.message = &three;
	assert_int_equal(try_batch(&good, &why), WIRE_OK);

	m = good;
	m.source = &two; /* three bytes are no address */
	assert_int_equal(try_batch(&m, &why), WIRE_GARBAGE);
	m = good;
	wrong = 4; /* behind the table */
	m.message = &wrong;
	assert_int_equal(try_batch(&m, &why), WIRE_GARBAGE);
	m = good;
	m.n_source = 0; /* nobody is accused */
	assert_int_equal(try_batch(&m, &why), WIRE_GARBAGE);
	m = good;
	m.count = 2; /* columns are shorter */
	assert_int_equal(try_batch(&m, &why), WIRE_GARBAGE);
	assert_string_equal(why, "columns differ in length");
	m = good;
	m.count = WIRE_BATCH_EVENTS + 1;
	assert_int_equal(try_batch(&m, &why), WIRE_TOO_LARGE);
	assert_string_equal(why, "too many events in a batch");
	m = good;
	m.batch = 0;
	assert_int_equal(try_batch(&m, &why), WIRE_GARBAGE);
	m = good;
	m.batch = UINT64_MAX;
	assert_int_equal(try_batch(&m, &why), WIRE_GARBAGE);
	m = good;
	wrong = KIND_COUNT;
	m.kind = &wrong;
	assert_int_equal(try_batch(&m, &why), WIRE_GARBAGE);
	m = good;
	m.time_us = (int64_t[]){INT64_MAX};
	assert_int_equal(try_batch(&m, &why), WIRE_GARBAGE);
	m.time_us = (int64_t[]){-1};
	assert_int_equal(try_batch(&m, &why), WIRE_GARBAGE);
	m = good;
	wrong = 65537; /* 65536, plus one */
	m.n_source_port = 1;
	m.source_port = &wrong;
	assert_int_equal(try_batch(&m, &why), WIRE_GARBAGE);
	m = good;
	texts[2].data = (uint8_t *)"\0";
	assert_int_equal(try_batch(&m, &why), WIRE_GARBAGE);
	texts[2].data = (uint8_t *)"\xff";
	assert_int_equal(try_batch(&m, &why), WIRE_GARBAGE);
	texts[2].len = EVENT_MESSAGE_BYTES + 1;
	texts[2].data = calloc(1, texts[2].len);
	memset(texts[2].data, 'x', texts[2].len);
	assert_int_equal(try_batch(&m, &why), WIRE_GARBAGE);
	texts[2].len--;
	assert_int_equal(try_batch(&m, &why), WIRE_OK);
	free(texts[2].data);
}

/* A small frame of very many empty texts asks for sixteen times its size. */
static void
heap_is_capped(void **state)
{
	enum { MANY = 120000 };
	Plaintiff__Batch m = PLAINTIFF__BATCH__INIT;
	const char *why = NULL;

	(void)state;
	m.batch = 1;
	m.id.data = (uint8_t *)"";
	m.n_text = MANY;
	m.text = calloc(MANY, sizeof *m.text);
	assert_non_null(m.text);
	assert_int_equal(try_batch(&m, &why), WIRE_TOO_LARGE);
	assert_string_equal(why, "frame needs too much memory");
	free(m.text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(batches_come_back),
	    cmocka_unit_test(small_frames_come_back),
	    cmocka_unit_test(garbage_is_refused),
	    cmocka_unit_test(mutated_frames_are_safe),
	    cmocka_unit_test(limits_of_a_batch),
	    cmocka_unit_test(heap_is_capped),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
