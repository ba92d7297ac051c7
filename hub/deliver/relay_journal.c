/* The relay's log in the systemd journal; see relay_journal.h. */
#include "hub/deliver/relay_journal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>

#include "hub/deliver/relay_log.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"

enum { FIELD_BYTES = 64 * 1024, ID_BYTES = 33 };

/* What of a cursor is looked at: entries of one sequence are numbered one
 * by one. */
struct number {
	char sequence[ID_BYTES];
	uint64_t n;
	uint64_t time_us;
};

static bool
number_parse(const char *cursor, struct number *out)
{
	return cursor != NULL &&
	    sscanf(cursor,
	        "s=%32[0-9a-f];i=%" SCNx64 ";b=%*[0-9a-f];m=%*[0-9a-f]"
	        ";t=%" SCNx64, out->sequence, &out->n, &out->time_us) == 3;
}

static bool
is_of(const struct number *x, const char *sequence)
{
	return strcmp(x->sequence, sequence) == 0;
}

static const char *
path_of(const char *path)
{
	const char *colon = strchr(path, ':');

	return colon == NULL ? NULL : colon + 1;
}

/* All of it, users' entries too, since every number has to be there. */
static int
open_journal(const char *path, sd_journal **j)
{
	const char *at = path_of(path), *files[] = {at, NULL};
	struct stat st;
	int r;

	*j = NULL;
	if (at == NULL)
		r = sd_journal_open(j, SD_JOURNAL_LOCAL_ONLY);
	else if (stat(at, &st) < 0)
		r = -errno;
	else if (S_ISDIR(st.st_mode))
		r = sd_journal_open_directory(j, at, 0);
	else
		r = sd_journal_open_files(j, files, 0);
	if (r >= 0)
		r = sd_journal_set_data_threshold(*j, FIELD_BYTES);
	return r;
}

/* The cursor of where it stands. */
static int
number_of(sd_journal *j, struct number *out)
{
	char *cursor;
	int r = sd_journal_get_cursor(j, &cursor);

	if (r < 0)
		return r;
	r = number_parse(cursor, out) ? 0 : -EPROTO;
	free(cursor);
	return r;
}

const char *
relay_journal_place(const char *path, struct arena *a, const char **why)
{
	const char *place = NULL;
	char *cursor = NULL;
	sd_journal *j;
	int r = open_journal(path, &j);

	if (r >= 0)
		r = sd_journal_seek_tail(j);
	if (r >= 0)
		r = sd_journal_previous(j);
	if (r > 0)
		r = sd_journal_get_cursor(j, &cursor) < 0 ? -EPROTO : 1;
	if (r > 0)
		place = arena_string(a, cursor);
	else
		*why = arena_printf(a, "%s: %s", path,
		    r < 0 ? strerror(-r)
		          : "no entry in it, or no right to read it");
	free(cursor);
	sd_journal_close(j);
	return place;
}

/* A field of the entry, or n 0. */
static struct text
field(sd_journal *j, const char *name)
{
	const void *data;
	size_t n, skip = strlen(name) + 1;

	if (sd_journal_get_data(j, name, &data, &n) < 0 || n < skip)
		return (struct text){0};
	return (struct text){.at = (const char *)data + skip, .n = n - skip};
}

static void
add_field(struct buf *line, sd_journal *j, const char *name)
{
	struct text t = field(j, name);

	buf_add(line, t.at, t.n);
}

/* An entry of the mail server, or of who has left some out, as a line of
 * syslog.  False: it is neither. */
static bool
line_of(sd_journal *j, struct buf *line)
{
	struct text t = field(j, "SYSLOG_FACILITY");
	bool mail = text_is(t, "2");

	t = field(j, "SYSLOG_IDENTIFIER");
	if (!mail && !text_is(t, "systemd-journald") &&
	    !text_is(t, "rsyslogd"))
		return false;
	buf_reset(line);
	buf_puts(line, "0000-00-00T00:00:00 - ");
	buf_add(line, t.at, t.n);
	t = field(j, "SYSLOG_PID");
	if (t.n == 0)
		t = field(j, "_PID");
	if (t.n != 0)
		buf_printf(line, "[%.*s]", (int)t.n, t.at);
	buf_puts(line, ": ");
	add_field(line, j, "MESSAGE");
	return true;
}

/* True: it stands at the entry of that cursor. */
static bool
go_to(sd_journal *j, const char *cursor)
{
	return sd_journal_seek_cursor(j, cursor) >= 0 &&
	    sd_journal_next(j) > 0 && sd_journal_test_cursor(j, cursor) > 0;
}

/* Of the places in this sequence that are not lost yet, the earliest. */
static struct relay_log_place *
earliest(struct relay_log_place *places, size_t count, const char *sequence)
{
	struct relay_log_place *best = NULL;
	struct number x, least = {.n = 0};

	for (size_t i = 0; i < count; i++) {
		if (places[i].lost || !number_parse(places[i].from, &x) ||
		    !is_of(&x, sequence))
			continue;
		if (best == NULL || x.n < least.n) {
			best = &places[i];
			least = x;
		}
	}
	return best;
}

/* When the oldest of the lost places was; UINT64_MAX: none is. */
static uint64_t
oldest_lost(const struct relay_log_place *places, size_t count)
{
	uint64_t oldest = UINT64_MAX;
	struct number x;

	for (size_t i = 0; i < count; i++)
		if (places[i].lost && number_parse(places[i].from, &x) &&
		    x.time_us < oldest)
			oldest = x.time_us;
	return oldest;
}

/* Where to begin, so that every place is in what is read: behind the entry of
 * the earliest, *first; or before it, at the time of one that is lost, since
 * what it is for is perhaps there all the same.  False: there is nothing. */
static bool
begin(sd_journal *j, struct relay_log_place *places, size_t count,
    struct number *first, bool *before)
{
	struct relay_log_place *place;
	struct number newest, x;
	uint64_t lost_us;

	if (sd_journal_seek_tail(j) < 0 || sd_journal_previous(j) <= 0 ||
	    number_of(j, &newest) < 0)
		return false;
	for (size_t i = 0; i < count; i++)
		places[i].lost = !number_parse(places[i].from, &x) ||
		    !is_of(&x, newest.sequence);
	while ((place = earliest(places, count, newest.sequence)) != NULL &&
	    !go_to(j, place->from))
		place->lost = true;
	lost_us = oldest_lost(places, count);
	if (place != NULL && !number_parse(place->from, first))
		return false;
	*before = place == NULL || lost_us < first->time_us;
	if (!*before)
		return true;
	return lost_us != UINT64_MAX &&
	    sd_journal_seek_realtime_usec(j, lost_us) >= 0;
}

struct reading {
	const struct relay_log_reader *reader;
	struct number at;
	bool before; /* what is read now is not looked at for gaps */
	bool whole;
	bool marked;
	struct number mark;
	struct buf line;
};

/* The entry where it stands. */
static int
read_entry(sd_journal *j, struct reading *r)
{
	struct number x;
	int error = number_of(j, &x);

	if (error < 0)
		return error;
	if (!r->before) {
		r->whole &= is_of(&x, r->at.sequence) && x.n == r->at.n + 1;
		r->at = x;
	} else if (is_of(&x, r->at.sequence) && x.n == r->at.n) {
		r->before = false;
	}
	if (!r->marked && is_of(&x, r->mark.sequence) && x.n > r->mark.n) {
		r->reader->mark(r->reader->ctx);
		r->marked = true;
	}
	if (line_of(j, &r->line))
		r->reader->line(r->reader->ctx,
		    (struct text){.at = r->line.data, .n = r->line.n});
	return 0;
}

int
relay_journal_read(const char *path, struct relay_log_place *places,
    size_t count, const char *mark, const struct relay_log_reader *reader)
{
	struct reading r = {.reader = reader, .whole = true};
	sd_journal *j;
	int error = open_journal(path, &j);

	for (size_t i = 0; i < count; i++)
		places[i].lost = true;
	r.marked = !number_parse(mark, &r.mark);
	if (error >= 0 && !begin(j, places, count, &r.at, &r.before))
		error = -ENOENT;
	while (error >= 0 && (error = sd_journal_next(j)) > 0)
		error = read_entry(j, &r);
	buf_free(&r.line);
	sd_journal_close(j);
	return error < 0 || !r.whole || r.before ? -1 : 0;
}
