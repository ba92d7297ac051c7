/*
 * An outbox in a folder of its own, for the test_outbox*.c: making events,
 * putting, fetching, reopening.
 */
#ifndef PLAINTIFF_OUTBOX_FIXTURE_H
#define PLAINTIFF_OUTBOX_FIXTURE_H

#include "agent/outbox.h"

struct arena;

struct fixture {
	char folder[64];
	struct outbox_options options;
	struct outbox *o;
	struct arena *arena;
};

int setup(void **state);
int teardown(void **state);
void reopen(struct fixture *x);
struct event make(struct fixture *x, int n);
void put(struct fixture *x, int from, int to);
/* Up to 100 behind a seq. */
size_t fetch(struct fixture *x, int64_t after, struct event *events,
    int64_t *seqs);

#endif
