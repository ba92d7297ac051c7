/*
 * Tries our own door with a key that nobody knows, and with none: both must
 * be refused.  A CURVE socket without ZAP lets everybody in and looks no
 * different from outside, so the hub does not start before it has seen this.
 */
#ifndef PLAINTIFF_SELFTEST_H
#define PLAINTIFF_SELFTEST_H

#include <stdint.h>

struct agents;
struct conf_texts;
struct curve_key;
struct door;

enum { SELFTEST_MS = 3000 };

enum selftest_result {
	SELFTEST_REFUSED, /* as it must be */
	SELFTEST_OPEN,    /* it was let in */
	SELFTEST_SILENT,  /* neither, within the time */
};

/* Connects to endpoint, whose CURVE key is server_key, once with CURVE and a
 * fleeting key, once with the NULL mechanism.  serve is called all the while,
 * to answer ZAP questions.  timeout_ms is for each. */
enum selftest_result selftest_run(void *context, const char *endpoint,
    const char *server_key, int64_t timeout_ms, void (*serve)(void *arg),
    void *arg);

/* Opens the door and tries it; NULL: logged, not to be used. */
struct door *selftest_door(const struct conf_texts *endpoints,
    const struct curve_key *key, const struct agents *agents);

/* For the log. */
const char *selftest_words(enum selftest_result r);

#endif
