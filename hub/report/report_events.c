/* The events of a batch; see report_inside.h.  Contacts with few are read
 * line by line, and summed up here; those with more than a mail lists get
 * sums in SQL and the lines to list. */
#include <stdlib.h>
#include <string.h>

#include "hub/conf.h"
#include "hub/report/report_inside.h"
#include "proto/base/arena.h"

static enum kind
kind_at(const struct db_rows *rows, size_t row, size_t column)
{
	int64_t k = db_int(rows, row, column);

	return k > KIND_NONE && k < KIND_COUNT ? (enum kind)k : KIND_NONE;
}

static struct text
keep(struct arena *a, struct text t)
{
	return (struct text){.at = t.at == NULL ? NULL
	                                        : arena_copy(a, t.at, t.n),
	    .n = t.n};
}

/* The columns that both statements begin with. */
enum {
	EVENT_N,
	EVENT_TIME,
	EVENT_KIND,
	EVENT_HOST,
	EVENT_PORT,
	EVENT_DESTINATION_PORT,
	EVENT_DESTINATION,
	EVENT_SERVICE,
	EVENT_LOGIN,
	FEW_TOR_KNOWN,
	MANY_PART = FEW_TOR_KNOWN,
	MANY_EVENTS,
	MANY_LAST,
};

static size_t
place_at(const struct db_rows *rows, size_t row)
{
	return (size_t)db_int(rows, row, EVENT_N) - 1;
}

static struct compose_event
event_at(const struct db_rows *rows, size_t i, struct arena *a)
{
	return (struct compose_event){
	    .time_us = db_int(rows, i, EVENT_TIME),
	    .port = (uint16_t)db_int(rows, i, EVENT_PORT),
	    .destination = db_addr(rows, i, EVENT_DESTINATION),
	    .destination_port =
	        (uint16_t)db_int(rows, i, EVENT_DESTINATION_PORT),
	    .kind = kind_at(rows, i, EVENT_KIND),
	    .service = keep(a, db_text(rows, i, EVENT_SERVICE)),
	    .login = keep(a, db_text(rows, i, EVENT_LOGIN)),
	};
}

/* The arguments that both statements begin with: contact, address and mark of
 * each address, in the order of halves, and upto. */
static struct db_args *
addresses_of(struct half *const *halves, size_t count, int64_t upto,
    struct arena *a)
{
	struct db_args *args = db_args_new(a);
	struct db_array *contact = db_arg_array(args);
	struct db_array *address = db_arg_array(args);
	struct db_array *after = db_arg_array(args);

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < halves[i]->n; j++) {
			const struct found *f = &halves[i]->found[j];

			db_array_int(contact, halves[i]->kase.contact);
			db_array_addr(address, &f->source.address);
			db_array_int(after, f->after);
		}
	db_arg_int(args, upto);
	return args;
}

/* ---- contacts with few events ---- */

/* A row of report_few, to be put in order. */
struct row {
	size_t place;
	int64_t host;
	bool tor_known;
	struct compose_event event;
};

static int
by_text(struct text a, struct text b)
{
	int d = memcmp(a.at == NULL ? "" : a.at, b.at == NULL ? "" : b.at,
	    a.n < b.n ? a.n : b.n);

	return d != 0 ? d : (a.n > b.n) - (a.n < b.n);
}

/* By address, then oldest first; of the same second by what a mail says of
 * them, so that it is always the same. */
static int
in_order(const void *x, const void *y)
{
	const struct row *a = x, *b = y;
	const struct compose_event *e = &a->event, *f = &b->event;

	if (a->place != b->place)
		return a->place < b->place ? -1 : 1;
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

static struct row *
take_rows(const struct db_rows *rows, size_t n, struct arena *a)
{
	struct row *list = arena_array(a, n + 1, sizeof *list);

	for (size_t i = 0; i < n; i++)
		list[i] = (struct row){.place = place_at(rows, i),
		    .host = db_int(rows, i, EVENT_HOST),
		    .tor_known = db_flag(rows, i, FEW_TOR_KNOWN),
		    .event = event_at(rows, i, a)};
	qsort(list, n, sizeof *list, in_order);
	return list;
}

static int
by_number(const void *x, const void *y)
{
	const int64_t *a = x, *b = y;

	return (*a > *b) - (*a < *b);
}

/* How many different ones; sorts them. */
static int64_t
different(int64_t *list, size_t n)
{
	int64_t count = 0;

	qsort(list, n, sizeof *list, by_number);
	for (size_t i = 0; i < n; i++)
		count += i == 0 || list[i] != list[i - 1];
	return count;
}

/* The n rows of an address.  hosts: room for as many.  False: it waits whole,
 * since nobody knows yet whether it was an exit of Tor. */
static bool
take_lines(struct compose_source *s, const struct row *list, size_t n,
    int64_t *hosts, struct arena *a)
{
	struct compose_event *lines = arena_array(a, n, sizeof *lines);

	for (size_t i = 0; i < n; i++)
		if (!list[i].tor_known)
			return false;
	for (size_t i = 0; i < n; i++) {
		lines[i] = list[i].event;
		hosts[i] = list[i].host;
		s->kinds[lines[i].kind]++;
	}
	s->lines = lines;
	s->line_count = n;
	s->events = (int64_t)n;
	s->first_us = lines[0].time_us;
	s->last_us = lines[n - 1].time_us;
	s->hosts = different(hosts, n);
	return true;
}

/* The rows of a half; its first address has the place first.  Returns how
 * many there are. */
static size_t
take_few(struct half *h, size_t first, const struct row *list, size_t left,
    struct arena *a)
{
	int64_t *hosts;
	size_t all = 0, n, known = 0;

	while (all < left && list[all].place - first < h->n)
		all++;
	hosts = arena_array(a, all + 1, sizeof *hosts);
	for (size_t i = 0; i < all; i += n) {
		struct compose_source *s =
		    &h->found[list[i].place - first].source;

		for (n = 1; i + n < all && list[i + n].place == list[i].place;)
			n++;
		if (take_lines(s, list + i, n, hosts + known, a))
			known += n;
	}
	h->hosts = different(hosts, known);
	return all;
}

/* Leaves in halves those of which nothing came: they have more, or none that
 * may be reported. */
static enum db_result
read_few(struct db *db, struct arena *a, int64_t most, struct half **halves,
    size_t *count, int64_t upto)
{
	struct db_args *args = addresses_of(halves, *count, upto, a);
	struct db_rows *rows;
	struct row *list;
	size_t n, done = 0, first = 0, kept = 0;
	enum db_result r;

	db_arg_int(args, most);
	r = db_run_binary(db, "report_few", args, &rows);
	if (r != DB_OK)
		return r;
	n = db_rows_count(rows);
	list = take_rows(rows, n, a);
	db_rows_free(rows);
	for (size_t i = 0; i < *count; i++) {
		struct half *h = halves[i];
		size_t of_it = take_few(h, first, list + done, n - done, a);

		if (of_it == 0)
			halves[kept++] = h;
		done += of_it;
		first += h->n;
	}
	*count = kept;
	return DB_OK;
}

/* ---- and those with more ---- */

/* What the column part says. */
enum { PART_CONTACT = 0, PART_ADDRESS = 1, PART_LISTED = 2 };

/* A row of sums: of an address, or an address and kind. */
static void
take_sum(const struct db_rows *rows, size_t i, struct compose_source *s)
{
	if (!db_is_null(rows, i, EVENT_KIND)) {
		s->kinds[kind_at(rows, i, EVENT_KIND)] +=
		    db_int(rows, i, MANY_EVENTS);
		return;
	}
	s->events = db_int(rows, i, MANY_EVENTS);
	s->first_us = db_int(rows, i, EVENT_TIME);
	s->last_us = db_int(rows, i, MANY_LAST);
	s->hosts = db_int(rows, i, EVENT_HOST);
}

/* Rows of report_many: by place of the address, then by time. */
static void
take_many(const struct db_rows *rows, struct arena *a, struct half **halves,
    size_t count)
{
	size_t n = db_rows_count(rows), before = 0, h = 0;
	struct compose_event *lines = arena_array(a, n + 1, sizeof *lines);

	for (size_t i = 0; i < n; i++) {
		size_t place = place_at(rows, i);
		int64_t part = db_int(rows, i, MANY_PART);
		struct compose_source *s;

		while (h < count && place - before >= halves[h]->n)
			before += halves[h++]->n;
		if (h == count)
			break;
		s = &halves[h]->found[place - before].source;
		if (part == PART_CONTACT) {
			halves[h]->hosts = db_int(rows, i, EVENT_HOST);
		} else if (part == PART_ADDRESS) {
			take_sum(rows, i, s);
		} else {
			lines[i] = event_at(rows, i, a);
			if (s->line_count++ == 0)
				s->lines = &lines[i];
		}
	}
}

static enum db_result
read_many(struct db *db, struct arena *a, const struct hub_conf *conf,
    struct half **halves, size_t count, int64_t upto)
{
	struct db_args *args = addresses_of(halves, count, upto, a);
	struct db_rows *rows;
	enum db_result r;

	db_arg_int(args, conf->report_lines_max);
	db_arg_int(args, conf->report_sources_max);
	r = db_run_binary(db, "report_many", args, &rows);
	if (r != DB_OK)
		return r;
	take_many(rows, a, halves, count);
	db_rows_free(rows);
	return DB_OK;
}

enum db_result
report_events_read(struct db *db, struct arena *a,
    const struct hub_conf *conf, struct half *halves, size_t count,
    int64_t upto)
{
	struct half **list = arena_array(a, count + 1, sizeof *list);
	int64_t most = conf->report_lines_max < conf->report_sources_max
	    ? conf->report_lines_max
	    : conf->report_sources_max;
	enum db_result r;

	for (size_t i = 0; i < count; i++)
		list[i] = &halves[i];
	r = read_few(db, a, most, list, &count, upto);
	return r != DB_OK || count == 0
	    ? r
	    : read_many(db, a, conf, list, count, upto);
}
