/* Protects the door: only CURVE with the key of an active agent gets a yes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <zmq.h>

#include "hub/receive/agents.h"
#include "hub/receive/zap.h"

struct door {
	struct agents *agents;
	struct curve_key known, other;
	unsigned char raw[32], raw_other[32];
	void *context, *zap, *asks;
};

static int
setup(void **state)
{
	static struct door d;

	curve_make_fleeting(&d.known);
	curve_make_fleeting(&d.other);
	(void)zmq_z85_decode(d.raw, d.known.public_text);
	(void)zmq_z85_decode(d.raw_other, d.other.public_text);
	d.agents = agents_open();
	agents_add(d.agents, 17, "mx1", d.known.public_text);
	agents_seal(d.agents, NULL);
	d.context = zmq_ctx_new();
	d.zap = zmq_socket(d.context, ZMQ_REP);
	d.asks = zmq_socket(d.context, ZMQ_REQ);
	assert_int_equal(zmq_bind(d.zap, "inproc://test"), 0);
	assert_int_equal(zmq_connect(d.asks, "inproc://test"), 0);
	(void)zmq_setsockopt(d.asks, ZMQ_RCVTIMEO, &(int){2000}, sizeof(int));
	*state = &d;
	return 0;
}

static int
teardown(void **state)
{
	struct door *d = *state;

	(void)zmq_close(d->zap);
	(void)zmq_close(d->asks);
	(void)zmq_ctx_term(d->context);
	agents_close(d->agents);
	return 0;
}

static struct zap_question
question(const unsigned char *raw)
{
	return (struct zap_question){.version = TEXT("1.0"),
	    .request = TEXT("1"),
	    .domain = TEXT("plaintiff"),
	    .address = TEXT("192.0.2.1"),
	    .routing = TEXT(""),
	    .mechanism = TEXT("CURVE"),
	    .key = {.at = (const char *)raw, .n = 32},
	    .parts = 7};
}

static void
known_key_is_let_in(void **state)
{
	struct door *d = *state;
	struct zap_question q = question(d->raw);
	const struct agent *who;
	char key[CURVE_TEXT_BYTES];

	assert_int_equal(zap_judge(&q, d->agents, &who, key), ZAP_YES);
	assert_int_equal(who->number, 17);
	assert_string_equal(key, d->known.public_text);
}

static void
others_are_not(void **state)
{
	struct door *d = *state;
	struct agents *none = agents_open();
	struct zap_question q = question(d->raw_other);
	const struct agent *who;
	char key[CURVE_TEXT_BYTES];

	assert_int_equal(zap_judge(&q, d->agents, &who, key), ZAP_UNKNOWN);
	assert_null(who);
	assert_string_equal(key, d->other.public_text);
	agents_seal(none, NULL);
	q = question(d->raw);
	assert_int_equal(zap_judge(&q, none, &who, key), ZAP_UNKNOWN);
	agents_close(none);
}

/* With the known key, so that only the fault can make it a no. */
static void
malformed_questions_get_no_yes(void **state)
{
	struct door *d = *state;
	struct zap_question q;
	const struct agent *who;
	char key[CURVE_TEXT_BYTES];

#define NO(change, verdict)                                                  \
	do {                                                                 \
		q = question(d->raw);                                        \
		change;                                                      \
		assert_int_equal(zap_judge(&q, d->agents, &who, key),        \
		    verdict);                                                \
		assert_null(who);                                            \
	} while (0)
	NO(q.version = TEXT("2.0"), ZAP_BAD);
	NO(q.version = (struct text){0}, ZAP_BAD);
	NO(q.mechanism = TEXT("NULL"), ZAP_NOT_CURVE);
	NO(q.mechanism = TEXT("PLAIN"), ZAP_NOT_CURVE);
	NO(q.mechanism = TEXT("CURVEX"), ZAP_NOT_CURVE);
	NO(q.key.n = 31, ZAP_BAD);
	NO(q.key.n = 33, ZAP_BAD);
	NO(q.parts = 6, ZAP_BAD);
	NO(q.parts = 8, ZAP_BAD);
	NO(q.parts = 0, ZAP_BAD);
}

static void
ask(struct door *d, const void *const *parts, const size_t *sizes, int count)
{
	for (int i = 0; i < count; i++)
		assert_int_equal(zmq_send(d->asks, parts[i], sizes[i],
		                     i + 1 < count ? ZMQ_SNDMORE : 0),
		    sizes[i]);
}

/* The reply's six parts, as text. */
static void
hear(struct door *d, char out[6][64])
{
	int more = 1, n = 0;

	for (; more != 0; n++) {
		int length = zmq_recv(d->asks, out[n], 63, 0);

		assert_true(n < 6 && length >= 0 && length < 64);
		out[n][length] = '\0';
		(void)zmq_getsockopt(d->asks, ZMQ_RCVMORE, &more,
		    &(size_t){sizeof more});
	}
	assert_int_equal(n, 6);
}

static void
answers_are_well_formed(void **state)
{
	struct door *d = *state;
	char got[6][64];
	const void *parts[] = {"1.0", "req-9", "plaintiff", "192.0.2.1", "",
	    "CURVE", d->raw};
	const size_t sizes[] = {3, 5, 9, 9, 0, 5, 32};
	struct zap_refusal refusal;

	assert_int_equal(zap_answer(d->zap, d->agents, &refusal), ZAP_EMPTY);
	ask(d, parts, sizes, 7);
	while (zap_answer(d->zap, d->agents, &refusal) == ZAP_EMPTY)
		continue;
	hear(d, got);
	assert_string_equal(got[0], "1.0");
	assert_string_equal(got[1], "req-9");
	assert_string_equal(got[2], "200");
	assert_string_equal(got[4], "17");
	assert_string_equal(got[5], "");

	parts[6] = d->raw_other;
	ask(d, parts, sizes, 7);
	while (zap_answer(d->zap, d->agents, &refusal) == ZAP_EMPTY)
		continue;
	hear(d, got);
	assert_string_equal(got[2], "400");
	assert_string_equal(got[4], "");
	assert_string_equal(refusal.address, "192.0.2.1");
	assert_string_equal(refusal.key, d->other.public_text);
}

/* Twenty parts, some long: answered with a no, and the next is heard. */
static void
too_many_and_long_parts(void **state)
{
	struct door *d = *state;
	static char longer[4000];
	const void *parts[20];
	size_t sizes[20];
	struct zap_refusal refusal;
	char got[6][64];
	enum zap_result result;

	memset(longer, 'x', sizeof longer);
	for (size_t i = 0; i < 20; i++) {
		parts[i] = longer;
		sizes[i] = i == 1 ? 8 : sizeof longer;
	}
	ask(d, parts, sizes, 20);
	while ((result = zap_answer(d->zap, d->agents, &refusal)) ==
	    ZAP_EMPTY)
		continue;
	assert_int_equal(result, ZAP_REFUSED);
	hear(d, got);
	assert_string_equal(got[2], "500");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(known_key_is_let_in),
	    cmocka_unit_test(others_are_not),
	    cmocka_unit_test(malformed_questions_get_no_yes),
	    cmocka_unit_test(answers_are_well_formed),
	    cmocka_unit_test(too_many_and_long_parts),
	};

	return cmocka_run_group_tests_name("zap", tests, setup, teardown);
}
