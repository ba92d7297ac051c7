/* Plain and compressed logs; see logfile.h. */
#include "agent/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sysexits.h>
#include <unistd.h>

#include <zlib.h>

#include "proto/base/die.h"

enum { PACKED_BLOCK_BYTES = 128 * 1024 };

struct logfile {
	int fd;
	gzFile packed; /* NULL: plain; owns fd */
};

static int64_t
stamp_us(const struct statx_timestamp *t)
{
	return t->tv_sec * 1000000 + t->tv_nsec / 1000;
}

static int
facts_of(int fd, const char *path, int flags, struct logfile_facts *f)
{
	struct statx st;

	if (statx(fd, path, flags, STATX_BASIC_STATS | STATX_BTIME, &st) < 0)
		return -1;
	*f = (struct logfile_facts){
	    .device = makedev(st.stx_dev_major, st.stx_dev_minor),
	    .inode = st.stx_ino,
	    .birth_us = (st.stx_mask & STATX_BTIME) != 0
	        ? stamp_us(&st.stx_btime) : 0,
	    .mtime_us = stamp_us(&st.stx_mtime),
	    .ctime_us = stamp_us(&st.stx_ctime),
	    .size = (int64_t)st.stx_size,
	    .links = st.stx_nlink};
	errno = EINVAL;
	return S_ISREG(st.stx_mode) ? 0 : -1;
}

int
logfile_stat(const struct logfile *f, struct logfile_facts *facts)
{
	return facts_of(f->fd, "", AT_EMPTY_PATH, facts);
}

int
logfile_stat_path(const char *path, struct logfile_facts *facts)
{
	return facts_of(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, facts);
}

static const char *
why_not(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return strerror(errno);
	if (S_ISREG(st.st_mode))
		return NULL;
	return S_ISDIR(st.st_mode) ? "it is a folder"
	    : S_ISFIFO(st.st_mode)
	    ? "it is a FIFO; pipe it to standard input (file = -)"
	    : "it is not a regular file";
}

struct logfile *
logfile_open(const char *path, const char **why)
{
	size_t n = strlen(path);
	struct logfile *f;
	int fd = open(path,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

	if (fd < 0) {
		*why = errno == ELOOP
		    ? "it is a symbolic link; name the file itself"
		    : strerror(errno);
		return NULL;
	}
	*why = why_not(fd);
	if (*why != NULL) {
		(void)close(fd);
		return NULL;
	}
	f = calloc(1, sizeof *f);
	if (f == NULL)
		die(EX_OSERR, "out of memory");
	f->fd = fd;
	if (n > 3 && strcmp(path + n - 3, ".gz") == 0) {
		f->packed = gzdopen(fd, "rb");
		if (f->packed == NULL)
			die(EX_OSERR, "out of memory");
		(void)gzbuffer(f->packed, PACKED_BLOCK_BYTES);
	}
	return f;
}

void
logfile_close(struct logfile *f)
{
	if (f == NULL)
		return;
	if (f->packed != NULL)
		(void)gzclose(f->packed);
	else
		(void)close(f->fd);
	free(f);
}

bool
logfile_is_packed(const struct logfile *f)
{
	return f->packed != NULL;
}

static ssize_t
read_packed(struct logfile *f, void *bytes, size_t n, int64_t offset)
{
	int code, got;

	if (gztell(f->packed) != offset &&
	    gzseek(f->packed, offset, SEEK_SET) != offset) {
		errno = EBADMSG;
		return -1;
	}
	errno = 0;
	got = gzread(f->packed, bytes,
	    n > PACKED_BLOCK_BYTES ? PACKED_BLOCK_BYTES : (unsigned)n);
	if (got > 0)
		return got;
	(void)gzerror(f->packed, &code);
	if (got == 0 && (code == Z_OK || code == Z_STREAM_END))
		return 0;
	if (code != Z_ERRNO || errno == 0)
		errno = EBADMSG;
	return -1;
}

ssize_t
logfile_read(struct logfile *f, void *bytes, size_t n, int64_t offset)
{
	ssize_t got;

	if (f->packed != NULL)
		return read_packed(f, bytes, n, offset);
	do {
		got = pread(f->fd, bytes, n, offset);
	} while (got < 0 && errno == EINTR);
	return got;
}

ssize_t
logfile_read_all(struct logfile *f, void *bytes, size_t n, int64_t offset)
{
	size_t at = 0;

	while (at < n) {
		ssize_t got = logfile_read(f, (char *)bytes + at, n - at,
		    offset + (int64_t)at);

		if (got < 0)
			return -1;
		if (got == 0)
			break;
		at += (size_t)got;
	}
	return (ssize_t)at;
}
