/*
 * Small files: read whole, written whole or not at all, and secrets that no
 * other user may read.
 */
#ifndef PLAINTIFF_FILE_H
#define PLAINTIFF_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/base/text.h"

struct arena;

/* Reads a regular file of at most max_bytes; the text is NUL-terminated in
 * the arena.  -1 with *why (errno words) otherwise. */
int file_read(struct arena *a, const char *path, size_t max_bytes,
    struct text *out, const char **why) __attribute__((warn_unused_result));

/* Writes a file so that after a crash it is either whole or absent: a
 * temporary beside it, fsync, rename, fsync of the folder. */
int file_write(const char *path, unsigned mode, const void *bytes, size_t n,
    const char **why) __attribute__((warn_unused_result));

/* A regular file that neither group nor others may read or write. */
bool file_is_secret(const char *path, const char **why);

#endif
