/*
 * What stands for the outbox of each agent of fleet.c, in memory: the log
 * lines it has made, acknowledged or not, and the events they become; and the
 * book of truth, one row a distinct event, for the judge.  It keeps every line
 * to the end and does not know the network.
 */
#ifndef PLAINTIFF_TESTS_FLEET_STORE_H
#define PLAINTIFF_TESTS_FLEET_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "agent/uplink.h"
#include "proto/wire.h"

struct arena;

/* One log line of host `owner`, collected by it and perhaps by another. */
struct line {
	int64_t time_us;
	uint32_t number; /* among its owner's, from 1 */
	uint16_t owner;
	bool acked;
};

struct store {
	uint8_t outbox[WIRE_OUTBOX_BYTES];
	uint16_t owner;
	struct line *lines; /* seq is the index plus one */
	size_t n, cap, acked;
	size_t low; /* all before are acknowledged */
	uint32_t numbers;
	uint64_t batch, last_acked;
	/* of all that was acknowledged */
	int64_t longest_us;
	uint64_t set_aside, gaps, unacks;
};

void store_open(struct store *s, uint16_t owner);
void store_close(struct store *s);
/* A new line of this host, now. */
struct line store_make(struct store *s);
/* A line that this agent collects, of whatever host. */
void store_add(struct store *s, struct line l);
/* All of it, for uplink_options.feed. */
struct uplink_feed store_feed(struct store *s);

/* COPY ... (FORMAT binary) rows (id uuid, agents smallint): in how many
 * stores the event is.  Dies when it cannot write. */
void book_begin(FILE *book);
void book_add(FILE *book, struct arena *a, const struct line *l, int agents);
void book_end(FILE *book);

#endif
