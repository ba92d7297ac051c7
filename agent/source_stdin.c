/*
 * Standard input as a source.  It cannot be read again, so what was read
 * stays in memory until it is committed, and no more is read before.
 * Called through source.h.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "agent/lines.h"
#include "agent/source_ops.h"
#include "proto/base/clock.h"
#include "proto/base/die.h"
#include "proto/base/log.h"

struct source_stdin {
	struct source base;
	int fd;
	bool ended;       /* end of file was read */
	bool owes;
	struct lines lines, committed; /* both over the same bytes */
};

static struct source_stdin *
self(struct source *s)
{
	return (struct source_stdin *)s;
}

static bool
read_more(struct source_stdin *s)
{
	struct pollfd p = {.fd = s->fd, .events = POLLIN};
	size_t room;
	char *to;
	ssize_t got;

	if (s->ended || poll(&p, 1, 0) <= 0)
		return false;
	to = lines_room(&s->lines, &room);
	got = read(s->fd, to, room);
	if (got < 0 && (errno == EINTR || errno == EAGAIN)) {
		s->committed = s->lines;
		return false;
	}
	if (got < 0)
		log_warning("source: cannot read file=-: %s", strerror(errno));
	if (got <= 0)
		s->ended = true;
	else
		lines_fill(&s->lines, (size_t)got);
	/* the room may have moved what is held; nothing is owed here */
	s->committed = s->lines;
	return got > 0;
}

static enum source_result
stdin_next(struct source *base, struct text *line)
{
	struct source_stdin *s = self(base);
	int64_t bytes;

	for (;;) {
		if (lines_next(&s->lines, line, &bytes) ||
		    (s->ended && lines_last(&s->lines, line, &bytes))) {
			s->owes = true;
			return SOURCE_LINE;
		}
		if (s->owes)
			return SOURCE_COMMIT;
		if (s->ended)
			return SOURCE_END;
		if (!read_more(s) && !s->ended)
			return SOURCE_WAIT;
	}
}

static struct text
stdin_ahead(const struct source *base)
{
	return lines_ahead(&((const struct source_stdin *)base)->lines);
}

static void
stdin_take(struct source *base, size_t n)
{
	struct source_stdin *s = self(base);

	lines_take(&s->lines, n);
	s->owes = true;
}

static bool
stdin_place(const struct source *base, struct source_place *out)
{
	(void)base;
	(void)out;
	return false;
}

static bool
stdin_has_moved(const struct source *base)
{
	return ((const struct source_stdin *)base)->owes;
}

static void
stdin_commit(struct source *base)
{
	struct source_stdin *s = self(base);

	s->committed = s->lines;
	s->owes = false;
}

static void
stdin_rewind(struct source *base)
{
	struct source_stdin *s = self(base);

	s->lines = s->committed;
	s->owes = false;
}

static int
stdin_fd(const struct source *base)
{
	const struct source_stdin *s = (const struct source_stdin *)base;

	return s->ended ? -1 : s->fd;
}

static int64_t
stdin_bound_us(const struct source *base)
{
	(void)base;
	return clock_wall_us();
}

static const char *
stdin_name(const struct source *base)
{
	(void)base;
	return "-";
}

static void
stdin_close(struct source *base)
{
	struct source_stdin *s = self(base);

	lines_free(&s->lines);
	free(s);
}

static const struct source_ops stdin_ops = {
    .next = stdin_next,
    .ahead = stdin_ahead,
    .take = stdin_take,
    .place = stdin_place,
    .has_moved = stdin_has_moved,
    .commit = stdin_commit,
    .rewind = stdin_rewind,
    .fd = stdin_fd,
    .bound_us = stdin_bound_us,
    .name = stdin_name,
    .close = stdin_close,
};

struct source *
source_stdin_open(int fd)
{
	struct source_stdin *s = calloc(1, sizeof *s);

	if (s == NULL)
		die(EX_OSERR, "out of memory");
	s->base.ops = &stdin_ops;
	s->fd = fd;
	return &s->base;
}
