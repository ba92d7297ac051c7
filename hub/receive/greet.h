/*
 * Agents that say hello: they wait for the end of the turn and are noted in
 * one transaction, because after a hub was started again all come at once.
 * Called by receive.c; knows no statement.
 */
#ifndef PLAINTIFF_GREET_H
#define PLAINTIFF_GREET_H

#include <stdbool.h>
#include <stdint.h>

struct agent;
struct door;
struct door_frame;
struct greet;
struct hub_conf;
struct session;
struct wire_hello;

enum { GREET_MOST = 256 };

/* One that is to be noted. */
struct greet_hello {
	const struct agent *agent;
	const struct wire_hello *hello;
	uint64_t last_batch; /* the answer: highest stored of its outbox */
};

struct greet *greet_open(void);
/* NULL is legal. */
void greet_close(struct greet *g);
bool greet_is_full(const struct greet *g);
/* Takes the frame over; the hello must live until greet_answer. */
void greet_add(
    struct greet *g, struct door_frame *f, const struct wire_hello *h);
/* Notes all that wait and says WELCOME, or BUSY with retry_ms. */
void greet_answer(struct greet *g, struct session *s, struct door *d,
    const struct hub_conf *conf, uint32_t retry_ms);

#endif
