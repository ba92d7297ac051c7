/*
 * The systemd journal as a source: entries of the facility mail, each as one
 * line (journal.h).  Follows the machine's journal, or with "journal:PATH" a
 * folder of journal files or one of them.  The place is the cursor of the
 * entry given last; where it is gone, unread entries are, too, and reading
 * begins again with the oldest: what was sent before has the same id.
 * Called through source.h.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <systemd/sd-journal.h>

#include "agent/journal.h"
#include "agent/source_ops.h"
#include "proto/base/buf.h"
#include "proto/base/clock.h"
#include "proto/base/die.h"
#include "proto/base/log.h"

enum {
	RETRY_MS = 1000,
	CURSOR_BYTES = 256,
};

struct source_journal {
	struct source base;
	char *name; /* "journal" or "journal:PATH" */
	bool from_end;
	sd_journal *j;       /* NULL: not open */
	int64_t retry_ms;
	bool said;           /* that it cannot be read */
	bool has_place, had_place; /* had: as of the last commit */
	struct source_place place, committed;
	bool moved;
	unsigned losses;
	struct buf fields, line;
};

static struct source_journal *
self(struct source *s)
{
	return (struct source_journal *)s;
}

static int
read_id(const char *s, uint8_t id[SOURCE_MARK_BYTES])
{
	for (int i = 0; i < SOURCE_MARK_BYTES; i++) {
		unsigned v;

		if (sscanf(s + 2 * i, "%2x", &v) != 1)
			return -1;
		id[i] = (uint8_t)v;
	}
	return 0;
}

/* A cursor is six numbers, and a place has room for them. */
static int
pack(const char *cursor, struct source_place *p)
{
	char sequence[33], boot[33];
	uint64_t number, monotonic, real, sum;

	*p = (struct source_place){
	    .head_bytes = SOURCE_MARK_BYTES, .tail_bytes = SOURCE_MARK_BYTES};
	if (sscanf(cursor,
		"s=%32[0-9a-f];i=%" SCNx64 ";b=%32[0-9a-f];m=%" SCNx64
		";t=%" SCNx64 ";x=%" SCNx64,
		sequence, &number, boot, &monotonic, &real, &sum) != 6 ||
	    strlen(sequence) != 32 || strlen(boot) != 32 ||
	    read_id(sequence, p->head) < 0 || read_id(boot, p->tail) < 0)
		return -1;
	p->offset = (int64_t)number;
	p->inode = monotonic;
	p->birth_us = (int64_t)real;
	p->device = sum;
	return 0;
}

static void
write_id(char out[33], const uint8_t id[SOURCE_MARK_BYTES])
{
	for (int i = 0; i < SOURCE_MARK_BYTES; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", id[i]);
}

static void
unpack(char out[CURSOR_BYTES], const struct source_place *p)
{
	char sequence[33], boot[33];

	write_id(sequence, p->head);
	write_id(boot, p->tail);
	(void)snprintf(out, CURSOR_BYTES,
	    "s=%s;i=%" PRIx64 ";b=%s;m=%" PRIx64 ";t=%" PRIx64 ";x=%" PRIx64,
	    sequence, (uint64_t)p->offset, boot, p->inode,
	    (uint64_t)p->birth_us, p->device);
}

static const char *
path_of(const struct source_journal *s)
{
	const char *colon = strchr(s->name, ':');

	return colon == NULL ? NULL : colon + 1;
}

static int
open_journal(struct source_journal *s)
{
	static const char mail[] = "SYSLOG_FACILITY=2";
	const char *path = path_of(s), *files[] = {path, NULL};
	struct stat st;
	int r;

	if (path == NULL)
		r = sd_journal_open(
		    &s->j, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);
	else if (stat(path, &st) < 0)
		r = -errno;
	else if (S_ISDIR(st.st_mode))
		r = sd_journal_open_directory(&s->j, path, 0);
	else
		r = sd_journal_open_files(&s->j, files, 0);
	if (r < 0) {
		s->j = NULL;
		return r;
	}
	r = sd_journal_set_data_threshold(s->j, JOURNAL_FIELD_BYTES);
	if (r >= 0)
		r = sd_journal_add_match(s->j, mail, sizeof mail - 1);
	return r < 0 ? r : 0;
}

/* Notes where the entry is that the journal stands at. */
static int
note_place(struct source_journal *s)
{
	char *cursor;
	int r = sd_journal_get_cursor(s->j, &cursor);

	if (r < 0)
		return r;
	r = pack(cursor, &s->place);
	free(cursor);
	if (r < 0)
		return -EPROTO;
	s->has_place = s->moved = true;
	return 0;
}

/* Behind the entry of the place. */
static int
seek_place(struct source_journal *s)
{
	char cursor[CURSOR_BYTES];
	int r;

	unpack(cursor, &s->place);
	r = sd_journal_seek_cursor(s->j, cursor);
	if (r >= 0)
		r = sd_journal_next(s->j);
	if (r >= 0)
		r = sd_journal_test_cursor(s->j, cursor);
	if (r > 0)
		return 0;
	if (r < 0 && r != -EADDRNOTAVAIL)
		return r;
	log_warning("source: entries of the journal are gone file=%s: "
	    "the one read last is not there any more; beginning with the "
	    "oldest", s->name);
	s->losses++;
	s->has_place = false;
	s->moved = true;
	return sd_journal_seek_head(s->j);
}

static int
seek(struct source_journal *s)
{
	int r;

	if (s->has_place)
		return seek_place(s);
	if (!s->from_end)
		return sd_journal_seek_head(s->j);
	r = sd_journal_seek_tail(s->j);
	if (r >= 0)
		r = sd_journal_previous(s->j);
	if (r > 0)
		return note_place(s);
	return r < 0 ? r : sd_journal_seek_head(s->j);
}

static void
give_up(struct source_journal *s, int r)
{
	if (!s->said)
		log_error("source: cannot read file=%s: %s; tried again each "
		    "second", s->name, strerror(-r));
	s->said = true;
	sd_journal_close(s->j);
	s->j = NULL;
	s->retry_ms = clock_mono_ms() + RETRY_MS;
}

static bool
be_open(struct source_journal *s)
{
	int r;

	if (s->j != NULL)
		return true;
	if (clock_mono_ms() < s->retry_ms)
		return false;
	r = open_journal(s);
	if (r >= 0)
		r = seek(s);
	/* makes the descriptor, so that entries from now on wake us */
	if (r >= 0)
		r = sd_journal_get_fd(s->j);
	if (r < 0) {
		give_up(s, r);
		return false;
	}
	if (s->said)
		log_notice("source: reading file=%s", s->name);
	s->said = false;
	return true;
}

/* The entry that the journal stands at, as s->line; -ENOENT when it is no
 * line. */
static int
read_entry(struct source_journal *s)
{
	static const char *const names[] = {"MESSAGE", "SYSLOG_IDENTIFIER",
	    "_COMM", "SYSLOG_PID", "_PID", "_HOSTNAME"};
	enum { NAMES = sizeof names / sizeof names[0] };
	struct { size_t from, n; } kept[NAMES] = {{0}};
	struct journal_entry e = {0};
	char time[24];
	uint64_t real;
	int r = sd_journal_get_realtime_usec(s->j, &real);

	buf_reset(&s->fields);
	buf_reset(&s->line);
	for (size_t i = 0; r >= 0 && i < NAMES; i++) {
		const void *data;
		size_t n, name_n = strlen(names[i]) + 1;

		r = sd_journal_get_data(s->j, names[i], &data, &n);
		if (r == -ENOENT) {
			r = 0;
			continue;
		}
		if (r < 0 || n < name_n)
			break;
		kept[i].from = s->fields.n + 1;
		kept[i].n = n - name_n;
		buf_putc(&s->fields, '\n');
		buf_add(&s->fields, (const char *)data + name_n, n - name_n);
	}
	/* too long, or of a compression that this build lacks */
	if (r == -E2BIG || r == -ENOBUFS || r == -EPROTONOSUPPORT)
		return -ENOENT;
	if (r < 0)
		return r;
	for (size_t i = 0; i < NAMES; i++)
		if (kept[i].from > 0)
			*journal_member(&e, text_of(names[i])) = (struct text){
			    .at = s->fields.data + kept[i].from,
			    .n = kept[i].n};
	(void)snprintf(time, sizeof time, "%" PRIu64, real);
	e.time = text_of(time);
	return journal_write(&s->line, &e) ? 0 : -ENOENT;
}

static enum source_result
journal_next(struct source *base, struct text *line)
{
	struct source_journal *s = self(base);
	int r;

	if (!be_open(s))
		return SOURCE_WAIT;
	for (;;) {
		r = sd_journal_next(s->j);
		/* new files and new entries are seen only after a look */
		if (r == 0 && sd_journal_process(s->j) > 0)
			r = sd_journal_next(s->j);
		if (r == 0)
			return SOURCE_WAIT;
		if (r > 0)
			r = note_place(s);
		if (r >= 0)
			r = read_entry(s);
		if (r == -ENOENT)
			continue;
		if (r < 0) {
			give_up(s, r);
			return SOURCE_WAIT;
		}
		*line = (struct text){.at = s->line.data, .n = s->line.n};
		return SOURCE_LINE;
	}
}

static bool
journal_place(const struct source *base, struct source_place *out)
{
	const struct source_journal *s = (const struct source_journal *)base;

	*out = s->place;
	return s->has_place;
}

static bool
journal_has_moved(const struct source *base)
{
	return ((const struct source_journal *)base)->moved;
}

static void
journal_commit(struct source *base)
{
	struct source_journal *s = self(base);

	s->committed = s->place;
	s->had_place = s->has_place;
	s->moved = false;
	s->losses = 0;
}

static void
journal_rewind(struct source *base)
{
	struct source_journal *s = self(base);

	s->place = s->committed;
	s->has_place = s->had_place;
	s->moved = false;
	s->losses = 0;
	sd_journal_close(s->j);
	s->j = NULL;
}

static int
journal_fd(const struct source *base)
{
	const struct source_journal *s = (const struct source_journal *)base;

	if (s->j == NULL || sd_journal_reliable_fd(s->j) <= 0)
		return -1;
	return sd_journal_get_fd(s->j);
}

static int64_t
journal_bound_us(const struct source *base)
{
	(void)base;
	return clock_wall_us();
}

static const char *
journal_name(const struct source *base)
{
	return ((const struct source_journal *)base)->name;
}

static unsigned
journal_losses(const struct source *base)
{
	return ((const struct source_journal *)base)->losses;
}

static void
journal_close(struct source *base)
{
	struct source_journal *s = self(base);

	sd_journal_close(s->j);
	buf_free(&s->fields);
	buf_free(&s->line);
	free(s->name);
	free(s);
}

static const struct source_ops journal_ops = {
    .next = journal_next,
    .place = journal_place,
    .has_moved = journal_has_moved,
    .commit = journal_commit,
    .rewind = journal_rewind,
    .fd = journal_fd,
    .bound_us = journal_bound_us,
    .name = journal_name,
    .close = journal_close,
    .losses = journal_losses,
};

bool
source_journal_is_built(void)
{
	return true;
}

struct source *
source_journal_open(const struct source_file_options *o)
{
	struct source_journal *s = calloc(1, sizeof *s);

	if (s == NULL || (s->name = strdup(o->path)) == NULL)
		die(EX_OSERR, "out of memory");
	s->base.ops = &journal_ops;
	s->from_end = o->from_end;
	if (o->place != NULL) {
		s->place = s->committed = *o->place;
		s->has_place = s->had_place = true;
	}
	return &s->base;
}
