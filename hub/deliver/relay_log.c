/* The relay's log; see relay_log.h. */
#include "hub/deliver/relay_log.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>
#include <zlib.h>

#include "hub/deliver/relay_journal.h"
#include "proto/base/arena.h"
#include "proto/base/die.h"

enum {
	MARK_BYTES = 64, /* in front of a place, that it is known by */
	HASH_BYTES = 16,
	LINE_MAX_BYTES = 65536,
	FILES_MAX = 1000,
	BUFFER_BYTES = 1 << 17,
};

struct place {
	uint64_t device, inode;
	int64_t offset;
	char hash[2 * HASH_BYTES + 1];
};

struct file {
	const char *path;
	struct stat st;
};

static void
hash_of(char out[2 * HASH_BYTES + 1], const char *bytes, size_t n)
{
	unsigned char sum[HASH_BYTES];

	(void)crypto_generichash(sum, sizeof sum, (const unsigned char *)bytes,
	    n, NULL, 0);
	(void)sodium_bin2hex(out, 2 * HASH_BYTES + 1, sum, sizeof sum);
}

/* Opened and at the offset; NULL: it cannot be. */
static gzFile
open_at(const char *path, int64_t offset)
{
	gzFile f = gzopen(path, "re");

	if (f == NULL)
		return NULL;
	(void)gzbuffer(f, BUFFER_BYTES);
	/* lets zlib see that a file is not compressed: it seeks then, instead
	 * of reading all that is in front of the offset */
	(void)gzdirect(f);
	if (gzseek(f, (z_off_t)offset, SEEK_SET) >= 0)
		return f;
	(void)gzclose(f);
	return NULL;
}

/* The bytes in front of the offset.  False: the file has no such offset, or
 * cannot be read. */
static bool
hash_at(const char *path, int64_t offset, char out[2 * HASH_BYTES + 1])
{
	size_t n = offset < MARK_BYTES ? (size_t)offset : MARK_BYTES;
	char bytes[MARK_BYTES];
	gzFile f = open_at(path, offset - (int64_t)n);
	bool good;

	if (f == NULL)
		return false;
	good = gzread(f, bytes, (unsigned int)n) == (int)n;
	if (good)
		hash_of(out, bytes, n);
	(void)gzclose(f);
	return good;
}

static bool
is_journal(const char *path)
{
	return strcmp(path, "journal") == 0 ||
	    strncmp(path, "journal:", 8) == 0;
}

const char *
relay_log_place(const char *path, struct arena *a, const char **why)
{
	char hash[2 * HASH_BYTES + 1];
	struct stat st;
	int fd;

	if (is_journal(path))
		return relay_journal_place(path, a, why);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		*why = arena_printf(a, "%s: %s", path,
		    fd < 0 ? strerror(errno) : "not a regular file");
		if (fd >= 0)
			(void)close(fd);
		return NULL;
	}
	(void)close(fd);
	if (!hash_at(path, st.st_size, hash)) {
		*why = arena_printf(a, "%s: cannot be read to its end", path);
		return NULL;
	}
	return arena_printf(a, "%" PRIu64 ":%" PRIu64 ":%" PRId64 ":%s",
	    (uint64_t)st.st_dev, (uint64_t)st.st_ino, (int64_t)st.st_size,
	    hash);
}

static bool
place_parse(const char *s, struct place *out)
{
	int used = 0;

	return s != NULL &&
	    sscanf(s, "%" SCNu64 ":%" SCNu64 ":%" SCNd64 ":%32[0-9a-f]%n",
	        &out->device, &out->inode, &out->offset, out->hash,
	        &used) == 4 && s[used] == '\0' && out->offset >= 0;
}

static int
by_age(const void *a, const void *b)
{
	const struct timespec *x = &((const struct file *)a)->st.st_mtim;
	const struct timespec *y = &((const struct file *)b)->st.st_mtim;

	if (x->tv_sec != y->tv_sec)
		return x->tv_sec < y->tv_sec ? -1 : 1;
	return (x->tv_nsec > y->tv_nsec) - (x->tv_nsec < y->tv_nsec);
}

/* The log and what it was rotated into, oldest first, itself last. */
static size_t
list(const char *path, struct file *files, struct arena *a)
{
	glob_t g = {0};
	size_t n = 0;

	if (glob(arena_printf(a, "%s[.-]*", path), GLOB_NOSORT, NULL, &g) == 0)
		for (size_t i = 0; i < g.gl_pathc && n < FILES_MAX - 1; i++) {
			files[n].path = arena_string(a, g.gl_pathv[i]);
			if (stat(files[n].path, &files[n].st) == 0 &&
			    S_ISREG(files[n].st.st_mode))
				n++;
		}
	globfree(&g);
	qsort(files, n, sizeof *files, by_age);
	files[n].path = path;
	if (stat(path, &files[n].st) == 0 && S_ISREG(files[n].st.st_mode))
		n++;
	return n;
}

static bool
is_at(const struct file *f, const struct place *p)
{
	char hash[2 * HASH_BYTES + 1];

	return hash_at(f->path, p->offset, hash) &&
	    strcmp(hash, p->hash) == 0;
}

/* Which file has the place; n: none. */
static size_t
find(const struct file *files, size_t n, const struct place *p)
{
	for (size_t i = 0; i < n; i++)
		if (files[i].st.st_ino == p->inode &&
		    files[i].st.st_dev == p->device && is_at(&files[i], p))
			return i;
	/* a copy of it, perhaps compressed; nothing shows which file an empty
	 * one has become */
	for (size_t i = 0; i < n && p->offset != 0; i++)
		if (is_at(&files[i], p))
			return i;
	return n;
}

struct reading {
	const struct relay_log_reader *reader;
	const struct place *mark; /* NULL: none, or not in this file */
	bool live; /* the last line may not be whole yet */
	int64_t at;
	char *line;
	size_t n;
};

static void
end_of_line(struct reading *r)
{
	if (r->n != 0 && r->line[r->n - 1] == '\r')
		r->n--;
	r->reader->line(r->reader->ctx,
	    (struct text){.at = r->line, .n = r->n});
	r->n = 0;
}

static void
feed(struct reading *r, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (r->mark != NULL && r->at + (int64_t)i >= r->mark->offset &&
		    r->n == 0) {
			r->reader->mark(r->reader->ctx);
			r->mark = NULL;
		}
		if (bytes[i] == '\n')
			end_of_line(r);
		else if (r->n < LINE_MAX_BYTES)
			r->line[r->n++] = bytes[i];
	}
	r->at += (int64_t)n;
}

static bool
read_file(struct reading *r, const char *path, int64_t from)
{
	char *piece = malloc(BUFFER_BYTES);
	gzFile f = open_at(path, from);
	int got = -1;

	if (piece == NULL)
		die(EX_OSERR, "out of memory");
	r->at = from;
	r->n = 0;
	if (f != NULL) {
		while ((got = gzread(f, piece, BUFFER_BYTES)) > 0)
			feed(r, piece, (size_t)got);
		(void)gzclose(f);
	}
	free(piece);
	if (got == 0 && r->n != 0 && !r->live)
		end_of_line(r);
	/* at the end of what there is */
	if (got == 0 && r->mark != NULL && r->at >= r->mark->offset &&
	    r->n == 0)
		r->reader->mark(r->reader->ctx);
	return got == 0;
}

/* Where to begin, so that every place is in what is read. */
struct start {
	size_t file;
	int64_t offset;
};

static void
earlier(struct start *s, size_t file, int64_t offset)
{
	if (file < s->file || (file == s->file && offset < s->offset))
		*s = (struct start){.file = file, .offset = offset};
}

static struct start
start_of(const struct file *files, size_t n, struct relay_log_place *places,
    size_t count)
{
	struct start start = {.file = n};
	struct place p;

	for (size_t i = 0; i < count; i++) {
		size_t at = place_parse(places[i].from, &p)
		    ? find(files, n, &p)
		    : n;

		places[i].lost = at == n;
		if (at != n)
			earlier(&start, at, p.offset);
		else
			/* perhaps it is there all the same */
			earlier(&start, n < 2 ? 0 : n - 2, 0);
	}
	return start;
}

static int
read_files(const char *path, struct relay_log_place *places, size_t count,
    const char *mark, const struct relay_log_reader *reader)
{
	struct arena *a = arena_open(0);
	struct file *files = arena_array(a, FILES_MAX, sizeof *files);
	struct reading r = {.reader = reader,
	    .line = arena_alloc(a, LINE_MAX_BYTES)};
	size_t n = list(path, files, a), marked = n;
	struct start start = start_of(files, n, places, count);
	int result = n == 0 ? -1 : 0;
	struct place end;

	if (place_parse(mark, &end))
		marked = find(files, n, &end);
	for (size_t i = start.file; i < n; i++) {
		r.mark = i == marked ? &end : NULL;
		r.live = i == n - 1;
		if (!read_file(&r, files[i].path,
		        i == start.file ? start.offset : 0))
			result = -1;
	}
	arena_close(a);
	return result;
}

int
relay_log_read(const char *path, struct relay_log_place *places, size_t count,
    const char *mark, const struct relay_log_reader *reader)
{
	return is_journal(path)
	    ? relay_journal_read(path, places, count, mark, reader)
	    : read_files(path, places, count, mark, reader);
}
