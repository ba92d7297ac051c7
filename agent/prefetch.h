/*
 * The bytes of a file that are read next, so that the processor can be told
 * to fetch them while it works on those before: the copy that a read is then
 * finds them near instead of waiting for the memory.  docs/decisions/
 * prefetch.md says why not more.
 *
 * They are shown at an address that nobody may read from: a file can be cut
 * short at any time, and who reads a mapping behind its end is killed.  A
 * prefetch of such an address does nothing.
 */
#ifndef PLAINTIFF_PREFETCH_H
#define PLAINTIFF_PREFETCH_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed shows nothing. */
struct prefetch {
	char *at;
	int64_t from; /* offset of the first byte shown */
};

/* Where n bytes of the file fd from offset on are, for __builtin_prefetch
 * alone, until the next call; NULL where that would not help: they are not in
 * memory, or the file soon ends. */
const char *prefetch_next(
    struct prefetch *p, int fd, int64_t offset, size_t n);
void prefetch_close(struct prefetch *p);

#endif
