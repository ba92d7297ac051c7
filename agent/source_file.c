/*
 * Follows one log file: through renaming (the old file is read until it is
 * at its end and its writer quiet, then the next), copying and truncating,
 * and restarts (the place says which file, its marks prove it).  Does not
 * know what a line means.  Called through source.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "agent/sibling.h"
#include "agent/source_file_inside.h"
#include "proto/base/clock.h"
#include "proto/base/die.h"
#include "proto/base/log.h"

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

	if (s->file == NULL) {
		*out = s->lost;
		/* not there yet: what is written from then on is to be read */
		if (!s->has_place)
			*out = (struct source_place){.mtime_us = s->since_us};
		return s->has_place || s->since_us != 0;
	}
	source_find_place(s, out);
	return true;
}

/* Counts a line, or many, as given. */
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
is_intact(const struct source_file *s, const struct logfile_facts *f)
{
	struct source_place p;

	source_find_place(s, &p);
	return f->size >= read_upto(s) &&
	    sibling_matches(s->file, f, &p) == SIBLING_SAME;
}

/* Asked after each block: bytes that a new beginning precedes belong to
 * another file, written over the first one while it was read. */
static bool
has_its_head(const struct source_file *s)
{
	char now[SOURCE_HEAD_BYTES];
	size_t n = s->at.head_n;

	return logfile_is_packed(s->file) ||
	    (logfile_read_all(s->file, now, n, 0) == (ssize_t)n &&
	        memcmp(now, s->head, n) == 0);
}

enum reading { READ_SOME, READ_END, READ_CHANGED, READ_FAILED };

/* At the end before: did the file change since? */
static enum reading
look_again(struct source_file *s)
{
	struct logfile_facts f;

	if (logfile_is_packed(s->file))
		return s->damaged ? READ_SOME : READ_END;
	if (logfile_stat(s->file, &f) < 0)
		return READ_FAILED;
	if (f.size == read_upto(s) && f.mtime_us == s->facts.mtime_us)
		return READ_END;
	if (s->live && source_find_has_unread(s))
		return READ_CHANGED;
	s->facts.mtime_us = f.mtime_us;
	return is_intact(s, &f) ? READ_SOME : READ_CHANGED;
}

/* Nothing more to read.  The facts are kept as they are at the end, so that
 * later changes show. */
static enum reading
reach_end(struct source_file *s)
{
	struct logfile_facts f;

	if (s->at_end || logfile_is_packed(s->file)) {
		s->at_end = true;
		return READ_END;
	}
	s->at_end = true;
	if (logfile_stat(s->file, &f) < 0)
		return READ_FAILED;
	s->facts.mtime_us = f.mtime_us;
	return is_intact(s, &f) ? READ_END : READ_CHANGED;
}

static enum reading
read_more(struct source_file *s)
{
	enum reading r = s->at_end ? look_again(s) : READ_SOME;
	size_t room;
	char *to;
	ssize_t got;

	if (r != READ_SOME)
		return r;
	to = lines_room(&s->lines, &room);
	got = logfile_read(s->file, to, room, read_upto(s));
	s->damaged = got < 0 && errno == EBADMSG;
	if (got == 0 || s->damaged)
		return reach_end(s);
	if (got < 0)
		return READ_FAILED;
	if (!has_its_head(s))
		return READ_CHANGED;
	lines_fill(&s->lines, (size_t)got);
	s->at_end = false;
	s->quiet_ms = clock_mono_ms();
	return READ_SOME;
}

/* Has the writer let go of the old file?  A renamed file's ctime tells when
 * that was; one that has a younger rotated sibling was left long ago. */
static bool
is_quiet(const struct source_file *s, bool next_is_live)
{
	struct logfile_facts f;
	int64_t age_us, last;

	if (clock_mono_ms() - s->quiet_ms >= s->grace_ms)
		return true;
	if (logfile_stat(s->file, &f) < 0)
		return false;
	last = f.mtime_us;
	if (next_is_live && f.ctime_us > last)
		last = f.ctime_us;
	age_us = clock_wall_us() - last;
	return age_us >= s->grace_ms * 1000;
}

/* Leaves a rotated file for the next; SOURCE_LINE: for that, go on. */
static enum source_result
change_over(struct source_file *s, const struct sibling_next *next,
    struct text *line)
{
	struct logfile_facts f;
	int64_t bytes;

	/* its writer is gone: what has no LF now never gets one */
	if (!s->damaged && lines_last(&s->lines, line, &bytes)) {
		logfile_close(next->file);
		advance(s, *line, bytes);
		return SOURCE_LINE;
	}
	if (s->owes) {
		logfile_close(next->file);
		return SOURCE_COMMIT;
	}
	if (s->damaged)
		source_find_declare(s, s->path,
		    "a compressed rotated file is damaged");
	if (logfile_stat(s->file, &f) == 0 && f.mtime_us > s->done_us)
		s->done_us = f.mtime_us;
	logfile_close(s->file);
	source_find_go_to(s, next);
	log_info("source: next file file=%s live=%s", s->path,
	    next->is_live ? "yes" : "no");
	return SOURCE_LINE;
}

/* At the end of a file that was rotated: on to the next one. */
static enum source_result
cross(struct source_file *s, struct text *line)
{
	struct sibling_next next;
	struct source_place p;

	source_find_place(s, &p);
	if (!sibling_open_next(s->path, &p, &next))
		return SOURCE_WAIT;
	if ((next.facts.inode == s->facts.inode &&
	        next.facts.device == s->facts.device) ||
	    !is_quiet(s, next.is_live)) {
		logfile_close(next.file);
		return SOURCE_WAIT;
	}
	return change_over(s, &next, line);
}

static enum source_result
cannot_read(struct source_file *s)
{
	if (!s->said)
		log_warning("source: cannot read file=%s: %s", s->path,
		    strerror(errno));
	s->said = true;
	if (s->owes)
		return SOURCE_COMMIT;
	source_find_leave(s);
	s->retry_ms = clock_mono_ms() + SOURCE_RETRY_MS;
	return SOURCE_WAIT;
}

static enum source_result
file_next(struct source *base, struct text *line)
{
	struct source_file *s = self(base);
	enum source_result r;
	int64_t bytes;

	for (;;) {
		if (s->file == NULL && !source_find(s))
			return SOURCE_WAIT;
		if (lines_next(&s->lines, line, &bytes)) {
			advance(s, *line, bytes);
			return SOURCE_LINE;
		}
		switch (read_more(s)) {
		case READ_SOME:
			continue;
		case READ_FAILED:
			return cannot_read(s);
		case READ_CHANGED:
			if (s->owes)
				return SOURCE_COMMIT;
			log_notice("source: truncated or replaced file=%s "
			    "offset=%lld", s->path, (long long)s->at.offset);
			source_find_leave(s);
			s->retry_ms = 0;
			continue;
		case READ_END:
			break;
		}
		if (!source_find_is_rotated(s))
			return SOURCE_WAIT;
		line->at = NULL;
		r = cross(s, line);
		if (r != SOURCE_LINE || line->at != NULL)
			return r;
	}
}

static struct text
file_ahead(const struct source *base)
{
	return lines_ahead(&self_const(base)->lines);
}

static void
file_take(struct source *base, size_t n)
{
	struct source_file *s = self(base);
	struct text all = {.at = s->lines.bytes + s->lines.start, .n = n};

	lines_take(&s->lines, n);
	advance(s, all, (int64_t)n);
}

/* The place, or where nothing is read yet one that shows which file it is. */
static void
recognisable_place(struct source_file *s, struct source_place *p)
{
	char head[SOURCE_HEAD_BYTES];
	ssize_t n;

	source_find_place(s, p);
	if (p->offset != 0)
		return;
	n = logfile_read_all(s->file, head, sizeof head, 0);
	if (n <= 0)
		return;
	p->offset = n;
	p->head_bytes = (uint32_t)n;
	sibling_mark(p->head, head, (size_t)n);
	sibling_mark(p->tail, NULL, 0);
}

/* Nothing is owed here: all was undone when reading stopped. */
static bool
file_is_endangered(struct source *base)
{
	struct source_file *s = self(base);
	struct logfile_facts f;
	struct source_place p;
	struct logfile *other;

	if (s->file != NULL && !s->owes && s->live &&
	    logfile_stat(s->file, &f) == 0 && !is_intact(s, &f))
		source_find_leave(s);
	if (s->file == NULL && !source_find(s))
		return false;
	if (logfile_stat(s->file, &f) < 0 || f.links != 0)
		return false;
	recognisable_place(s, &p);
	other = sibling_find(s->path, &p, &f);
	logfile_close(other);
	return other == NULL;
}

static bool
file_is_gone(const struct source *base, bool *unread)
{
	const struct source_file *s = self_const(base);
	struct logfile_facts f;

	if (logfile_stat_path(s->path, &f) == 0)
		return false;
	*unread = s->file == NULL && s->has_place && s->lost.offset != 0;
	return s->file == NULL || (s->at_end && !s->owes &&
	    logfile_stat(s->file, &f) == 0 && f.links == 0);
}

static unsigned
file_losses(const struct source *base)
{
	return self_const(base)->losses;
}

static void
file_set_grace(struct source *base, int64_t grace_ms)
{
	self(base)->grace_ms = grace_ms;
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
	s->losses = 0;
}

static void
file_rewind(struct source *base)
{
	struct source_file *s = self(base);

	if (s->file == NULL || !s->owes)
		return;
	s->at = s->committed;
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

	return s->file == NULL || s->live ? clock_wall_us() : s->facts.mtime_us;
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

	logfile_close(s->file);
	lines_free(&s->lines);
	free(s->path);
	free(s);
}

static const struct source_ops file_ops = {
    .next = file_next,
    .ahead = file_ahead,
    .take = file_take,
    .place = file_place,
    .has_moved = file_has_moved,
    .commit = file_commit,
    .rewind = file_rewind,
    .fd = file_fd,
    .bound_us = file_bound_us,
    .name = file_name,
    .close = file_close,
    .losses = file_losses,
    .is_endangered = file_is_endangered,
    .is_gone = file_is_gone,
    .set_grace = file_set_grace,
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
	s->since_us = o->since_us;
	s->retry_ms = INT64_MIN;
	if (o->place != NULL && o->place->inode == 0) {
		s->from_end = false;
		s->since_us = o->place->mtime_us;
	} else if (o->place != NULL) {
		s->has_place = true;
		s->lost = *o->place;
		s->done_us = o->place->mtime_us;
	}
	return &s->base;
}
