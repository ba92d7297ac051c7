/*
 * The events of contacts with few of them, line by line; see report_inside.h.
 *
 * The tallies tell which days to look in, and how many events there are; then
 * each day is read with one statement, in which its partition is the only one
 * (docs/decisions/day-by-day.md).  These statements leave out what hardly an
 * address has - exits of Tor, alleged fixes, outages: of what was read, the
 * addresses that have are thrown away, and read again with all of it.
 */
#include <stdlib.h>
#include <string.h>

#include "hub/conf.h"
#include "hub/report/report_inside.h"
#include "proto/base/arena.h"

/* An address that is read. */
struct place {
	struct half *half;
	size_t index; /* in half->found */
};

/* An address on a day. */
struct day {
	int64_t day;  /* since 1970 */
	size_t place; /* in few.places */
};

/* A row of report_few. */
struct row {
	size_t place;
	int64_t host, service;
	bool tor_known;
	struct compose_event event;
};

struct few {
	struct db *db;
	struct arena *a;
	int64_t upto;
	struct place *places;
	size_t place_count;
	struct day *days;
	size_t day_count;
	int64_t counted; /* events on these days, by the tallies */
	struct row *rows;
	size_t row_count, row_room;
};

static struct found *
found_at(const struct few *f, size_t place)
{
	return &f->places[place].half->found[f->places[place].index];
}

static int
by_number(const void *x, const void *y)
{
	const int64_t *a = x, *b = y;

	return (*a > *b) - (*a < *b);
}

/* Sorts them, each once; returns how many are left. */
static size_t
distinct(int64_t *list, size_t n)
{
	size_t kept = 0;

	qsort(list, n, sizeof *list, by_number);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || list[kept - 1] != list[i])
			list[kept++] = list[i];
	return kept;
}

/* ---- which days ---- */

/* All addresses of the list. */
static void
take_places(struct few *f, struct half *const *list, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		n += list[i]->n;
	f->places = arena_array(f->a, n + 1, sizeof *f->places);
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < list[i]->n; j++)
			f->places[f->place_count++] = (struct place){
			    .half = list[i], .index = j};
}

static int
by_day(const void *x, const void *y)
{
	const struct day *a = x, *b = y;

	if (a->day != b->day)
		return a->day < b->day ? -1 : 1;
	return (a->place > b->place) - (a->place < b->place);
}

/* Rows of report_days; keeps days of contacts with no more events than most. */
static void
take_days(struct few *f, const struct db_rows *rows, int64_t most)
{
	size_t n = db_rows_count(rows), kept = 0;

	f->days = arena_array(f->a, n + 1, sizeof *f->days);
	for (size_t i = 0; i < n; i++) {
		struct day *d = &f->days[i];

		*d = (struct day){.place = (size_t)db_int(rows, i, 0) - 1,
		    .day = db_int(rows, i, 1)};
		f->places[d->place].half->counted += db_int(rows, i, 2);
	}
	for (size_t i = 0; i < n; i++)
		if (f->places[f->days[i].place].half->counted <= most) {
			f->counted += db_int(rows, i, 2);
			f->days[kept++] = f->days[i];
		}
	qsort(f->days, kept, sizeof *f->days, by_day);
	/* an address may have several kinds or hosts on a day */
	for (size_t i = 0; i < kept; i++)
		if (f->day_count == 0 ||
		    by_day(&f->days[f->day_count - 1], &f->days[i]) != 0)
			f->days[f->day_count++] = f->days[i];
}

static enum db_result
read_days(struct few *f, int64_t most)
{
	struct db_args *args = db_args_new(f->a);
	struct db_array *address = db_arg_array(args);
	struct db_array *after = db_arg_array(args);
	struct db_rows *rows;
	enum db_result r;

	for (size_t i = 0; i < f->place_count; i++) {
		db_array_addr(address, &found_at(f, i)->source.address);
		db_array_int(after, found_at(f, i)->mark.after);
	}
	r = db_run_binary(f->db, "report_days", args, &rows);
	if (r != DB_OK)
		return r;
	take_days(f, rows, most);
	db_rows_free(rows);
	return DB_OK;
}

/* ---- their events ---- */

/* There are hardly more rows than were counted. */
static void
reserve_rows(struct few *f, size_t n)
{
	size_t room = f->row_room == 0 ? (size_t)f->counted : 2 * f->row_room;
	struct row *list;

	if (f->row_room - f->row_count >= n)
		return;
	if (room < f->row_count + n)
		room = f->row_count + n;
	list = arena_array(f->a, room, sizeof *list);
	if (f->row_count != 0)
		memcpy(list, f->rows, f->row_count * sizeof *list);
	f->rows = list;
	f->row_room = room;
}

static void
take_rows(struct few *f, const struct db_rows *rows)
{
	size_t n = db_rows_count(rows);

	reserve_rows(f, n);
	for (size_t i = 0; i < n; i++)
		f->rows[f->row_count++] = (struct row){
		    .place = (size_t)db_int(rows, i, EVENT_N) - 1,
		    .host = db_int(rows, i, EVENT_HOST),
		    .service = db_int(rows, i, EVENT_SERVICE),
		    .tor_known = db_flag(rows, i, EVENT_COLUMNS),
		    .event = report_event(rows, i, f->a)};
}

/* The n addresses of one day. */
static enum db_result
read_day(struct few *f, const struct day *days, size_t n, const char *low,
    const char *high)
{
	struct db_args *args = db_args_new(f->a);
	struct db_array *number = db_arg_array(args);
	struct db_array *address = db_arg_array(args);
	struct db_array *after = db_arg_array(args);
	struct db_rows *rows;
	enum db_result r;

	for (size_t i = 0; i < n; i++) {
		const struct found *at = found_at(f, days[i].place);

		db_array_int(number, (int64_t)days[i].place + 1);
		db_array_addr(address, &at->source.address);
		db_array_int(after, at->mark.after);
	}
	db_arg_int(args, f->upto);
	db_arg_string(args, low);
	db_arg_string(args, high);
	r = db_run_binary(f->db, "report_few", args, &rows);
	if (r != DB_OK)
		return r;
	take_rows(f, rows);
	db_rows_free(rows);
	return DB_OK;
}

/* One after the other, with the rows of report_bounds. */
static enum db_result
each_day(struct few *f, const struct db_rows *bounds)
{
	size_t n, day = 0;
	enum db_result r = db_run(f->db, "report_plan_once", NULL, NULL);

	for (size_t i = 0; r == DB_OK && i < f->day_count; i += n, day++) {
		n = 1;
		while (i + n < f->day_count &&
		    f->days[i + n].day == f->days[i].day)
			n++;
		r = read_day(f, f->days + i, n, db_string(bounds, day, 0),
		    db_string(bounds, day, 1));
	}
	return r == DB_OK ? db_run(f->db, "report_plan_free", NULL, NULL) : r;
}

static enum db_result
read_events(struct few *f)
{
	struct db_args *args = db_args_new(f->a);
	struct db_array *day = db_arg_array(args);
	struct db_rows *bounds;
	enum db_result r;

	for (size_t i = 0; i < f->day_count; i++)
		if (i == 0 || f->days[i].day != f->days[i - 1].day)
			db_array_int(day, f->days[i].day);
	r = db_run(f->db, "report_bounds", args, &bounds);
	if (r != DB_OK)
		return r;
	r = each_day(f, bounds);
	db_rows_free(bounds);
	return r;
}

/* ---- what they are worth ---- */

/* Their contacts are to be read another way. */
static enum db_result
set_excused_apart(struct few *f)
{
	struct db_args *args = db_args_new(f->a);
	struct db_array *address = db_arg_array(args);
	struct db_rows *rows;
	enum db_result r;

	for (size_t i = 0; i < f->place_count; i++)
		db_array_addr(address, &found_at(f, i)->source.address);
	r = db_run_binary(f->db, "report_excused", args, &rows);
	if (r != DB_OK)
		return r;
	for (size_t i = 0; i < db_rows_count(rows); i++)
		f->places[db_int(rows, i, 0) - 1].half->excused = true;
	db_rows_free(rows);
	return DB_OK;
}

/* Rows of report_names, in order of the names. */
static void
give_names(struct few *f, const struct db_rows *rows)
{
	size_t n = db_rows_count(rows);
	int64_t *names = arena_array(f->a, n + 1, sizeof *names);
	struct text *texts = arena_array(f->a, n + 1, sizeof *texts);

	for (size_t i = 0; i < n; i++) {
		names[i] = db_int(rows, i, 0);
		texts[i] = report_text(rows, i, 1, f->a);
	}
	for (size_t i = 0; i < f->row_count; i++) {
		const int64_t *at = bsearch(&f->rows[i].service, names, n,
		    sizeof *names, by_number);

		if (at != NULL)
			f->rows[i].event.service = texts[at - names];
	}
}

static enum db_result
read_names(struct few *f)
{
	struct db_args *args = db_args_new(f->a);
	struct db_array *name = db_arg_array(args);
	int64_t *list = arena_array(f->a, f->row_count + 1, sizeof *list);
	struct db_rows *rows;
	size_t n;
	enum db_result r;

	for (size_t i = 0; i < f->row_count; i++)
		list[i] = f->rows[i].service;
	n = distinct(list, f->row_count);
	for (size_t i = 0; i < n; i++)
		db_array_int(name, list[i]);
	r = db_run_binary(f->db, "report_names", args, &rows);
	if (r != DB_OK)
		return r;
	give_names(f, rows);
	db_rows_free(rows);
	return DB_OK;
}

static int
by_text(struct text a, struct text b)
{
	int d = memcmp(a.at == NULL ? "" : a.at, b.at == NULL ? "" : b.at,
	    a.n < b.n ? a.n : b.n);

	return d != 0 ? d : (a.n > b.n) - (a.n < b.n);
}

/* Oldest first; of the same second by what a mail says of them, so that it is
 * always the same. */
static int
in_order(const void *x, const void *y)
{
	const struct row *const *a = x, *const *b = y;
	const struct compose_event *e = &(*a)->event, *f = &(*b)->event;

	if (e->time_us != f->time_us)
		return e->time_us < f->time_us ? -1 : 1;
	if (e->port != f->port)
		return e->port < f->port ? -1 : 1;
	if (e->kind != f->kind)
		return e->kind < f->kind ? -1 : 1;
	if (e->destination_port != f->destination_port)
		return e->destination_port < f->destination_port ? -1 : 1;
	if (!addr_equal(&e->destination, &f->destination))
		return memcmp(&e->destination, &f->destination,
		    sizeof e->destination);
	return by_text(e->service, f->service) != 0
	    ? by_text(e->service, f->service)
	    : by_text(e->login, f->login);
}

/* The rows by address: those of place i from ends[i - 1] to ends[i]. */
static const struct row **
sort_rows(const struct few *f, size_t *ends)
{
	const struct row **list = arena_array(f->a, f->row_count + 1,
	    sizeof *list);
	size_t before = 0;

	for (size_t i = 0; i < f->row_count; i++)
		ends[f->rows[i].place]++;
	for (size_t i = 0; i < f->place_count; i++) {
		size_t n = ends[i];

		ends[i] = before;
		before += n;
	}
	for (size_t i = 0; i < f->row_count; i++)
		list[ends[f->rows[i].place]++] = &f->rows[i];
	for (size_t i = 0; i < f->place_count; i++) {
		size_t from = i == 0 ? 0 : ends[i - 1];

		qsort(list + from, ends[i] - from, sizeof *list, in_order);
	}
	return list;
}

/* The n rows of an address.  hosts: room for as many.  False: it waits whole,
 * since nobody knows yet whether it was an exit of Tor. */
static bool
take_lines(struct compose_source *s, const struct row *const *list, size_t n,
    int64_t *hosts, struct arena *a)
{
	struct compose_event *lines;

	for (size_t i = 0; i < n; i++)
		if (!list[i]->tor_known)
			return false;
	lines = arena_array(a, n, sizeof *lines);
	for (size_t i = 0; i < n; i++) {
		lines[i] = list[i]->event;
		hosts[i] = list[i]->host;
		s->kinds[lines[i].kind]++;
	}
	s->lines = lines;
	s->line_count = n;
	s->events = (int64_t)n;
	s->first_us = lines[0].time_us;
	s->last_us = lines[n - 1].time_us;
	s->hosts = (int64_t)distinct(hosts, n);
	return true;
}

/* The rows of one contact, whose addresses begin at place. */
static void
take_half(struct few *f, size_t place, const struct row *const *list,
    const size_t *ends)
{
	struct half *h = f->places[place].half;
	size_t from = place == 0 ? 0 : ends[place - 1], known = 0, n;
	int64_t *hosts = arena_array(f->a,
	    ends[place + h->n - 1] - from + 1, sizeof *hosts);

	for (size_t i = place; i < place + h->n; i++, from += n) {
		n = ends[i] - from;
		if (n != 0 && take_lines(&found_at(f, i)->source, list + from,
		        n, hosts + known, f->a))
			known += n;
	}
	h->hosts = (int64_t)distinct(hosts, known);
}

static void
take_all(struct few *f)
{
	size_t *ends = arena_array(f->a, f->place_count + 1, sizeof *ends);
	const struct row **list = sort_rows(f, ends);

	for (size_t i = 0; i < f->place_count; i += f->places[i].half->n)
		if (!f->places[i].half->excused)
			take_half(f, i, list, ends);
}

enum db_result
report_few_read(struct db *db, struct arena *a, const struct hub_conf *conf,
    struct half **list, size_t *count, int64_t upto)
{
	struct few f = {.db = db, .a = a, .upto = upto};
	int64_t most = conf->report_lines_max < conf->report_sources_max
	    ? conf->report_lines_max
	    : conf->report_sources_max;
	size_t kept = 0;
	enum db_result r;

	/* not all logins are reported: which is for SQL to say */
	if (conf->report_login_domain.n != 0)
		return DB_OK;
	take_places(&f, list, *count);
	r = read_days(&f, most);
	if (r == DB_OK && f.day_count != 0)
		r = read_events(&f);
	if (r == DB_OK)
		r = set_excused_apart(&f);
	if (r == DB_OK && f.row_count != 0)
		r = read_names(&f);
	if (r != DB_OK)
		return r;
	take_all(&f);
	for (size_t i = 0; i < *count; i++)
		if (list[i]->counted > most || list[i]->excused)
			list[kept++] = list[i];
	*count = kept;
	return DB_OK;
}
