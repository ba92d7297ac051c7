/* The Maildir; see maildir.h. */
#include "hub/bounce/maildir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "proto/base/arena.h"
#include "proto/base/clock.h"
#include "proto/base/die.h"
#include "proto/base/log.h"

enum { NAMES_MOST = 1000 };

struct maildir {
	char *path;
	int inotify, watch;
	char *names[NAMES_MOST]; /* of one look, oldest first */
	size_t n, at;
	bool missing_logged;
};

struct maildir *
maildir_open(const char *path)
{
	struct maildir *m = calloc(1, sizeof *m);

	if (m == NULL)
		die(EX_OSERR, "out of memory");
	m->path = strdup(path);
	if (m->path == NULL)
		die(EX_OSERR, "out of memory");
	m->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	m->watch = -1;
	return m;
}

static void
forget(struct maildir *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->names[i]);
	m->n = m->at = 0;
}

void
maildir_close(struct maildir *m)
{
	if (m == NULL)
		return;
	forget(m);
	if (m->inotify >= 0)
		(void)close(m->inotify);
	free(m->path);
	free(m);
}

int
maildir_fd(const struct maildir *m)
{
	return m->inotify;
}

void
maildir_rewind(struct maildir *m)
{
	forget(m);
}

/* Watches before it looks, so that no file can come in between unseen. */
static void
watch(struct maildir *m, const char *folder)
{
	char events[4096];

	if (m->watch < 0 && m->inotify >= 0)
		m->watch = inotify_add_watch(m->inotify, folder,
		    IN_MOVED_TO | IN_CREATE | IN_ONLYDIR);
	while (m->inotify >= 0 && read(m->inotify, events, sizeof events) > 0)
		;
}

static int
by_name(const void *a, const void *b)
{
	/* names begin with the time, in as many digits for centuries */
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
look(struct maildir *m)
{
	char folder[4096];
	struct dirent *e;
	DIR *d;

	forget(m);
	(void)snprintf(folder, sizeof folder, "%s/new", m->path);
	watch(m, folder);
	d = opendir(folder);
	if (d == NULL) {
		if (!m->missing_logged)
			log_warning("cannot read %s: %s", folder,
			    strerror(errno));
		m->missing_logged = true;
		m->watch = -1;
		return;
	}
	m->missing_logged = false;
	while (m->n < NAMES_MOST && (e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		m->names[m->n] = strdup(e->d_name);
		if (m->names[m->n++] == NULL)
			die(EX_OSERR, "out of memory");
	}
	(void)closedir(d);
	qsort(m->names, m->n, sizeof m->names[0], by_name);
}

static int
read_some(int fd, char *to, size_t most, size_t *n)
{
	*n = 0;
	while (*n < most) {
		ssize_t got = read(fd, to + *n, most - *n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		*n += (size_t)got;
	}
	return 0;
}

static bool
load(struct maildir *m, struct arena *a, const char *name, size_t max_bytes,
    struct maildir_file *out)
{
	const char *path = arena_printf(a, "%s/new/%s", m->path, name);
	/* whatever else stands there must not hang us or lead us away */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	int64_t now = clock_wall_us();
	struct stat st;
	size_t n = 0;
	char *bytes;

	if (fd < 0) {
		if (errno != ENOENT) /* another process took it */
			log_warning("cannot read %s: %s", path,
			    strerror(errno));
		return false;
	}
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		log_warning("cannot read %s: no regular file", path);
		(void)close(fd);
		return false;
	}
	if ((size_t)st.st_size < max_bytes)
		max_bytes = (size_t)st.st_size;
	bytes = arena_alloc(a, max_bytes + 1);
	if (read_some(fd, bytes, max_bytes, &n) < 0) {
		log_warning("cannot read %s: %s", path, strerror(errno));
		(void)close(fd);
		return false;
	}
	(void)close(fd);
	*out = (struct maildir_file){.name = arena_string(a, name),
	    .bytes = {.at = bytes, .n = n},
	    .received_us = st.st_mtim.tv_sec * CLOCK_SECOND_US};
	if (out->received_us > now)
		out->received_us = now;
	return true;
}

bool
maildir_next(struct maildir *m, struct arena *a, size_t max_bytes,
    struct maildir_file *out)
{
	bool fresh = false;

	for (;;) {
		if (m->at == m->n) {
			/* one look finds nothing: then there is nothing, or
			 * only what cannot be read */
			if (fresh)
				return false;
			look(m);
			fresh = true;
			if (m->n == 0)
				return false;
		}
		while (m->at < m->n)
			if (load(m, a, m->names[m->at++], max_bytes, out))
				return true;
	}
}

int
maildir_done(struct maildir *m, const char *name, bool keep)
{
	char from[4096], to[4096];
	int error;

	(void)snprintf(from, sizeof from, "%s/new/%s", m->path, name);
	(void)snprintf(to, sizeof to, "%s/cur/%s:2,S", m->path, name);
	if (keep ? rename(from, to) == 0 : unlink(from) == 0)
		return 0;
	error = errno;
	if (access(from, F_OK) != 0)
		return 0; /* another process was quicker */
	log_warning("cannot %s %s: %s", keep ? "move" : "remove", from,
	    strerror(error));
	return -1;
}
