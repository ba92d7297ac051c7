/*
 * What is done to an event between detection and outbox: sources that are
 * never accused are dropped, repeated logins of one client are withheld, and
 * our own address and port are filled in.  Pure but for its own memory of
 * logins.  Called by intake.c.
 */
#ifndef PLAINTIFF_FILTER_H
#define PLAINTIFF_FILTER_H

#include <stddef.h>

#include "proto/event.h"

struct filter;

struct filter_options {
	const struct prefixes *unreportable, *own;
	const struct addr *addresses; /* the host's own */
	size_t address_count;
};

enum filter_verdict {
	FILTER_SEND,
	FILTER_UNREPORTABLE, /* nobody may be accused for this address */
	FILTER_WITHHELD,     /* a login seen within the hour already */
};

/* The lists must outlive the filter. */
struct filter *filter_open(const struct filter_options *o);
void filter_close(struct filter *f);
enum filter_verdict filter_judge(struct filter *f, const struct event *e);
/* Forgets the logins seen: what was judged was not committed. */
void filter_forget(struct filter *f);
/* Fills local and local_port where the line did not say and the service
 * tells. */
void filter_complete(const struct filter *f, struct event *e);

#endif
