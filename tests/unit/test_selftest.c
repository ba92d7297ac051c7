/*
 * Protects against a door that stands open: the self-test must say so of a
 * CURVE socket that libzmq leaves open (no ZAP handler, or one without
 * ENFORCE_DOMAIN) and of one without CURVE, and be content with ours.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zmq.h>

#include "hub/receive/agents.h"
#include "hub/receive/door.h"
#include "hub/receive/selftest.h"
#include "hub/receive/zap.h"
#include "proto/base/conf.h"
#include "proto/curve.h"

enum { SOON_MS = 1500 };

static void
nobody_serves(void *arg)
{
	(void)arg;
}

/* A ROUTER as one might write it, without asking anybody. */
static enum selftest_result
try_open_router(int curve, const char *domain)
{
	void *context = zmq_ctx_new();
	void *s = zmq_socket(context, ZMQ_ROUTER);
	struct curve_key key;
	char endpoint[256];
	size_t n = sizeof endpoint;
	enum selftest_result result;

	curve_make_fleeting(&key);
	(void)zmq_setsockopt(s, ZMQ_LINGER, &(int){0}, sizeof(int));
	if (curve) {
		(void)zmq_setsockopt(s, ZMQ_CURVE_SERVER, &curve, sizeof curve);
		(void)zmq_setsockopt(s, ZMQ_CURVE_SECRETKEY, key.secret_text,
		    strlen(key.secret_text));
	}
	if (domain != NULL)
		(void)zmq_setsockopt(s, ZMQ_ZAP_DOMAIN, domain, strlen(domain));
	assert_int_equal(zmq_bind(s, "tcp://127.0.0.1:*"), 0);
	assert_int_equal(zmq_getsockopt(s, ZMQ_LAST_ENDPOINT, endpoint, &n),
	    0);
	result = selftest_run(context, endpoint, key.public_text, SOON_MS,
	    nobody_serves, NULL);
	(void)zmq_close(s);
	(void)zmq_ctx_term(context);
	return result;
}

static void
an_open_door_is_seen(void **state)
{
	(void)state;
	assert_int_equal(try_open_router(1, NULL), SELFTEST_OPEN);
	/* a domain alone changes nothing */
	assert_int_equal(try_open_router(1, "plaintiff"), SELFTEST_OPEN);
	/* no CURVE at all: refuses who speaks CURVE, takes everybody else */
	assert_int_equal(try_open_router(0, NULL), SELFTEST_OPEN);
}

static void
nobody_home_is_no_refusal(void **state)
{
	void *context = zmq_ctx_new();
	struct curve_key key;

	(void)state;
	curve_make_fleeting(&key);
	assert_int_equal(selftest_run(context, "ipc://@plaintiff-nobody",
	                     key.public_text, 200, nobody_serves, NULL),
	    SELFTEST_SILENT);
	(void)zmq_ctx_term(context);
}

struct ours {
	struct door *door;
	struct agents *agents;
	int asked;
};

static void
serve(void *arg)
{
	struct ours *o = arg;
	struct zap_refusal refusal;

	while (zap_answer(door_zap(o->door), o->agents, &refusal) != ZAP_EMPTY)
		o->asked++;
}

/* As receive opens it; answered, and with nobody to answer. */
static void
our_door_is_shut(void **state)
{
	const char *endpoint = "tcp://127.0.0.1:*";
	struct conf_texts bind = {.at = &endpoint, .n = 1, .cap = 1};
	struct ours o = {.agents = agents_open()};
	struct curve_key key, known;

	(void)state;
	curve_make_fleeting(&key);
	curve_make_fleeting(&known);
	agents_add(o.agents, 1, "mx1", known.public_text);
	agents_seal(o.agents, NULL);
	o.door = door_open(&bind, &key);
	assert_non_null(o.door);
	assert_int_equal(selftest_run(door_context(o.door),
	                     door_endpoint(o.door), key.public_text,
	                     SELFTEST_MS, serve, &o),
	    SELFTEST_REFUSED);
	assert_true(o.asked > 0);
	/* whoever is not answered is not in either */
	assert_int_not_equal(selftest_run(door_context(o.door),
	                         door_endpoint(o.door), key.public_text, 300,
	                         nobody_serves, NULL),
	    SELFTEST_OPEN);
	door_close(o.door);
	agents_close(o.agents);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_open_door_is_seen),
	    cmocka_unit_test(nobody_home_is_no_refusal),
	    cmocka_unit_test(our_door_is_shut),
	};

	return cmocka_run_group_tests_name("selftest", tests, NULL, NULL);
}
