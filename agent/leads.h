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

enum {
	LEADS_NO_NODE = 0, /* the root is nobody's child */
};

struct leads_node {
	struct text label; /* from the node above to this one */
	uint32_t child, child_count;
	uint32_t list; /* where it begins in lists */
};

/* Only for leads.c and leads_find. */
struct leads {
	struct leads_node *nodes;
	unsigned char *first; /* byte of each node's label */
	size_t node_count;
	uint32_t *lists;
	size_t list_count;
	uint32_t root[256]; /* its children by their first bytes */
};

struct lead {
	struct text text; /* every message begins with the empty one */
	uint32_t entry;
};

#define LEADS_END UINT32_MAX

/* Sorts all[0..n); the texts must outlive the leads. */
struct leads *leads_open(struct lead *all, size_t n);
void leads_close(struct leads *l);

/* The rest of leads_find, from a child of the root on. */
const uint32_t *leads_walk(
    const struct leads *l, uint32_t child, struct text message);

/* The entries whose text the message begins with, rising, then LEADS_END. */
static inline const uint32_t *
leads_find(const struct leads *l, struct text message)
{
	uint32_t child = LEADS_NO_NODE;

	if (message.n > 0)
		child = l->root[(unsigned char)message.at[0]];
	if (child == LEADS_NO_NODE)
		return l->lists + l->nodes[0].list;
	return leads_walk(l, child, message);
}

#endif
