/* The tree of literal beginnings; see leads.h.  A node stands for the bytes
 * from the root to it, and has the list of all entries whose text ends at
 * it or above it, so that a walk ends with its answer. */
#include "agent/leads.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "agent/signs.h"
#include "proto/base/die.h"

static void *
grow(void *array, size_t count, size_t element)
{
	array = reallocarray(array, count, element);
	if (array == NULL)
		die(71, "leads: out of memory");
	return array;
}

static int
compare_texts(const void *a, const void *b)
{
	const struct lead *x = a, *y = b;
	size_t n = x->text.n < y->text.n ? x->text.n : y->text.n;
	int order = n == 0 ? 0 : memcmp(x->text.at, y->text.at, n);

	if (order != 0)
		return order;
	if (x->text.n != y->text.n)
		return x->text.n < y->text.n ? -1 : 1;
	return (x->entry > y->entry) - (x->entry < y->entry);
}

static int
compare_entries(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The list of the node above (from LEADS_END on if there is none) and those
 * that end here. */
static uint32_t
add_list(struct leads *l, uint32_t above, const struct lead *own, size_t n)
{
	size_t from = l->list_count, inherited = 0;

	while (above != LEADS_END && l->lists[above + inherited] != LEADS_END)
		inherited++;
	if (n == 0 && above != LEADS_END)
		return above;
	l->list_count += inherited + n + 1;
	l->lists = grow(l->lists, l->list_count, sizeof *l->lists);
	if (inherited > 0)
		memcpy(l->lists + from, l->lists + above,
		    inherited * sizeof *l->lists);
	for (size_t i = 0; i < n; i++)
		l->lists[from + inherited + i] = own[i].entry;
	l->lists[from + inherited + n] = LEADS_END;
	qsort(l->lists + from, inherited + n, sizeof *l->lists,
	    compare_entries);
	return (uint32_t)from;
}

/* How many from all[0] on go on with the same byte. */
static size_t
group_size(const struct lead *all, size_t n, size_t depth)
{
	size_t k = 1;

	while (k < n && all[k].text.at[depth] == all[0].text.at[depth])
		k++;
	return k;
}

/* Sorted: what the first and the last have in common, all have. */
static size_t
common_length(const struct lead *all, size_t n, size_t depth)
{
	struct text a = all[0].text, b = all[n - 1].text;

	while (depth < a.n && depth < b.n && a.at[depth] == b.at[depth])
		depth++;
	return depth;
}

/* The tree below a node; all n texts have its depth bytes in common. */
static void
build(struct leads *l, uint32_t node, struct lead *all, size_t n, size_t depth,
    uint32_t above)
{
	size_t own = 0, groups = 0, size, end;
	uint32_t child = (uint32_t)l->node_count, list;

	while (own < n && all[own].text.n == depth)
		own++;
	list = l->nodes[node].list = add_list(l, above, all, own);
	all += own;
	n -= own;
	for (size_t i = 0; i < n; i += group_size(all + i, n - i, depth))
		groups++;
	l->node_count += groups;
	l->nodes = grow(l->nodes, l->node_count, sizeof *l->nodes);
	l->first = grow(l->first, l->node_count, sizeof *l->first);
	l->nodes[node].child = child;
	l->nodes[node].child_count = (uint32_t)groups;
	for (size_t i = 0; i < n; i += size, child++) {
		size = group_size(all + i, n - i, depth);
		end = common_length(all + i, size, depth);
		l->nodes[child] =
		    (struct leads_node){.label = {.at = all[i].text.at + depth,
				      .n = end - depth}};
		l->first[child] = (unsigned char)all[i].text.at[depth];
		build(l, child, all + i, size, end, list);
	}
}

struct leads *
leads_open(struct lead *all, size_t n)
{
	struct leads *l = calloc(1, sizeof *l);

	if (l == NULL)
		die(71, "leads: out of memory");
	if (n > 0)
		qsort(all, n, sizeof *all, compare_texts);
	l->node_count = 1;
	l->nodes = grow(NULL, 1, sizeof *l->nodes);
	l->first = grow(NULL, 1, sizeof *l->first);
	l->nodes[0] = (struct leads_node){0};
	build(l, 0, all, n, 0, LEADS_END);
	for (uint32_t i = 0; i < l->nodes[0].child_count; i++)
		l->root[l->first[l->nodes[0].child + i]] =
		    l->nodes[0].child + i;
	return l;
}

void
leads_close(struct leads *l)
{
	if (l == NULL)
		return;
	free(l->nodes);
	free(l->first);
	free(l->lists);
	free(l);
}

static uint32_t
child_of(const struct leads *l, const struct leads_node *node,
    unsigned char byte)
{
	for (uint32_t i = 0; i < node->child_count; i++)
		if (l->first[node->child + i] == byte)
			return node->child + i;
	return LEADS_NO_NODE;
}

const uint32_t *
leads_walk(const struct leads *l, uint32_t child, struct text message)
{
	const struct leads_node *node = &l->nodes[0], *below;
	const char *s = message.at, *end = s + message.n;

	while (child != LEADS_NO_NODE) {
		below = &l->nodes[child];
		if ((size_t)(end - s) < below->label.n ||
		    !signs_same(s, below->label.at, below->label.n))
			break;
		node = below;
		s += node->label.n;
		child = s == end ? (uint32_t)LEADS_NO_NODE
		                 : child_of(l, node, (unsigned char)*s);
	}
	return l->lists + node->list;
}
