/*
 * JSON from a stranger, with limits that are checked before any of it is
 * built: size, depth, and how many values it has, since three bytes of text
 * can become 200 of memory.  Pure.  Called by rdap.c and bootstrap.c.
 */
#ifndef PLAINTIFF_LOOKUP_DOCUMENT_H
#define PLAINTIFF_LOOKUP_DOCUMENT_H

#include <stddef.h>

struct arena;
struct json_t;

enum {
	DOCUMENT_BYTES = 256 * 1024,
	DOCUMENT_DEPTH = 32,
	DOCUMENT_CONTAINERS = 8192, /* objects and arrays */
	DOCUMENT_VALUES = 32768,    /* commas and containers */
};

/* The object that the bytes are, to be given to json_decref; or NULL with
 * *why (in the arena) when they are none, are over a limit, hold a NUL or a
 * key twice in one object. */
struct json_t *document_read(struct arena *a, const void *bytes, size_t n,
    const char **why);

#endif
