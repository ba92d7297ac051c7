/*
 * An open log file, plain or compressed by gzip, addressed by the offsets of
 * its uncompressed bytes, and what the file system says of it.  Never blocks
 * and never follows a link.  Knows nothing of lines, places or rotation;
 * used by sibling.c, source_file.c and setup.c.
 */
#ifndef PLAINTIFF_LOGFILE_H
#define PLAINTIFF_LOGFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct logfile;

struct logfile_facts {
	uint64_t device, inode;
	int64_t birth_us; /* 0: unknown */
	int64_t mtime_us, ctime_us;
	int64_t size;     /* of the bytes as they are stored */
	uint64_t links;   /* names it has */
};

/* A regular file; compressed if its name ends in .gz.  NULL with *why
 * (static or errno words). */
struct logfile *logfile_open(const char *path, const char **why);
void logfile_close(struct logfile *f);
bool logfile_is_packed(const struct logfile *f);

/* 0, or -1 with errno. */
int logfile_stat(const struct logfile *f, struct logfile_facts *facts);
/* The same of a path, not following a link; -1 also when it is no regular
 * file. */
int logfile_stat_path(const char *path, struct logfile_facts *facts);

/* Up to n bytes at offset; 0 at the end, -1 with errno: EBADMSG when
 * compressed bytes are damaged or end too early. */
ssize_t logfile_read(struct logfile *f, void *bytes, size_t n,
    int64_t offset);
/* The same until n bytes or the end. */
ssize_t logfile_read_all(struct logfile *f, void *bytes, size_t n,
    int64_t offset);

#endif
