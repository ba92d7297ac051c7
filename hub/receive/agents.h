/*
 * The agents that may send, as the database last listed them: by key for the
 * handshake, by number for every frame after it.  A table is filled, sealed,
 * then only read; a new one takes its place.  Knows neither SQL nor sockets.
 */
#ifndef PLAINTIFF_AGENTS_H
#define PLAINTIFF_AGENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct addr;
struct agents;

struct agent {
	int32_t number;
	const char *name;
	const char *key;         /* Z85 of its public key */
	int64_t counters_ms;     /* until when its counters were stored */
	struct addr *own;        /* its host's addresses, as it says */
	size_t own_count;
};

/* An empty table. */
struct agents *agents_open(void);
/* NULL is legal. */
void agents_close(struct agents *t);

/* Adds an active agent; texts are copied. */
void agents_add(struct agents *t, int32_t number, const char *name,
    const char *key);
/* Adds an address of the agent that was added last. */
void agents_add_own(struct agents *t, const struct addr *own);
/* Ends filling: takes over what is remembered of each agent from the table
 * before (NULL: none). */
void agents_seal(struct agents *t, const struct agents *before);

size_t agents_count(const struct agents *t);
/* NULL: no active agent has it. */
struct agent *agents_of_key(const struct agents *t, const char *key);
struct agent *agents_of_number(const struct agents *t, int64_t number);
/* As above for the User-Id that zap_answer gave: its number in decimal.  NULL
 * and anything else give NULL. */
struct agent *agents_of_user_id(const struct agents *t, const char *user_id);

/* Is this one of the addresses of the agent's own host? */
bool agent_owns(const struct agent *g, const struct addr *a);

#endif
