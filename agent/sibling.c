/* Rotated files; see sibling.h. */
#include "agent/sibling.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "proto/base/arena.h"

enum { MOST_SIBLINGS = 400 };

struct sibling {
	const char *path;
	struct sibling_facts facts;
	long number; /* of "mail.log.7"; -1 for dates */
};

static int64_t
stamp_us(const struct statx_timestamp *t)
{
	return t->tv_sec * 1000000 + t->tv_nsec / 1000;
}

int
sibling_stat(int fd, struct sibling_facts *f)
{
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME,
	        &st) < 0)
		return -1;
	*f = (struct sibling_facts){
	    .device = makedev(st.stx_dev_major, st.stx_dev_minor),
	    .inode = st.stx_ino,
	    .birth_us = (st.stx_mask & STATX_BTIME) != 0
	        ? stamp_us(&st.stx_btime) : 0,
	    .mtime_us = stamp_us(&st.stx_mtime),
	    .ctime_us = stamp_us(&st.stx_ctime),
	    .size = (int64_t)st.stx_size};
	return 0;
}

int
sibling_open(const char *path, struct sibling_facts *facts, const char **why)
{
	int fd = open(path,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	struct stat st;

	if (fd < 0) {
		*why = errno == ELOOP
		    ? "it is a symbolic link; name the file itself"
		    : strerror(errno);
		return -1;
	}
	if (fstat(fd, &st) < 0 || sibling_stat(fd, facts) < 0)
		*why = strerror(errno);
	else if (S_ISREG(st.st_mode))
		return fd;
	else
		*why = S_ISDIR(st.st_mode) ? "it is a folder"
		    : S_ISFIFO(st.st_mode)
		    ? "it is a FIFO; pipe it to standard input (file = -)"
		    : "it is not a regular file";
	(void)close(fd);
	return -1;
}

ssize_t
sibling_pread(int fd, void *bytes, size_t n, int64_t offset)
{
	size_t at = 0;

	while (at < n) {
		ssize_t got = pread(fd, (char *)bytes + at, n - at,
		    offset + (int64_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		at += (size_t)got;
	}
	return (ssize_t)at;
}

void
sibling_mark(uint8_t out[SOURCE_MARK_BYTES], const void *bytes, size_t n)
{
	(void)crypto_generichash(out, SOURCE_MARK_BYTES, bytes, n, NULL, 0);
}

/* Do the n bytes at offset have this mark? */
static bool
bytes_match(int fd, int64_t offset, size_t n, const uint8_t *mark)
{
	uint8_t have[SOURCE_MARK_BYTES];
	char bytes[SOURCE_HEAD_BYTES];

	if (n > sizeof bytes ||
	    sibling_pread(fd, bytes, n, offset) != (ssize_t)n)
		return false;
	sibling_mark(have, bytes, n);
	return memcmp(have, mark, sizeof have) == 0;
}

enum sibling_match
sibling_matches(int fd, const struct sibling_facts *f,
    const struct source_place *p)
{
	bool same = f->device == p->device && f->inode == p->inode &&
	    f->birth_us == p->birth_us;

	if (f->size < p->offset || p->tail_bytes > p->offset)
		return SIBLING_OTHER;
	/* nothing read yet: only the inode can tell */
	if (p->head_bytes == 0)
		return same ? SIBLING_SAME : SIBLING_OTHER;
	if (!bytes_match(fd, 0, p->head_bytes, p->head) ||
	    !bytes_match(fd, p->offset - p->tail_bytes, p->tail_bytes,
	        p->tail))
		return SIBLING_OTHER;
	return same ? SIBLING_SAME : SIBLING_COPY;
}

/* "mail.log.12" gives 12, "mail.log-20261121" -1; false for any other name
 * ("mail.log.bak", "mail.log.1.gz"). */
static bool
is_rotated(const char *name, const char *base, long *number)
{
	size_t n = strlen(base);
	const char *rest = name + n;

	if (strncmp(name, base, n) != 0 || (*rest != '.' && *rest != '-'))
		return false;
	if (rest[1] == '\0' ||
	    rest[1 + strspn(rest + 1, "0123456789-_T:")] != '\0')
		return false;
	*number = -1;
	if (*rest == '.' && strspn(rest + 1, "0123456789") ==
	    strlen(rest + 1) && strlen(rest + 1) < 6)
		*number = strtol(rest + 1, NULL, 10);
	return true;
}

/* Older first. */
static int
by_age(const void *a, const void *b)
{
	const struct sibling *x = a, *y = b;

	if (x->number >= 0 && y->number >= 0)
		return (x->number < y->number) - (x->number > y->number);
	if (x->facts.mtime_us != y->facts.mtime_us)
		return x->facts.mtime_us < y->facts.mtime_us ? -1 : 1;
	return strcmp(x->path, y->path);
}

static size_t
list(const char *path, struct arena *a, struct sibling **out)
{
	struct sibling *at = arena_array(a, MOST_SIBLINGS, sizeof *at);
	const char *folder = dirname(arena_string(a, path));
	const char *base = basename(arena_string(a, path));
	DIR *d = opendir(folder);
	struct dirent *e;
	const char *why;
	size_t n = 0;

	*out = at;
	if (d == NULL)
		return 0;
	while ((e = readdir(d)) != NULL && n < MOST_SIBLINGS) {
		struct sibling *s = &at[n];
		int fd;

		if (!is_rotated(e->d_name, base, &s->number))
			continue;
		s->path = arena_printf(a, "%s/%s", folder, e->d_name);
		fd = sibling_open(s->path, &s->facts, &why);
		if (fd < 0)
			continue;
		(void)close(fd);
		n++;
	}
	(void)closedir(d);
	qsort(at, n, sizeof *at, by_age);
	return n;
}

int
sibling_find(const char *path, const struct source_place *place,
    struct sibling_facts *facts)
{
	struct arena *a = arena_open(0);
	struct sibling *at;
	size_t n = list(path, a, &at);
	int best = -1;
	const char *why;

	/* youngest first; the same inode beats a copy */
	for (size_t i = n; i-- > 0;) {
		struct sibling_facts f;
		int fd = sibling_open(at[i].path, &f, &why);
		enum sibling_match m;

		if (fd < 0)
			continue;
		m = sibling_matches(fd, &f, place);
		if (m == SIBLING_OTHER || (m == SIBLING_COPY && best >= 0)) {
			(void)close(fd);
			continue;
		}
		if (best >= 0)
			(void)close(best);
		best = fd;
		*facts = f;
		if (m == SIBLING_SAME)
			break;
	}
	arena_close(a);
	return best;
}

/* The path of the file behind the one with these facts; NULL: the live. */
static const char *
next_path(const char *path, const struct sibling_facts *after,
    struct arena *a)
{
	struct sibling *at;
	size_t n = list(path, a, &at);

	for (size_t i = 0; i < n; i++)
		if (at[i].facts.device == after->device &&
		    at[i].facts.inode == after->inode)
			return i + 1 < n ? at[i + 1].path : NULL;
	/* deleted or compressed since: what was written to later */
	for (size_t i = 0; i < n; i++)
		if (at[i].facts.mtime_us > after->mtime_us)
			return at[i].path;
	return NULL;
}

static int
open_next(const char *path, const struct sibling_facts *after,
    struct sibling_facts *facts, bool *is_live)
{
	struct arena *a = arena_open(0);
	const char *next = next_path(path, after, a);
	const char *why;
	int fd;

	*is_live = next == NULL;
	fd = sibling_open(next == NULL ? path : next, facts, &why);
	arena_close(a);
	return fd;
}

int
sibling_open_next(const char *path, const struct sibling_facts *after,
    struct sibling_facts *facts, bool *is_live)
{
	enum { TRIES = 5 };

	/* a rotation between the look and the opening would skip a file:
	 * believe it only when two looks agree */
	for (int i = 0; i < TRIES; i++) {
		struct sibling_facts again;
		bool again_live;
		int fd = open_next(path, after, facts, is_live), second;

		if (fd < 0)
			return -1;
		second = open_next(path, after, &again, &again_live);
		if (second >= 0) {
			bool agree = again.inode == facts->inode &&
			    again.device == facts->device;

			(void)close(second);
			if (agree) {
				*is_live = again_live;
				return fd;
			}
		}
		(void)close(fd);
	}
	return -1;
}
