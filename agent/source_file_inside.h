/*
 * The members of a file source, shared by source_find.c (which file, and
 * from where) and source_file.c (reading it).  For these two only.
 */
#ifndef PLAINTIFF_SOURCE_FILE_INSIDE_H
#define PLAINTIFF_SOURCE_FILE_INSIDE_H

#include "agent/lines.h"
#include "agent/logfile.h"
#include "agent/sibling.h"
#include "agent/source_ops.h"

enum { SOURCE_RETRY_MS = 1000, SOURCE_LOOK_MS = 250 };

/* How far a file was read, and its first and last bytes for the marks. */
struct progress {
	int64_t offset; /* behind the last line given */
	size_t head_n, tail_n;
	char tail[SOURCE_TAIL_BYTES];
};

struct source_file {
	struct source base;
	char *path;
	int64_t grace_ms;
	bool from_end;
	int64_t since_us;    /* no place: rotated ones written to later too */
	int64_t done_us;     /* rotated files not written to since then are
	                      * read, or not to be */
	struct logfile *file;/* NULL: not open */
	bool live;           /* it is, or was, path itself */
	struct logfile_facts facts;
	struct lines lines;
	char head[SOURCE_HEAD_BYTES];
	struct progress at, committed;
	bool owes;           /* lines given since the last commit */
	bool moved;          /* the place changed since */
	bool at_end;         /* the last read gave nothing */
	bool damaged;        /* compressed, and ends before its end */
	int64_t quiet_ms;    /* monotonic: nothing new since */
	bool has_place;      /* lost is to be looked for */
	struct source_place lost;
	int64_t missed_ms;   /* monotonic: it is not found since; 0: it is */
	unsigned losses;     /* declared since the last commit */
	int64_t retry_ms;
	bool said;           /* this trouble was logged */
};

/* Behind the last line given. */
void source_find_place(const struct source_file *s, struct source_place *out);
/* Takes over an open file, to be read from offset on. */
void source_find_begin(struct source_file *s, struct logfile *file,
    const struct logfile_facts *facts, bool live, int64_t offset);
/* The same for the next file, from its beginning; declares those between that
 * cannot be read. */
void source_find_go_to(struct source_file *s,
    const struct sibling_next *next);
/* Forgets the file, but not the place in it. */
void source_find_leave(struct source_file *s);
/* Finds the file to read, by the place if there is one; false: not now. */
bool source_find(struct source_file *s);
/* Nothing was read yet of the open file, and there is a rotated one that was
 * written to since it was last looked at: it may be what was in this one. */
bool source_find_has_unread(const struct source_file *s);
/* Is path no longer the file that is open? */
bool source_find_is_rotated(const struct source_file *s);
/* Declares that the rest of a file is lost. */
void source_find_declare(struct source_file *s, const char *file,
    const char *why);

#endif
