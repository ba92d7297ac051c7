/*
 * Follows one log file: through renaming (the old file is read until it is
 * at its end and its writer quiet, then the next), copying and truncating,
 * and restarts (the place says which file, its marks prove it).  Does not
 * know what a line means.  Called through source.h.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "agent/lines.h"
#include "agent/sibling.h"
#include "agent/source_ops.h"
#include "proto/base/clock.h"
#include "proto/base/die.h"
#include "proto/base/log.h"

enum { RETRY_MS = 1000 };

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
	int fd;              /* -1: not open */
	bool live;           /* fd is, or was, path itself */
	struct sibling_facts facts;
	struct lines lines;
	char head[SOURCE_HEAD_BYTES];
	struct progress at, committed;
	bool owes;           /* lines given since the last commit */
	bool moved;          /* the place changed since */
	bool at_end;         /* the last read gave nothing */
	int64_t quiet_ms;    /* monotonic: nothing new since */
	bool has_place;      /* lost is to be looked for */
	struct source_place lost;
	int64_t retry_ms;
	bool said;           /* this trouble was logged */
};

static struct source_file *
self(struct source *s)
{
	return (struct source_file *)s;
}

static const struct source_file *
self_const(const struct source *s)
{
	return (const struct source_file *)s;
}

static bool
file_place(const struct source *base, struct source_place *out)
{
	const struct source_file *s = self_const(base);

	if (s->fd < 0) {
		*out = s->lost;
		return s->has_place;
	}
	*out = (struct source_place){.device = s->facts.device,
	    .inode = s->facts.inode,
	    .birth_us = s->facts.birth_us,
	    .offset = s->at.offset,
	    .head_bytes = (uint32_t)s->at.head_n,
	    .tail_bytes = (uint32_t)s->at.tail_n};
	sibling_mark(out->head, s->head, s->at.head_n);
	sibling_mark(out->tail, s->at.tail, s->at.tail_n);
	return true;
}

/* Takes over an open file, to be read from offset on. */
static void
begin(struct source_file *s, int fd, const struct sibling_facts *facts,
    bool live, int64_t offset)
{
	size_t head = offset < SOURCE_HEAD_BYTES ? (size_t)offset
	                                         : SOURCE_HEAD_BYTES;
	size_t tail = offset < SOURCE_TAIL_BYTES ? (size_t)offset
	                                         : SOURCE_TAIL_BYTES;

	s->fd = fd;
	s->facts = *facts;
	s->live = live;
	s->at = (struct progress){.offset = offset};
	if (sibling_pread(fd, s->head, head, 0) == (ssize_t)head &&
	    sibling_pread(fd, s->at.tail, tail, offset - (int64_t)tail) ==
	        (ssize_t)tail) {
		s->at.head_n = head;
		s->at.tail_n = tail;
	}
	(void)lseek(fd, offset, SEEK_SET);
	lines_reset(&s->lines);
	s->committed = s->at;
	s->owes = false;
	s->moved = true;
	s->at_end = false;
	s->quiet_ms = clock_mono_ms();
	s->has_place = false;
}

/* Forgets the file, but not the place in it. */
static void
leave(struct source_file *s)
{
	s->has_place = file_place(&s->base, &s->lost);
	(void)close(s->fd);
	s->fd = -1;
	lines_reset(&s->lines);
}

/* Behind the last whole line of a file: where to begin at its end. */
static int64_t
last_line_end(int fd, int64_t size)
{
	enum { LOOK = SOURCE_LINE_BYTES };
	static char bytes[LOOK];
	int64_t from = size > LOOK ? size - LOOK : 0;
	ssize_t got = sibling_pread(fd, bytes, LOOK, from);
	const char *lf = got <= 0 ? NULL : memrchr(bytes, '\n', (size_t)got);

	return lf == NULL ? from : from + (lf - bytes) + 1;
}

/* Finds the file to read: by the place, if there is one. */
static bool
locate(struct source_file *s)
{
	struct sibling_facts facts, rotated;
	const char *why = "";
	int fd, old = -1;
	int64_t offset = 0;

	if (clock_mono_ms() < s->retry_ms)
		return false;
	fd = sibling_open(s->path, &facts, &why);
	if (s->has_place) {
		if (fd >= 0 && sibling_matches(fd, &facts, &s->lost) !=
		    SIBLING_OTHER) {
			offset = s->lost.offset;
			goto found;
		}
		old = sibling_find(s->path, &s->lost, &rotated);
		if (old >= 0) {
			if (fd >= 0)
				(void)close(fd);
			log_info("source: rest of a rotated file file=%s",
			    s->path);
			begin(s, old, &rotated, false, s->lost.offset);
			return true;
		}
	}
	if (fd < 0) {
		if (!s->said)
			log_warning("source: cannot read file=%s: %s",
			    s->path, why);
		s->said = true;
		s->retry_ms = clock_mono_ms() + RETRY_MS;
		s->from_end = false;
		return false;
	}
	if (s->has_place && s->lost.offset != 0)
		log_warning("source: the file read last is gone, its rest is "
		    "lost; beginning anew file=%s offset=%lld",
		    s->path, (long long)s->lost.offset);
	else if (!s->has_place && s->from_end)
		offset = last_line_end(fd, facts.size);
found:
	if (s->said)
		log_notice("source: readable again file=%s", s->path);
	s->said = s->from_end = false;
	begin(s, fd, &facts, true, offset);
	return true;
}

/* Counts a line as given. */
static void
advance(struct source_file *s, struct text line, int64_t bytes)
{
	/* what of the line lies in memory, with its LF */
	size_t n = line.n + (bytes > (int64_t)line.n);
	struct progress *p = &s->at;
	size_t keep;

	if (p->head_n == (size_t)p->offset && p->head_n < sizeof s->head) {
		size_t more = sizeof s->head - p->head_n;

		if (more > n)
			more = n;
		memcpy(s->head + p->head_n, line.at, more);
		p->head_n += more;
	}
	if (n >= sizeof p->tail) {
		memcpy(p->tail, line.at + n - sizeof p->tail, sizeof p->tail);
		p->tail_n = sizeof p->tail;
	} else {
		keep = p->tail_n + n > sizeof p->tail
		    ? sizeof p->tail - n : p->tail_n;
		memmove(p->tail, p->tail + p->tail_n - keep, keep);
		memcpy(p->tail + keep, line.at, n);
		p->tail_n = keep + n;
	}
	p->offset += bytes;
	s->owes = s->moved = true;
}

static int64_t
read_upto(const struct source_file *s)
{
	return s->at.offset + (int64_t)(s->lines.end - s->lines.start) +
	    s->lines.cut;
}

/* Is it still the file whose bytes were read? */
static bool
is_intact(const struct source_file *s, const struct sibling_facts *f)
{
	struct source_place p;

	return f->size >= read_upto(s) && file_place(&s->base, &p) &&
	    sibling_matches(s->fd, f, &p) == SIBLING_SAME;
}

enum reading { READ_SOME, READ_END, READ_CHANGED, READ_FAILED };

static enum reading
read_more(struct source_file *s)
{
	struct sibling_facts f;
	size_t room;
	char *to;
	ssize_t got;

	if (s->at_end) {
		if (sibling_stat(s->fd, &f) < 0)
			return READ_FAILED;
		if (f.size == read_upto(s) && f.mtime_us == s->facts.mtime_us)
			return READ_END;
		s->facts.mtime_us = f.mtime_us;
		if (!is_intact(s, &f))
			return READ_CHANGED;
	}
	to = lines_room(&s->lines, &room);
	do {
		got = read(s->fd, to, room);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return READ_FAILED;
	if (got == 0) {
		if (!s->at_end) {
			/* facts as they are at the end: later changes show */
			s->at_end = true;
			return sibling_stat(s->fd, &f) < 0 ? READ_FAILED
			    : (s->facts.mtime_us = f.mtime_us,
			          is_intact(s, &f)) ? READ_END
			                            : READ_CHANGED;
		}
		return READ_END;
	}
	lines_fill(&s->lines, (size_t)got);
	s->at_end = false;
	s->quiet_ms = clock_mono_ms();
	return READ_SOME;
}

static bool
is_rotated_away(const struct source_file *s)
{
	struct stat st;

	if (!s->live)
		return true;
	return lstat(s->path, &st) < 0 || st.st_ino != s->facts.inode ||
	    st.st_dev != s->facts.device;
}

/* Has the writer let go of the old file?  A renamed file's ctime tells when
 * that was; one that has a younger rotated sibling was left long ago. */
static bool
is_quiet(const struct source_file *s, bool next_is_live)
{
	struct sibling_facts f;
	int64_t age_us, last;

	if (clock_mono_ms() - s->quiet_ms >= s->grace_ms)
		return true;
	if (sibling_stat(s->fd, &f) < 0)
		return false;
	last = f.mtime_us;
	if (next_is_live && f.ctime_us > last)
		last = f.ctime_us;
	age_us = clock_wall_us() - last;
	return age_us >= s->grace_ms * 1000;
}

/* At the end of a file that was rotated: on to the next one. */
static enum source_result
cross(struct source_file *s, struct text *line)
{
	struct sibling_facts facts;
	bool live;
	int64_t bytes;
	int fd = sibling_open_next(s->path, &s->facts, &facts, &live);

	if (fd < 0)
		return SOURCE_WAIT;
	if ((facts.inode == s->facts.inode &&
	        facts.device == s->facts.device) || !is_quiet(s, live)) {
		(void)close(fd);
		return SOURCE_WAIT;
	}
	/* its writer is gone: what has no LF now never gets one */
	if (lines_last(&s->lines, line, &bytes)) {
		(void)close(fd);
		advance(s, *line, bytes);
		return SOURCE_LINE;
	}
	if (s->owes) {
		(void)close(fd);
		return SOURCE_COMMIT;
	}
	(void)close(s->fd);
	begin(s, fd, &facts, live, 0);
	log_info("source: next file file=%s live=%s", s->path,
	    live ? "yes" : "no");
	return SOURCE_LINE;
}

static enum source_result
file_next(struct source *base, struct text *line)
{
	struct source_file *s = self(base);
	enum source_result r;
	int64_t bytes;

	for (;;) {
		if (s->fd < 0 && !locate(s))
			return SOURCE_WAIT;
		if (lines_next(&s->lines, line, &bytes)) {
			advance(s, *line, bytes);
			return SOURCE_LINE;
		}
		switch (read_more(s)) {
		case READ_SOME:
			continue;
		case READ_FAILED:
			if (!s->said)
				log_warning("source: cannot read file=%s: %s",
				    s->path, strerror(errno));
			s->said = true;
			s->retry_ms = clock_mono_ms() + RETRY_MS;
			if (s->owes)
				return SOURCE_COMMIT;
			leave(s);
			return SOURCE_WAIT;
		case READ_CHANGED:
			if (s->owes)
				return SOURCE_COMMIT;
			log_notice("source: truncated or replaced file=%s "
			    "offset=%lld", s->path, (long long)s->at.offset);
			leave(s);
			s->retry_ms = 0;
			continue;
		case READ_END:
			break;
		}
		if (!is_rotated_away(s))
			return SOURCE_WAIT;
		line->at = NULL;
		r = cross(s, line);
		if (r != SOURCE_LINE || line->at != NULL)
			return r;
	}
}

static bool
file_has_moved(const struct source *base)
{
	return self_const(base)->moved;
}

static void
file_commit(struct source *base)
{
	struct source_file *s = self(base);

	s->committed = s->at;
	s->owes = s->moved = false;
}

static void
file_rewind(struct source *base)
{
	struct source_file *s = self(base);

	if (s->fd < 0 || !s->owes)
		return;
	s->at = s->committed;
	(void)lseek(s->fd, s->at.offset, SEEK_SET);
	lines_reset(&s->lines);
	s->owes = s->at_end = false;
}

static int
file_fd(const struct source *base)
{
	(void)base;
	return -1;
}

static int64_t
file_bound_us(const struct source *base)
{
	const struct source_file *s = self_const(base);

	return s->fd < 0 || s->live ? clock_wall_us() : s->facts.mtime_us;
}

static const char *
file_name(const struct source *base)
{
	return self_const(base)->path;
}

static void
file_close(struct source *base)
{
	struct source_file *s = self(base);

	if (s->fd >= 0)
		(void)close(s->fd);
	lines_free(&s->lines);
	free(s->path);
	free(s);
}

static const struct source_ops file_ops = {
    .next = file_next,
    .place = file_place,
    .has_moved = file_has_moved,
    .commit = file_commit,
    .rewind = file_rewind,
    .fd = file_fd,
    .bound_us = file_bound_us,
    .name = file_name,
    .close = file_close,
};

struct source *
source_file_open(const struct source_file_options *o)
{
	struct source_file *s = calloc(1, sizeof *s);

	if (s == NULL || (s->path = strdup(o->path)) == NULL)
		die(EX_OSERR, "out of memory");
	s->base.ops = &file_ops;
	s->grace_ms = o->grace_ms;
	s->from_end = o->from_end;
	s->fd = -1;
	s->retry_ms = INT64_MIN;
	if (o->place != NULL) {
		s->has_place = true;
		s->lost = *o->place;
	}
	return &s->base;
}
