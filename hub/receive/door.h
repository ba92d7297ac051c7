/*
 * The hub's ZeroMQ sockets with their safe settings: the ROUTER that agents
 * connect to over CURVE and the REP socket on which libzmq asks who may
 * (ZeroMQ RFC 27).  Knows no database and no frame's meaning.
 */
#ifndef PLAINTIFF_DOOR_H
#define PLAINTIFF_DOOR_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct conf_texts;
struct curve_key;
struct door;

/* One frame, and whom to answer. */
struct door_frame {
	struct door_message *message; /* door_done ends it */
	const void *bytes;
	size_t n;
	const char *user_id; /* given by ZAP, by key; NULL: never */
};

enum door_result {
	DOOR_FRAME,
	DOOR_EMPTY,   /* nothing waits */
	DOOR_GARBAGE, /* something that is not one frame was dropped */
};

/* Binds every endpoint; NULL: logged.  The ZAP socket is bound before, and
 * without an answer of zap_answer nobody gets in. */
struct door *door_open(const struct conf_texts *endpoints,
    const struct curve_key *key);
/* NULL is legal. */
void door_close(struct door *d);

void *door_context(const struct door *d);
/* Sockets, to poll on and for zap_answer. */
void *door_router(const struct door *d);
void *door_zap(const struct door *d);
/* An endpoint that this host itself can connect to. */
const char *door_endpoint(const struct door *d);

/* The next frame, without waiting. */
enum door_result door_next(struct door *d, struct door_frame *out);
/* Answers the connection that f came from.  False: it is gone or does not
 * read; the agent will ask again. */
bool door_answer(struct door *d, const struct door_frame *f,
    const struct buf *bytes);
void door_done(struct door_frame *f);

#endif
