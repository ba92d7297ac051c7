/*
 * The Maildir that bounces come to: its new files, oldest first, one at a
 * time.  A file is moved to cur/, or removed, only when the caller says that
 * what it holds is committed.  Knows nothing of what is in them.
 */
#ifndef PLAINTIFF_MAILDIR_H
#define PLAINTIFF_MAILDIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/text.h"

struct arena;
struct maildir;

struct maildir_file {
	const char *name;
	struct text bytes;   /* in the arena; the first max_bytes of it */
	int64_t received_us; /* its time of modification, never in the future */
};

/* The folder need not be there yet. */
struct maildir *maildir_open(const char *path);
/* NULL is legal. */
void maildir_close(struct maildir *m);

/* Readable when a file may have come; -1: only looking tells. */
int maildir_fd(const struct maildir *m);

/* The next new file; false when there is none.  One that cannot be read is
 * logged and left for another time. */
bool maildir_next(struct maildir *m, struct arena *a, size_t max_bytes,
    struct maildir_file *out);

/* It is done with: into cur/, or away.  -1, logged: it stays, and comes
 * again. */
int maildir_done(struct maildir *m, const char *name, bool keep)
    __attribute__((warn_unused_result));

/* Begin again at the oldest: what was left comes again. */
void maildir_rewind(struct maildir *m);

#endif
