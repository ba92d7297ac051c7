/* The door tried from outside; see selftest.h. */
#include "hub/receive/selftest.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include <zmq.h>

#include "hub/receive/door.h"
#include "hub/receive/zap.h"
#include "proto/base/clock.h"
#include "proto/base/die.h"
#include "proto/base/log.h"
#include "proto/curve.h"

enum { STEP_MS = 10 };

/* Handshake events of a monitor (zmq_socket_monitor(3)): a number of 16 bits
 * and one of 32, then a part with the endpoint. */
static bool
next_event(void *monitor, uint16_t *event)
{
	uint8_t bytes[6];
	char endpoint[256];

	if (zmq_recv(monitor, bytes, sizeof bytes, ZMQ_DONTWAIT) !=
	    (int)sizeof bytes)
		return false;
	memcpy(event, bytes, sizeof *event);
	(void)zmq_recv(monitor, endpoint, sizeof endpoint, ZMQ_DONTWAIT);
	return true;
}

/* The outcome so far, from all events that came. */
static enum selftest_result
outcome(void *monitor)
{
	uint16_t event;

	while (next_event(monitor, &event)) {
		switch (event) {
		case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
			return SELFTEST_OPEN;
		case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
		case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
		case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
			return SELFTEST_REFUSED;
		default:
			break;
		}
	}
	return SELFTEST_SILENT;
}

static void
set(void *socket, int option, const void *value, size_t n)
{
	if (zmq_setsockopt(socket, option, value, n) != 0)
		die(EX_SOFTWARE, "libzmq refuses option %d", option);
}

/* server_key NULL: with the NULL mechanism. */
static enum selftest_result
try_once(void *context, const char *endpoint, const char *server_key,
    int64_t timeout_ms, void (*serve)(void *arg), void *arg)
{
	/* two names: the first may not be free again at once */
	const char *events = server_key == NULL ? "inproc://selftest-null"
	                                        : "inproc://selftest-curve";
	void *client = zmq_socket(context, ZMQ_DEALER);
	void *monitor = zmq_socket(context, ZMQ_PAIR);
	int64_t end = clock_mono_ms() + timeout_ms;
	enum selftest_result result = SELFTEST_SILENT;
	struct curve_key key;

	if (client == NULL || monitor == NULL)
		die(EX_OSERR, "cannot make a socket");
	set(client, ZMQ_LINGER, &(int){0}, sizeof(int));
	set(client, ZMQ_IPV6, &(int){strchr(endpoint, '[') != NULL},
	    sizeof(int));
	set(monitor, ZMQ_LINGER, &(int){0}, sizeof(int));
	if (server_key != NULL) {
		curve_make_fleeting(&key);
		set(client, ZMQ_CURVE_SERVERKEY, server_key,
		    strlen(server_key));
		set(client, ZMQ_CURVE_PUBLICKEY, key.public_text,
		    strlen(key.public_text));
		set(client, ZMQ_CURVE_SECRETKEY, key.secret_text,
		    strlen(key.secret_text));
	}
	if (zmq_socket_monitor(client, events,
	        ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
	            ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
	            ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
	            ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL) != 0 ||
	    zmq_connect(monitor, events) != 0)
		die(EX_SOFTWARE, "libzmq does not watch a socket");
	if (zmq_connect(client, endpoint) == 0) {
		while (result == SELFTEST_SILENT && clock_mono_ms() < end) {
			zmq_pollitem_t item = {
			    .socket = monitor, .events = ZMQ_POLLIN};

			(void)zmq_poll(&item, 1, STEP_MS);
			serve(arg);
			result = outcome(monitor);
		}
	}
	(void)zmq_socket_monitor(client, NULL, 0);
	(void)zmq_close(client);
	(void)zmq_close(monitor);
	return result;
}

enum selftest_result
selftest_run(void *context, const char *endpoint, const char *server_key,
    int64_t timeout_ms, void (*serve)(void *arg), void *arg)
{
	enum selftest_result result = try_once(context, endpoint, server_key,
	    timeout_ms, serve, arg);

	if (result != SELFTEST_REFUSED)
		return result;
	return try_once(context, endpoint, NULL, timeout_ms, serve, arg);
}

struct asked {
	struct door *door;
	const struct agents *agents;
};

static void
serve_zap(void *arg)
{
	const struct asked *asked = arg;
	struct zap_refusal refusal;

	while (zap_answer(door_zap(asked->door), asked->agents, &refusal) !=
	    ZAP_EMPTY)
		continue;
}

struct door *
selftest_door(const struct conf_texts *endpoints, const struct curve_key *key,
    const struct agents *agents)
{
	struct asked asked = {.door = door_open(endpoints, key),
	    .agents = agents};
	enum selftest_result tested;

	if (asked.door == NULL)
		return NULL;
	tested = selftest_run(door_context(asked.door),
	    door_endpoint(asked.door), key->public_text, SELFTEST_MS,
	    serve_zap, &asked);
	if (tested == SELFTEST_REFUSED) {
		log_notice("self-test passed: %s", selftest_words(tested));
		return asked.door;
	}
	log_error("self-test failed: %s; not started",
	    selftest_words(tested));
	door_close(asked.door);
	return NULL;
}

const char *
selftest_words(enum selftest_result r)
{
	switch (r) {
	case SELFTEST_REFUSED:
		return "an unknown key is refused";
	case SELFTEST_OPEN:
		return "an unknown key was let in";
	case SELFTEST_SILENT:
		return "an unknown key got no answer";
	}
	return NULL;
}
