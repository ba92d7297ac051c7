/* Small files read and written whole; see file.h. */
#include "proto/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/base/arena.h"

int
file_read(struct arena *a, const char *path, size_t max_bytes,
    struct text *out, const char **why)
{
	/* O_NONBLOCK: a FIFO in place of the file must not hang us */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	size_t at = 0;
	char *p;

	if (fd < 0) {
		*why = strerror(errno);
		return -1;
	}
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		*why = "not a regular file";
		goto fail;
	}
	if (st.st_size < 0 || (size_t)st.st_size > max_bytes) {
		*why = "file is too large";
		goto fail;
	}
	p = arena_alloc(a, (size_t)st.st_size + 1);
	while (at < (size_t)st.st_size) {
		ssize_t got = read(fd, p + at, (size_t)st.st_size - at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			*why = strerror(errno);
			goto fail;
		}
		if (got == 0)
			break;
		at += (size_t)got;
	}
	(void)close(fd);
	*out = (struct text){.at = p, .n = at};
	return 0;
fail:
	(void)close(fd);
	return -1;
}

static int
write_all(int fd, const char *p, size_t n)
{
	while (n != 0) {
		ssize_t put = write(fd, p, n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -1;
		p += put;
		n -= (size_t)put;
	}
	return fsync(fd);
}

static int
sync_folder_of(const char *path)
{
	char copy[PATH_MAX];
	int fd, result;

	(void)snprintf(copy, sizeof copy, "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	result = fsync(fd);
	(void)close(fd);
	return result;
}

int
file_write(const char *path, unsigned mode, const void *bytes, size_t n,
    const char **why)
{
	char temporary[PATH_MAX];
	int fd, len;

	len = snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
	if (len < 0 || (size_t)len >= sizeof temporary) {
		*why = "path is too long";
		return -1;
	}
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0) {
		*why = strerror(errno);
		return -1;
	}
	if (fchmod(fd, (mode_t)mode) < 0 || write_all(fd, bytes, n) < 0) {
		*why = strerror(errno);
		(void)close(fd);
		goto fail;
	}
	if (close(fd) < 0 || rename(temporary, path) < 0 ||
	    sync_folder_of(path) < 0) {
		*why = strerror(errno);
		goto fail;
	}
	return 0;
fail:
	(void)unlink(temporary);
	return -1;
}

bool
file_is_secret(const char *path, const char **why)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		*why = strerror(errno);
		return false;
	}
	if (!S_ISREG(st.st_mode)) {
		*why = "not a regular file";
		return false;
	}
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		*why = "group or others may open it; chmod 600";
		return false;
	}
	return true;
}
