/* ZAP; see zap.h. */
#include "hub/receive/zap.h"

#include <stdio.h>
#include <string.h>

#include <zmq.h>

#include "hub/receive/agents.h"
#include "hub/receive/meter.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

enum { PARTS = 7, PART_BYTES = 256 };

enum zap_verdict
zap_judge(const struct zap_question *q, const struct agents *agents,
    const struct agent **who, char key_text[CURVE_TEXT_BYTES])
{
	*who = NULL;
	key_text[0] = '\0';
	if (q->parts < PARTS - 1 || !text_is(q->version, "1.0"))
		return ZAP_BAD;
	if (!text_is(q->mechanism, "CURVE"))
		return ZAP_NOT_CURVE;
	if (q->parts != PARTS || q->key.n != 32)
		return ZAP_BAD;
	curve_encode(key_text, (const unsigned char *)q->key.at);
	*who = agents_of_key(agents, key_text);
	return *who == NULL ? ZAP_UNKNOWN : ZAP_YES;
}

/* Reads all parts, keeps the first PARTS; a longer part is cut and so
 * matches nothing.  False: nobody asks. */
static bool
read_question(void *socket, char store[PARTS][PART_BYTES],
    struct zap_question *q)
{
	struct text *const parts[PARTS] = {&q->version, &q->request,
	    &q->domain, &q->address, &q->routing, &q->mechanism, &q->key};
	int more = 1;

	memset(q, 0, sizeof *q);
	for (; more != 0; q->parts++) {
		char over[PART_BYTES];
		char *to = q->parts < PARTS ? store[q->parts] : over;
		int n = zmq_recv(socket, to, PART_BYTES, ZMQ_DONTWAIT);

		if (n < 0)
			return false;
		if (q->parts < PARTS)
			*parts[q->parts] = (struct text){.at = to,
			    .n = n > PART_BYTES ? PART_BYTES : (size_t)n};
		(void)zmq_getsockopt(socket, ZMQ_RCVMORE, &more,
		    &(size_t){sizeof more});
	}
	return true;
}

static void
send_part(void *socket, const void *bytes, size_t n, int flags)
{
	/* a REP socket that has been asked does not refuse its answer */
	(void)zmq_send(socket, bytes, n, flags);
}

static void
send_text(void *socket, const char *s)
{
	send_part(socket, s, strlen(s), ZMQ_SNDMORE);
}

enum zap_result
zap_answer(void *socket, const struct agents *agents,
    struct zap_refusal *refusal)
{
	static const struct {
		const char *code, *words;
	} says[] = {
	    [ZAP_YES] = {"200", "OK"},
	    [ZAP_UNKNOWN] = {"400", "unknown key"},
	    [ZAP_NOT_CURVE] = {"400", "CURVE only"},
	    [ZAP_BAD] = {"500", "not understood"},
	};
	char store[PARTS][PART_BYTES];
	struct zap_question q;
	const struct agent *who;
	enum zap_verdict verdict;
	char user_id[16] = "";

	if (!read_question(socket, store, &q))
		return ZAP_EMPTY;
	verdict = zap_judge(&q, agents, &who, refusal->key);
	if (who != NULL)
		(void)snprintf(user_id, sizeof user_id, "%d",
		    (int)who->number);
	(void)snprintf(refusal->address, sizeof refusal->address, "%.*s",
	    (int)q.address.n, q.address.at == NULL ? "" : q.address.at);
	send_text(socket, "1.0");
	send_part(socket, q.request.at, q.request.n, ZMQ_SNDMORE);
	send_text(socket, says[verdict].code);
	send_text(socket, says[verdict].words);
	send_text(socket, user_id);
	send_part(socket, NULL, 0, 0);
	return verdict == ZAP_YES ? ZAP_LET_IN : ZAP_REFUSED;
}

void
zap_serve(void *socket, const struct agents *agents, struct meter *refused)
{
	struct zap_refusal refusal;
	enum zap_result result;

	while ((result = zap_answer(socket, agents, &refusal)) != ZAP_EMPTY) {
		uint64_t count = 0;

		if (result == ZAP_REFUSED)
			count = meter_hit(refused, clock_mono_ms());
		if (count != 0)
			log_warning("unknown key refused count=%llu "
			            "address=%s key=%s",
			    (unsigned long long)count, refusal.address,
			    refusal.key);
	}
}
