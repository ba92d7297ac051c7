/* The table of active agents; see agents.h. */
#include "hub/receive/agents.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "proto/base/addr.h"
#include "proto/base/arena.h"
#include "proto/base/die.h"

struct agents {
	struct arena *arena;
	struct agent **by_number;
	struct agent **by_key;
	size_t n, cap;
	size_t own_cap; /* of the agent that was added last */
	bool sealed;
};

struct agents *
agents_open(void)
{
	struct agents *t = calloc(1, sizeof *t);

	if (t == NULL)
		die(EX_OSERR, "out of memory");
	t->arena = arena_open(0);
	return t;
}

void
agents_close(struct agents *t)
{
	if (t == NULL)
		return;
	arena_close(t->arena);
	free(t);
}

void
agents_add(struct agents *t, int32_t number, const char *name,
    const char *key)
{
	struct agent *g = arena_alloc(t->arena, sizeof *g);

	assert(!t->sealed);
	if (t->n == t->cap) {
		struct agent **old = t->by_number;

		t->cap = t->cap == 0 ? 16 : t->cap * 2;
		t->by_number = arena_array(t->arena, t->cap, sizeof *old);
		if (t->n != 0)
			memcpy(t->by_number, old, t->n * sizeof *old);
	}
	g->number = number;
	g->name = arena_string(t->arena, name);
	g->key = arena_string(t->arena, key);
	g->counters_ms = INT64_MIN;
	t->by_number[t->n++] = g;
	t->own_cap = 0;
}

void
agents_add_own(struct agents *t, const struct addr *own)
{
	struct agent *g;

	assert(!t->sealed && t->n != 0);
	g = t->by_number[t->n - 1];
	if (g->own_count == t->own_cap) {
		struct addr *old = g->own;

		t->own_cap = t->own_cap == 0 ? 4 : t->own_cap * 2;
		g->own = arena_array(t->arena, t->own_cap, sizeof *old);
		if (g->own_count != 0)
			memcpy(g->own, old, g->own_count * sizeof *old);
	}
	g->own[g->own_count++] = *own;
}

static int
compare_numbers(const void *a, const void *b)
{
	const struct agent *const *x = a, *const *y = b;

	return ((*x)->number > (*y)->number) - ((*x)->number < (*y)->number);
}

static int
compare_keys(const void *a, const void *b)
{
	const struct agent *const *x = a, *const *y = b;

	return strcmp((*x)->key, (*y)->key);
}

void
agents_seal(struct agents *t, const struct agents *before)
{
	t->by_key = arena_array(t->arena, t->n + 1, sizeof(struct agent *));
	if (t->n != 0) {
		memcpy(t->by_key, t->by_number, t->n * sizeof *t->by_key);
		qsort(t->by_number, t->n, sizeof *t->by_number,
		    compare_numbers);
		qsort(t->by_key, t->n, sizeof *t->by_key, compare_keys);
	}
	t->sealed = true;
	for (size_t i = 0; before != NULL && i < t->n; i++) {
		struct agent *g = t->by_number[i];
		const struct agent *old = agents_of_number(before, g->number);

		if (old != NULL) {
			g->counters_ms = old->counters_ms;
			g->counters = old->counters;
		}
	}
}

size_t
agents_count(const struct agents *t)
{
	return t->n;
}

static struct agent *
find(const struct agents *t, struct agent **in, const struct agent *like,
    int (*compare)(const void *, const void *))
{
	struct agent **found;

	assert(t->sealed);
	if (t->n == 0)
		return NULL;
	found = bsearch(&like, in, t->n, sizeof *in, compare);
	return found == NULL ? NULL : *found;
}

struct agent *
agents_of_key(const struct agents *t, const char *key)
{
	const struct agent like = {.key = key};

	return find(t, t->by_key, &like, compare_keys);
}

struct agent *
agents_of_number(const struct agents *t, int64_t number)
{
	const struct agent like = {.number = (int32_t)number};

	if (number <= 0 || number > INT32_MAX)
		return NULL;
	return find(t, t->by_number, &like, compare_numbers);
}

struct agent *
agents_of_user_id(const struct agents *t, const char *user_id)
{
	char *end;
	long number;

	if (user_id == NULL || *user_id < '1' || *user_id > '9')
		return NULL;
	errno = 0;
	number = strtol(user_id, &end, 10);
	if (errno != 0 || *end != '\0')
		return NULL;
	return agents_of_number(t, number);
}

bool
agent_owns(const struct agent *g, const struct addr *a)
{
	for (size_t i = 0; i < g->own_count; i++)
		if (addr_equal(&g->own[i], a))
			return true;
	return false;
}
