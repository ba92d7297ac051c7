/*
 * A log file and what rotation made of it before: mail.log, mail.log.1,
 * mail.log-20261121.  Says which of them a place belongs to and which comes
 * next.  Opens and reads files, follows nothing; source_file.c does.
 */
#ifndef PLAINTIFF_SIBLING_H
#define PLAINTIFF_SIBLING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "agent/source.h"

struct arena;

/* What the file system says of an open file. */
struct sibling_facts {
	uint64_t device, inode;
	int64_t birth_us; /* 0: unknown */
	int64_t mtime_us, ctime_us, size;
};

/* Opens a log file for reading: a regular file, not a link, a FIFO or a
 * folder; never blocks.  -1 with *why (static or errno words). */
int sibling_open(const char *path, struct sibling_facts *facts,
    const char **why);
/* 0, or -1 with errno. */
int sibling_stat(int fd, struct sibling_facts *facts);
/* pread until n bytes or the end of the file; the bytes read, or -1. */
ssize_t sibling_pread(int fd, void *bytes, size_t n, int64_t offset);

/* BLAKE2b. */
void sibling_mark(uint8_t out[SOURCE_MARK_BYTES], const void *bytes,
    size_t n);

enum sibling_match {
	SIBLING_OTHER,
	SIBLING_COPY, /* another inode, the same bytes */
	SIBLING_SAME,
};
/* Is the open file the one the place speaks of? */
enum sibling_match sibling_matches(int fd, const struct sibling_facts *facts,
    const struct source_place *place);

/* Opens the rotated file the place belongs to; -1 when there is none. */
int sibling_find(const char *path, const struct source_place *place,
    struct sibling_facts *facts);

/* Opens the file that follows the one with these facts: a younger rotated
 * one (*is_live false) or path itself.  -1 when it is not there (yet). */
int sibling_open_next(const char *path, const struct sibling_facts *after,
    struct sibling_facts *facts, bool *is_live);

#endif
