/*
 * Arena allocator; see arena.h.  A list of chunks, newest first; a request
 * larger than a chunk gets a chunk of its own.  Called by everyone.
 */
#include "proto/base/arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "proto/base/die.h"

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_POISON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISON 1
#endif
#endif
#ifdef ARENA_POISON
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

enum { CHUNK_BYTES = 16 * 1024, SHORT_BYTES = 256 };

struct chunk {
	struct chunk *next;
	size_t size;
	size_t used;
	alignas(max_align_t) unsigned char data[];
};

struct arena {
	struct chunk *head;
	size_t cap;
	size_t used;
};

static struct chunk *
chunk_new(size_t size, struct chunk *next)
{
	struct chunk *c = malloc(sizeof *c + size);

	if (c == NULL)
		die(EX_OSERR, "out of memory");
	c->next = next;
	c->size = size;
	c->used = 0;
	ASAN_POISON_MEMORY_REGION(c->data, c->size);
	return c;
}

static void
chunk_free(struct chunk *c)
{
	ASAN_UNPOISON_MEMORY_REGION(c->data, c->size);
	free(c);
}

struct arena *
arena_open(size_t cap_bytes)
{
	struct arena *a = calloc(1, sizeof *a);

	if (a == NULL)
		die(EX_OSERR, "out of memory");
	a->cap = cap_bytes;
	return a;
}

void
arena_close(struct arena *a)
{
	if (a == NULL)
		return;
	for (struct chunk *c = a->head, *next; c != NULL; c = next) {
		next = c->next;
		chunk_free(c);
	}
	free(a);
}

void
arena_reset(struct arena *a)
{
	struct chunk *keep = NULL;

	for (struct chunk *c = a->head, *next; c != NULL; c = next) {
		next = c->next;
		if (keep == NULL && c->size == CHUNK_BYTES)
			keep = c;
		else
			chunk_free(c);
	}
	if (keep != NULL) {
		keep->next = NULL;
		keep->used = 0;
		ASAN_POISON_MEMORY_REGION(keep->data, keep->size);
	}
	a->head = keep;
	a->used = 0;
}

/* As arena_try, but the bytes are not zeroed. */
static void *
take(struct arena *a, size_t n)
{
	const size_t align = alignof(max_align_t);
	struct chunk *c = a->head;
	void *p;

	if (n > SIZE_MAX / 2)
		return NULL;
	n = n == 0 ? align : (n + align - 1) / align * align;
	if (a->cap != 0 && (n > a->cap || a->used > a->cap - n))
		return NULL;
	if (c == NULL || c->size - c->used < n) {
		if (n > CHUNK_BYTES / 4 && c != NULL) {
			/* keep filling the present chunk afterwards */
			c->next = chunk_new(n, c->next);
			c = c->next;
		} else {
			c = chunk_new(n > CHUNK_BYTES ? n : CHUNK_BYTES, c);
			a->head = c;
		}
	}
	p = c->data + c->used;
	c->used += n;
	a->used += n;
	ASAN_UNPOISON_MEMORY_REGION(p, n);
	return p;
}

void *
arena_try(struct arena *a, size_t n)
{
	void *p = take(a, n);

	if (p != NULL)
		memset(p, 0, n);
	return p;
}

void *
arena_alloc(struct arena *a, size_t n)
{
	void *p = arena_try(a, n);

	if (p == NULL)
		die(EX_OSERR, "out of memory");
	return p;
}

void *
arena_array(struct arena *a, size_t count, size_t size)
{
	size_t n;

	if (__builtin_mul_overflow(count, size, &n))
		die(EX_OSERR, "out of memory");
	return arena_alloc(a, n);
}

char *
arena_copy(struct arena *a, const void *bytes, size_t n)
{
	char *p = take(a, n + 1);

	if (p == NULL)
		die(EX_OSERR, "out of memory");
	if (n != 0)
		memcpy(p, bytes, n);
	p[n] = '\0';
	return p;
}

char *
arena_string(struct arena *a, const char *s)
{
	return arena_copy(a, s, strlen(s));
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	char s[SHORT_BYTES], *p;
	va_list ap;
	int n;

	/* mostly it is short, and once is enough */
	va_start(ap, fmt);
	n = vsnprintf(s, sizeof s, fmt, ap);
	va_end(ap);
	assert(n >= 0);
	if ((size_t)n < sizeof s)
		return arena_copy(a, s, (size_t)n);
	p = arena_alloc(a, (size_t)n + 1);
	va_start(ap, fmt);
	(void)vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return p;
}

size_t
arena_used(const struct arena *a)
{
	return a->used;
}
