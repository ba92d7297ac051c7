/* Rotated files; see sibling.h. */
#include "agent/sibling.h"

#include <dirent.h>
#include <libgen.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/arena.h"

enum { MOST_SIBLINGS = 400 };

enum packing { PLAIN, PACKED, FOREIGN };

struct sibling {
	const char *path;
	struct logfile_facts facts;
	enum packing packing;
	size_t stem;  /* length of path without .gz and the like */
	long number;  /* of "mail.log.7"; -1 for dates */
};

void
sibling_mark(uint8_t out[SOURCE_MARK_BYTES], const void *bytes, size_t n)
{
	(void)crypto_generichash(out, SOURCE_MARK_BYTES, bytes, n, NULL, 0);
}

/* Do the n bytes at offset have this mark? */
static bool
bytes_match(struct logfile *f, int64_t offset, size_t n, const uint8_t *mark)
{
	uint8_t have[SOURCE_MARK_BYTES];
	char bytes[SOURCE_HEAD_BYTES];

	if (n > sizeof bytes ||
	    logfile_read_all(f, bytes, n, offset) != (ssize_t)n)
		return false;
	sibling_mark(have, bytes, n);
	return memcmp(have, mark, sizeof have) == 0;
}

enum sibling_match
sibling_matches(struct logfile *f, const struct logfile_facts *facts,
    const struct source_place *p)
{
	bool same = facts->device == p->device && facts->inode == p->inode &&
	    facts->birth_us == p->birth_us;

	if (!logfile_is_packed(f) && facts->size < p->offset)
		return SIBLING_OTHER;
	if (p->tail_bytes > p->offset)
		return SIBLING_OTHER;
	/* nothing read yet: only the inode can tell */
	if (p->head_bytes == 0)
		return same ? SIBLING_SAME : SIBLING_OTHER;
	/* the head first: of a compressed file the tail costs all of it */
	if (!bytes_match(f, 0, p->head_bytes, p->head) ||
	    !bytes_match(f, p->offset - p->tail_bytes, p->tail_bytes,
	        p->tail))
		return SIBLING_OTHER;
	return same ? SIBLING_SAME : SIBLING_COPY;
}

static enum packing
packing_of(const char *name, size_t *stem)
{
	static const struct {
		const char *ending;
		enum packing packing;
	} endings[] = {
	    {".gz", PACKED}, {".xz", FOREIGN}, {".zst", FOREIGN},
	    {".bz2", FOREIGN}, {".lz4", FOREIGN}, {".lzma", FOREIGN},
	    {".Z", FOREIGN}, {".zip", FOREIGN}};
	size_t n = strlen(name);

	for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
		size_t e = strlen(endings[i].ending);

		if (n > e && strcmp(name + n - e, endings[i].ending) == 0) {
			*stem = n - e;
			return endings[i].packing;
		}
	}
	*stem = n;
	return PLAIN;
}

/* Is what follows a live file's name, ".12" or "-20261121" and perhaps a
 * compressor's ending, made by rotation?  ".bak" is not. */
static bool
is_rotation(const char *rest, size_t stem, long *number)
{
	if (stem < 2 || (*rest != '.' && *rest != '-') ||
	    strspn(rest + 1, "0123456789-_T:") < stem - 1)
		return false;
	*number = -1;
	if (*rest == '.' && stem < 7 && strspn(rest + 1, "0123456789") ==
	    stem - 1)
		*number = strtol(rest + 1, NULL, 10);
	return true;
}

bool
sibling_is_rotated_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash == NULL ? path : slash + 1;
	size_t stem, at;
	enum packing packing = packing_of(name, &stem);

	if (packing != PLAIN)
		return true;
	for (at = stem; at > 0 && strchr("0123456789", name[at - 1]); at--)
		;
	if (at == stem || at < 2)
		return false;
	/* ".7" and "-20261121"; "host-2" is a name */
	return (name[at - 1] == '.' && stem - at < 6) ||
	    ((name[at - 1] == '-' || name[at - 1] == '.') && stem - at >= 8);
}

/* Older first. */
static int
by_number(const void *a, const void *b)
{
	const struct sibling *x = a, *y = b;

	if (x->number != y->number)
		return x->number > y->number ? -1 : 1;
	return strcmp(x->path, y->path);
}

static int
by_date(const void *a, const void *b)
{
	const struct sibling *x = a, *y = b;

	return strcmp(x->path, y->path);
}

static int
by_mtime(const void *a, const void *b)
{
	const struct sibling *x = a, *y = b;

	if (x->facts.mtime_us != y->facts.mtime_us)
		return x->facts.mtime_us < y->facts.mtime_us ? -1 : 1;
	return strcmp(x->path, y->path);
}

/* Oldest first; of a file that is being compressed only the plain one. */
static size_t
put_in_order(struct sibling *at, size_t n)
{
	bool numbers = true, dates = true;
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		numbers &= at[i].number >= 0;
		dates &= at[i].number < 0 && at[i].stem == at[0].stem;
	}
	qsort(at, n, sizeof *at,
	    numbers ? by_number : dates ? by_date : by_mtime);
	for (size_t i = 0; i < n; i++) {
		bool twin = false;

		for (size_t k = 0; k < n && at[i].packing != PLAIN; k++)
			twin |= at[k].packing == PLAIN &&
			    at[k].stem == at[i].stem &&
			    strncmp(at[k].path, at[i].path, at[i].stem) == 0;
		if (!twin)
			at[kept++] = at[i];
	}
	return kept;
}

static size_t
list(const char *path, struct arena *a, struct sibling **out)
{
	struct sibling *at = arena_array(a, MOST_SIBLINGS, sizeof *at);
	const char *folder = dirname(arena_string(a, path));
	const char *base = basename(arena_string(a, path));
	size_t length = strlen(base), n = 0;
	DIR *d = opendir(folder);
	struct dirent *e;

	*out = at;
	if (d == NULL)
		return 0;
	while ((e = readdir(d)) != NULL && n < MOST_SIBLINGS) {
		struct sibling *s = &at[n];
		const char *rest = e->d_name + length;
		size_t stem;

		if (strncmp(e->d_name, base, length) != 0 || *rest == '\0')
			continue;
		s->packing = packing_of(rest, &stem);
		if (!is_rotation(rest, stem, &s->number))
			continue;
		s->path = arena_printf(a, "%s/%s", folder, e->d_name);
		s->stem = strlen(folder) + 1 + length + stem;
		if (logfile_stat_path(s->path, &s->facts) == 0)
			n++;
	}
	(void)closedir(d);
	return put_in_order(at, n);
}

static struct logfile *
open_sibling(const struct sibling *s, struct logfile_facts *facts)
{
	const char *why;
	struct logfile *f = s->packing == FOREIGN ? NULL
	    : logfile_open(s->path, &why);

	if (f != NULL && logfile_stat(f, facts) < 0) {
		logfile_close(f);
		return NULL;
	}
	return f;
}

/* The index of the place's own file, opened; n when there is none. */
static size_t
find_own(const struct sibling *at, size_t n,
    const struct source_place *place, struct logfile **file,
    struct logfile_facts *facts)
{
	size_t own = n;

	*file = NULL;
	/* youngest first; the same inode beats a copy */
	for (size_t i = n; i-- > 0;) {
		struct logfile_facts found;
		struct logfile *f = open_sibling(&at[i], &found);
		enum sibling_match m;

		if (f == NULL)
			continue;
		m = sibling_matches(f, &found, place);
		if (m == SIBLING_OTHER ||
		    (m == SIBLING_COPY && *file != NULL)) {
			logfile_close(f);
			continue;
		}
		logfile_close(*file);
		*file = f;
		*facts = found;
		own = i;
		if (m == SIBLING_SAME)
			break;
	}
	return own;
}

struct logfile *
sibling_find(const char *path, const struct source_place *place,
    struct logfile_facts *facts)
{
	struct arena *a = arena_open(0);
	struct sibling *at;
	size_t n = list(path, a, &at);
	struct logfile *f;

	(void)find_own(at, n, place, &f, facts);
	arena_close(a);
	return f;
}

static bool
is_file_of(const struct sibling *s, const struct source_place *p)
{
	return s->facts.device == p->device && s->facts.inode == p->inode &&
	    s->facts.birth_us == p->birth_us;
}

/* The index of the file behind the place's own; n: the live one. */
static size_t
index_behind(const struct sibling *at, size_t n,
    const struct source_place *after)
{
	struct logfile_facts facts;
	struct logfile *f;
	size_t own;

	for (size_t i = 0; i < n; i++)
		if (is_file_of(&at[i], after))
			return i + 1;
	/* compressed or copied since */
	own = find_own(at, n, after, &f, &facts);
	logfile_close(f);
	if (own < n)
		return own + 1;
	/* deleted: what was written to later */
	for (size_t i = 0; i < n && after->mtime_us != 0; i++)
		if (at[i].facts.mtime_us > after->mtime_us)
			return i;
	return n;
}

/* The index of the oldest file with what a place has not read, which is at
 * the beginning of its file; n: the live one. */
static size_t
index_unread(const struct sibling *at, size_t n,
    const struct source_place *place)
{
	for (size_t i = 0; i < n; i++)
		if (is_file_of(&at[i], place) ||
		    at[i].facts.mtime_us > place->mtime_us)
			return i;
	return n;
}

typedef size_t index_of(const struct sibling *at, size_t n,
    const struct source_place *place);

static bool
open_one(const char *path, const struct source_place *place,
    index_of *which, struct sibling_next *next)
{
	struct arena *a = arena_open(0);
	struct sibling *at;
	size_t n = list(path, a, &at), i = which(at, n, place);
	const char *why;

	*next = (struct sibling_next){0};
	for (; i < n && at[i].packing == FOREIGN; i++) {
		next->skipped++;
		(void)snprintf(next->foreign, sizeof next->foreign, "%s",
		    at[i].path);
	}
	next->is_live = i == n;
	next->file = logfile_open(i == n ? path : at[i].path, &why);
	arena_close(a);
	if (next->file == NULL)
		return false;
	if (logfile_stat(next->file, &next->facts) == 0)
		return true;
	logfile_close(next->file);
	return false;
}

static bool
open_surely(const char *path, const struct source_place *place,
    index_of *which, struct sibling_next *next)
{
	enum { TRIES = 5 };

	/* a rotation between the look and the opening would skip a file:
	 * believe it only when two looks agree */
	for (int i = 0; i < TRIES; i++) {
		struct sibling_next again;

		if (!open_one(path, place, which, next))
			return false;
		if (open_one(path, place, which, &again)) {
			logfile_close(again.file);
			if (again.facts.inode == next->facts.inode &&
			    again.facts.device == next->facts.device) {
				next->is_live = again.is_live;
				return true;
			}
		}
		logfile_close(next->file);
	}
	return false;
}

bool
sibling_open_next(const char *path, const struct source_place *after,
    struct sibling_next *next)
{
	return open_surely(path, after, index_behind, next);
}

bool
sibling_open_unread(const char *path, const struct source_place *place,
    struct sibling_next *next)
{
	return open_surely(path, place, index_unread, next);
}
