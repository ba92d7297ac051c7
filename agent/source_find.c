/*
 * Which file a source reads, and from where: by the place of the last life,
 * through renaming, copying and compressing; what cannot be found is
 * declared lost.  See source_file_inside.h.
 */
#include <errno.h>
#include <string.h>

#include "agent/sibling.h"
#include "agent/source_file_inside.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

void
source_find_place(const struct source_file *s, struct source_place *out)
{
	*out = (struct source_place){.device = s->facts.device,
	    .inode = s->facts.inode,
	    .birth_us = s->facts.birth_us,
	    .mtime_us = s->facts.mtime_us,
	    .offset = s->at.offset,
	    .head_bytes = (uint32_t)s->at.head_n,
	    .tail_bytes = (uint32_t)s->at.tail_n};
	if (s->at.offset == 0 && s->done_us > s->facts.mtime_us)
		out->mtime_us = s->done_us;
	sibling_mark(out->head, s->head, s->at.head_n);
	sibling_mark(out->tail, s->at.tail, s->at.tail_n);
}

void
source_find_begin(struct source_file *s, struct logfile *file,
    const struct logfile_facts *facts, bool live, int64_t offset)
{
	size_t head = offset < SOURCE_HEAD_BYTES ? (size_t)offset
	                                         : SOURCE_HEAD_BYTES;
	size_t tail = offset < SOURCE_TAIL_BYTES ? (size_t)offset
	                                         : SOURCE_TAIL_BYTES;

	s->file = file;
	s->facts = *facts;
	s->live = live;
	s->at = (struct progress){.offset = offset};
	if (logfile_read_all(file, s->head, head, 0) == (ssize_t)head &&
	    logfile_read_all(file, s->at.tail, tail,
	        offset - (int64_t)tail) == (ssize_t)tail) {
		s->at.head_n = head;
		s->at.tail_n = tail;
	}
	lines_reset(&s->lines);
	s->committed = s->at;
	s->owes = s->at_end = s->damaged = false;
	s->moved = true;
	s->quiet_ms = clock_mono_ms();
	s->has_place = false;
	s->missed_ms = 0;
}

void
source_find_leave(struct source_file *s)
{
	source_find_place(s, &s->lost);
	s->has_place = true;
	logfile_close(s->file);
	s->file = NULL;
	lines_reset(&s->lines);
}

void
source_find_declare(struct source_file *s, const char *file, const char *why)
{
	log_error("source: lines may be lost: %s file=%s", why, file);
	s->losses++;
	s->moved = true;
}

void
source_find_go_to(struct source_file *s, const struct sibling_next *next)
{
	if (next->skipped != 0)
		source_find_declare(s, next->foreign,
		    "it is compressed with something that is not read here");
	source_find_begin(s, next->file, &next->facts, next->is_live, 0);
}

/* Behind the last whole line of a file: where to begin at its end. */
static int64_t
last_line_end(struct logfile *file, int64_t size)
{
	enum { LOOK = SOURCE_LINE_BYTES };
	static char bytes[LOOK];
	int64_t from = size > LOOK ? size - LOOK : 0;
	ssize_t got = logfile_read_all(file, bytes, LOOK, from);
	const char *lf = got <= 0 ? NULL : memrchr(bytes, '\n', (size_t)got);

	return lf == NULL ? from : from + (lf - bytes) + 1;
}

/* The place's own file: path itself, or what rotation made of it.  Path with
 * another inode but bytes that match comes last: of a file with few bytes the
 * next one may begin alike. */
static bool
find_own(struct source_file *s, struct logfile *live,
    const struct logfile_facts *live_facts)
{
	enum sibling_match m = live == NULL ? SIBLING_OTHER
	    : sibling_matches(live, live_facts, &s->lost);
	struct logfile_facts facts;
	struct logfile *f = m == SIBLING_SAME ? NULL
	    : sibling_find(s->path, &s->lost, &facts);

	if (f != NULL) {
		logfile_close(live);
		log_info("source: rest of a rotated file file=%s", s->path);
		source_find_begin(s, f, &facts, false, s->lost.offset);
		return true;
	}
	if (m == SIBLING_OTHER)
		return false;
	source_find_begin(s, live, live_facts, true, s->lost.offset);
	return true;
}

/* Nothing was read of the place's own file, so that its bytes tell nothing:
 * copied and truncated since, it looks the same.  The oldest rotated file
 * that has what was written since then. */
static bool
find_unread(struct source_file *s)
{
	struct sibling_next next;

	if (!sibling_open_unread(s->path, &s->lost, &next))
		return false;
	if (next.is_live && next.skipped == 0) {
		logfile_close(next.file);
		return false;
	}
	if (next.skipped != 0)
		s->done_us = clock_wall_us();
	if (!next.is_live)
		log_info("source: a rotated file was not read yet file=%s",
		    s->path);
	source_find_go_to(s, &next);
	return true;
}

bool
source_find_has_unread(const struct source_file *s)
{
	struct sibling_next next;
	struct source_place p;

	source_find_place(s, &p);
	if (p.offset != 0 || !sibling_open_unread(s->path, &p, &next))
		return false;
	logfile_close(next.file);
	return !next.is_live || next.skipped != 0;
}

/* Its own file is gone.  Rotation may be under way, so not before a grace:
 * the oldest that was written to since then, from its beginning. */
static bool
find_next(struct source_file *s)
{
	struct sibling_next next;

	if (s->missed_ms == 0)
		s->missed_ms = clock_mono_ms();
	if (clock_mono_ms() - s->missed_ms < s->grace_ms) {
		s->retry_ms = clock_mono_ms() + SOURCE_LOOK_MS;
		return false;
	}
	if (!sibling_open_next(s->path, &s->lost, &next))
		return false;
	if (next.skipped == 0 && s->lost.offset != 0)
		source_find_declare(s, s->path, "the file that was read last "
		    "is gone or was cut");
	source_find_go_to(s, &next);
	return true;
}

/* Nothing is known of what was read: rotated files of the last days too. */
static bool
find_since(struct source_file *s)
{
	const struct source_place since = {.mtime_us = s->since_us};
	struct sibling_next next;

	if (!sibling_open_next(s->path, &since, &next))
		return false;
	source_find_go_to(s, &next);
	return true;
}

/* path cannot be opened: said once, tried again later. */
static bool
find_later(struct source_file *s, const char *why)
{
	if (!s->said)
		log_warning("source: cannot read file=%s: %s", s->path, why);
	s->said = true;
	/* a file that appears later is new from its beginning, and so is what
	 * rotation makes of it before it is looked for again */
	s->from_end = false;
	if (!s->has_place && s->since_us == 0) {
		s->since_us = clock_wall_us();
		s->moved = true;
	}
	s->retry_ms = clock_mono_ms() + SOURCE_RETRY_MS;
	return false;
}

static bool
find_any(struct source_file *s)
{
	struct logfile_facts facts = {0};
	const char *why = "";
	struct logfile *live = logfile_open(s->path, &why);

	if (live != NULL && logfile_stat(live, &facts) < 0) {
		why = strerror(errno);
		logfile_close(live);
		live = NULL;
	}
	if (s->has_place && s->lost.offset == 0 && find_unread(s)) {
		logfile_close(live);
		return true;
	}
	if (s->has_place && find_own(s, live, &facts))
		return true;
	if (live == NULL)
		return find_later(s, why);
	if (s->has_place || s->since_us != 0) {
		logfile_close(live);
		return s->has_place ? find_next(s) : find_since(s);
	}
	s->done_us = clock_wall_us();
	source_find_begin(s, live, &facts, true,
	    s->from_end ? last_line_end(live, facts.size) : 0);
	return true;
}

bool
source_find(struct source_file *s)
{
	if (clock_mono_ms() < s->retry_ms || !find_any(s))
		return false;
	if (s->said)
		log_notice("source: readable again file=%s", s->path);
	s->said = s->from_end = false;
	s->since_us = 0;
	return true;
}

bool
source_find_is_rotated(const struct source_file *s)
{
	struct logfile_facts f;

	return !s->live || logfile_stat_path(s->path, &f) < 0 ||
	    f.inode != s->facts.inode || f.device != s->facts.device;
}
