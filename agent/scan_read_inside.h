/*
 * The inside of a log file being read, shared by scan_read.c and
 * scan_export.c and by nobody else.
 */
#ifndef PLAINTIFF_SCAN_READ_INSIDE_H
#define PLAINTIFF_SCAN_READ_INSIDE_H

#include <sys/stat.h>
#include <zlib.h>

#include "agent/line.h"
#include "agent/prefetch.h"
#include "agent/scan_read.h"
#include "proto/base/buf.h"

struct arena;

enum {
	SCAN_BLOCK_BYTES = 256 * 1024,
};

_Static_assert(SCAN_BLOCK_BYTES > 2 * LINE_BYTES,
    "a line and a field of the journal must fit into a block");

struct scan_file {
	int fd;
	gzFile gz; /* NULL: plain */
	struct stat st;
	int64_t done_bytes;
	bool at_end;
	bool looked;         /* whether it is of entries */
	struct arena *arena; /* of an entry; NULL: a file of lines */
	struct buf entry;    /* as a line */
	bool in_long_line;   /* the rest of it is to be skipped */
	struct prefetch prefetch;
	const char *next;    /* where what is read next is shown */
	size_t from, to;     /* bytes of data not yet handed out */
	char data[SCAN_BLOCK_BYTES];
};

/* More bytes behind those that are left; -1 with *why. */
int scan_file_fill(struct scan_file *f, const char **why);

/* As scan_file_next, for a file of entries. */
int scan_file_next_entry(
    struct scan_file *f, struct scan_lines *out, const char **why);

#endif
