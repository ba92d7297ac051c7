/*
 * Who may connect: answers libzmq's questions (ZeroMQ RFC 27, ZAP 1.0) from
 * the table of agents.  The User-Id it gives is the agent's number and the
 * only name that counts afterwards; it is asked at the handshake only, so
 * every frame is checked against the table again.
 */
#ifndef PLAINTIFF_ZAP_H
#define PLAINTIFF_ZAP_H

#include <stddef.h>

#include "proto/base/text.h"
#include "proto/curve.h"

struct agent;
struct agents;
struct meter;

/* A question, as its parts came; a missing part is absent. */
struct zap_question {
	struct text version, request, domain, address, routing, mechanism,
	    key; /* 32 raw bytes for CURVE */
	size_t parts;
};

enum zap_verdict {
	ZAP_YES,     /* 200 */
	ZAP_UNKNOWN, /* 400: no active agent has this key */
	ZAP_NOT_CURVE, /* 400: some other mechanism */
	ZAP_BAD,     /* 500: not a question of ours */
};

/* Judges; *who is set for ZAP_YES, key_text for ZAP_YES and ZAP_UNKNOWN. */
enum zap_verdict zap_judge(const struct zap_question *q,
    const struct agents *agents, const struct agent **who,
    char key_text[CURVE_TEXT_BYTES]);

struct zap_refusal {
	char key[CURVE_TEXT_BYTES]; /* "" unless the key was the trouble */
	char address[64];
};

enum zap_result {
	ZAP_EMPTY,   /* nobody asks */
	ZAP_LET_IN,
	ZAP_REFUSED, /* *refusal says whom */
};

/* Answers the next question on the REP socket, without waiting. */
enum zap_result zap_answer(void *socket, const struct agents *agents,
    struct zap_refusal *refusal);

/* Answers all that wait; refusals are counted, and logged when it is time. */
void zap_serve(void *socket, const struct agents *agents,
    struct meter *refused);

#endif
