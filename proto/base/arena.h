/*
 * Memory for one unit of work: allocate freely, reset once.
 *
 * An arena grows by chunks and gives nothing back before arena_reset.  It
 * never returns NULL: out of memory ends the process (die.h), which is safe
 * because all state is in the outbox or in PostgreSQL.  An arena with a cap
 * is for foreign input: arena_try returns NULL once the cap is reached.
 * Under AddressSanitizer a reset poisons what was handed out.
 */
#ifndef PLAINTIFF_ARENA_H
#define PLAINTIFF_ARENA_H

#include <stddef.h>

struct arena;

/* A new arena; cap_bytes 0 means no cap.  Close with arena_close. */
struct arena *arena_open(size_t cap_bytes);

/* Frees the arena and all it handed out.  NULL is legal. */
void arena_close(struct arena *a);

/* Takes back all that was handed out; keeps one chunk for the next unit. */
void arena_reset(struct arena *a);

/* n bytes, zeroed, aligned for any type.  Never NULL; dies at the cap. */
void *arena_alloc(struct arena *a, size_t n)
    __attribute__((returns_nonnull, warn_unused_result));

/* As arena_alloc, but NULL where the cap would be passed. */
void *arena_try(struct arena *a, size_t n) __attribute__((warn_unused_result));

/* count * size bytes, checked for overflow. */
void *arena_array(struct arena *a, size_t count, size_t size)
    __attribute__((returns_nonnull, warn_unused_result));

/* A NUL-terminated copy of n bytes. */
char *arena_copy(struct arena *a, const void *bytes, size_t n)
    __attribute__((returns_nonnull));

/* A NUL-terminated copy of a C string. */
char *arena_string(struct arena *a, const char *s)
    __attribute__((returns_nonnull));

/* printf into the arena. */
char *arena_printf(struct arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), returns_nonnull));

/* Bytes handed out since the last reset. */
size_t arena_used(const struct arena *a);

#endif
