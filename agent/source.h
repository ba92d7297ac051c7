/*
 * A source gives lines and says where it is: a log file with its rotated
 * siblings (source_file.c) or standard input (source_stdin.c).
 *
 * Lines given are owed until source_commit: source_rewind goes back to the
 * first of them, so that a turn whose transaction failed is read again.  The
 * place is committed together with the events of the lines before it
 * (outbox.h); it never lies behind an unfinished line.  Called by run.c.
 */
#ifndef PLAINTIFF_SOURCE_H
#define PLAINTIFF_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/text.h"

struct source;

enum {
	SOURCE_MARK_BYTES = 16,
	SOURCE_HEAD_BYTES = 1024, /* at most, behind the head mark */
	SOURCE_TAIL_BYTES = 64,   /* at most, behind the tail mark */
	SOURCE_LINE_BYTES = 64 * 1024, /* longer lines come cut to this + 1 */
};

/* Which file, and how far.  Inodes are used again and files are copied, so
 * identity counts only together with what the file says: marks are BLAKE2b
 * of its first bytes and of the bytes before the offset. */
struct source_place {
	uint64_t device, inode;
	int64_t birth_us; /* 0: the file system does not say */
	int64_t mtime_us; /* as of the last look */
	int64_t offset;
	uint32_t head_bytes, tail_bytes;
	uint8_t head[SOURCE_MARK_BYTES], tail[SOURCE_MARK_BYTES];
};

enum source_result {
	SOURCE_LINE,   /* *line is filled; valid until the next call */
	SOURCE_WAIT,   /* nothing now */
	SOURCE_COMMIT, /* nothing more before source_commit */
	SOURCE_END,    /* nothing ever again */
};

struct source_file_options {
	const char *path;
	bool from_end;      /* a file never seen before: skip what it holds */
	int64_t grace_ms;   /* a rotated file is left when so long quiet */
	const struct source_place *place; /* from the last life, or NULL */
	int64_t since_us;   /* without a place: rotated files written to later
	                     * are read too; 0: none */
};

/* Follows a file.  It need not exist yet: what is wrong with it is logged
 * once, and it is tried again every second. */
struct source *source_file_open(const struct source_file_options *o);
/* Reads fd, which stays the caller's, to its end. */
struct source *source_stdin_open(int fd);
/* Follows the systemd journal; path is "journal" or "journal:PATH", grace_ms
 * and since_us mean nothing. */
struct source *source_journal_open(const struct source_file_options *o);
/* Is libsystemd in this build?  Otherwise there is no opening. */
bool source_journal_is_built(void);
/* The journal as a name of a source. */
bool source_is_journal(const char *name);
void source_close(struct source *s);

enum source_result source_next(struct source *s, struct text *line);
/* Whole lines, each with its LF, that source_next would give next and that
 * are in memory already, for those who look at many at once; valid until the
 * next call.  Empty when there are none at hand. */
struct text source_ahead(const struct source *s);
/* The first n bytes of those, whole lines, count as given. */
void source_take(struct source *s, size_t n);
/* Behind the last line given; false when there is no place to keep. */
bool source_place(const struct source *s, struct source_place *out);
/* Did the place change since the last commit? */
bool source_has_moved(const struct source *s);
void source_commit(struct source *s);
void source_rewind(struct source *s);
/* Times since the last commit that unread lines were found to be gone. */
unsigned source_losses(const struct source *s);
/* While nothing is read and nothing owed: will what is unread soon be gone
 * for ever, since rotation removed it and only we hold it open? */
bool source_is_endangered(struct source *s);
void source_set_grace(struct source *s, int64_t grace_ms);
/* Is the file gone, all names of it, and nothing left to read?  *unread:
 * lines that were not read may have gone with it. */
bool source_is_gone(const struct source *s, bool *unread);
/* To wait on for reading, or -1: then ask again every 250 ms. */
int source_fd(const struct source *s);
/* No stamp in what is read now can be later than this. */
int64_t source_bound_us(const struct source *s);
/* The path, or "-". */
const char *source_name(const struct source *s);

#endif
