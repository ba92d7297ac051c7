/*
 * How much one agent may send: events a second (a token bucket), and how many
 * addresses and networks it may accuse within an hour.  It bounds what a
 * stolen key can do; nothing is lost, since the agent is told to come again.
 *
 * Addresses are counted in a table of bits, so that memory has a bound: about
 * a byte for each that the settings allow, and counts a little below the
 * truth.  Knows no database and no socket.
 */
#ifndef PLAINTIFF_QUOTA_H
#define PLAINTIFF_QUOTA_H

#include <stddef.h>
#include <stdint.h>

struct event;
struct hub_conf;
struct quotas;

/* 0: no limit. */
struct quota_limits {
	int64_t events_rate;  /* a second */
	int64_t events_burst; /* what may come at once */
	int64_t addresses, networks; /* an hour; a network is a /24, a /48 */
};

enum quota_which {
	QUOTA_FREE,
	QUOTA_EVENTS,
	QUOTA_ADDRESSES,
	QUOTA_NETWORKS,
};

struct quota_answer {
	enum quota_which which; /* QUOTA_FREE: the batch counts now */
	int64_t retry_ms;
	uint64_t said; /* refusals to log now; 0: none is due */
};

struct quota_limits quota_limits_of(const struct hub_conf *conf);

struct quotas *quotas_open(void);
/* NULL is legal. */
void quotas_close(struct quotas *q);

/* May this agent have these events stored?  When not, none of them counts. */
struct quota_answer quotas_take(struct quotas *q, int32_t agent,
    const struct quota_limits *limits, const struct event *events, size_t n,
    int64_t now_ms);

/* The setting it is about. */
const char *quota_setting(enum quota_which which);

#endif
