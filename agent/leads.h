/*
 * Which of many literal texts does a message begin with?  A tree of their
 * bytes, walked once from the message's first byte, so that a line costs
 * the same with ten forms as with a thousand.
 */
#ifndef PLAINTIFF_LEADS_H
#define PLAINTIFF_LEADS_H

#include <stddef.h>
#include <stdint.h>

#include "proto/base/text.h"

struct leads;

struct lead {
	struct text text; /* every message begins with the empty one */
	uint32_t entry;
};

#define LEADS_END UINT32_MAX

/* Sorts all[0..n); the texts must outlive the leads. */
struct leads *leads_open(struct lead *all, size_t n);
void leads_close(struct leads *l);

/* The entries whose text the message begins with, rising, then LEADS_END. */
const uint32_t *leads_find(const struct leads *l, struct text message);

#endif
