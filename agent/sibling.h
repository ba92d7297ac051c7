/*
 * A log file and what rotation made of it before: mail.log, mail.log.1,
 * mail.log.2.gz, mail.log-20261121, mail.log-20261120.gz.  Says which of
 * them a place belongs to and which comes next.  Reads files, follows
 * nothing; source_file.c does.
 */
#ifndef PLAINTIFF_SIBLING_H
#define PLAINTIFF_SIBLING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/logfile.h"
#include "agent/source.h"

/* BLAKE2b. */
void sibling_mark(uint8_t out[SOURCE_MARK_BYTES], const void *bytes,
    size_t n);

enum sibling_match {
	SIBLING_OTHER,
	SIBLING_COPY, /* another inode, the same bytes */
	SIBLING_SAME,
};
/* Is the open file the one the place speaks of? */
enum sibling_match sibling_matches(struct logfile *f,
    const struct logfile_facts *facts, const struct source_place *place);

/* Does the last part of the path look like a rotated file's name? */
bool sibling_is_rotated_name(const char *path);

/* Opens the rotated file the place belongs to; NULL when there is none. */
struct logfile *sibling_find(const char *path,
    const struct source_place *place, struct logfile_facts *facts);

struct sibling_next {
	struct logfile *file;
	struct logfile_facts facts;
	bool is_live;         /* it is path itself */
	unsigned skipped;     /* files between that cannot be read here */
	char foreign[256];    /* the name of one of them */
};
/* Opens the file that follows the one of this place: a younger rotated one
 * or path itself.  When the place's own file is gone, the oldest that was
 * written to later.  False when it is not there (yet). */
bool sibling_open_next(const char *path, const struct source_place *after,
    struct sibling_next *next);
/* As it does, for a place where nothing was read yet: the oldest rotated file
 * that is the place's own or was written to later, or path itself. */
bool sibling_open_unread(const char *path, const struct source_place *place,
    struct sibling_next *next);

#endif
