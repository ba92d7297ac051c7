/*
 * An arena that every test of a group has: give open_arena and close_arena to
 * cmocka as setup and teardown.
 */
#ifndef PLAINTIFF_TESTS_ARENA_FIXTURE_H
#define PLAINTIFF_TESTS_ARENA_FIXTURE_H

#include "proto/base/arena.h"

static struct arena *arena;

static int
open_arena(void **state)
{
	(void)state;
	arena = arena_open(0);
	return 0;
}

static int
close_arena(void **state)
{
	(void)state;
	arena_close(arena);
	return 0;
}

#endif
