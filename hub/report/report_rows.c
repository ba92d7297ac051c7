/* What is due; see report_rows.h. */
#include "hub/report/report_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/conf.h"
#include "hub/report/compose.h"
#include "proto/base/arena.h"
#include "proto/base/log.h"

enum db_result
report_rows_upto(struct db *db, struct arena *a, const struct hub_conf *conf,
    int64_t *upto)
{
	struct db_args *args = db_args_new(a);
	enum db_result r = db_run(db, "report_mark", NULL, NULL);

	db_arg_int(args, conf->report_settle);
	return r == DB_OK ? db_run_number(db, "report_upto", args, upto) : r;
}

void
report_arg_contacts(struct db_args *args, struct report_contacts contacts)
{
	struct db_array *array = db_arg_array(args);

	for (size_t i = 0; i < contacts.n; i++)
		db_array_int(array, contacts.at[i]);
}

struct report_contacts
report_take_contacts(struct db_rows *rows, struct arena *a)
{
	size_t n = db_rows_count(rows);
	int64_t *list = arena_array(a, n + 1, sizeof *list);

	for (size_t i = 0; i < n; i++)
		list[i] = db_int(rows, i, 0);
	db_rows_free(rows);
	return (struct report_contacts){.at = list, .n = n};
}

enum db_result
report_rows_due(struct db *db, struct arena *a, int64_t upto,
    struct report_contacts skips, struct report_contacts *due)
{
	struct db_args *args = db_args_new(a);
	struct db_rows *rows;
	enum db_result r;

	db_arg_int(args, upto);
	report_arg_contacts(args, skips);
	r = db_run(db, "report_due", args, &rows);
	if (r == DB_OK)
		*due = report_take_contacts(rows, a);
	return r;
}

enum db_result
report_rows_contact(struct db *db, struct arena *a, const char *mailbox,
    int64_t *contact)
{
	struct db_args *args = db_args_new(a);

	db_arg_string(args, mailbox);
	return db_run_number(db, "report_contact", args, contact);
}

/* ---- addresses of a batch, and then their events ---- */

/* An address while its rows are read. */
struct found {
	struct compose_source source;
	int64_t after;
};

/* A case while its rows are read. */
struct half {
	struct report_case kase;
	struct found *found; /* in the order of report_case's rows */
	size_t n;
	int64_t hosts;
};

static void
fill_contact(struct half *h, const struct db_rows *rows, size_t i,
    struct arena *a)
{
	struct compose_facts *f = arena_alloc(a, sizeof *f);
	const char *mode = db_string(rows, i, 2);

	h->kase.contact = db_int(rows, i, 0);
	h->kase.mailbox = arena_string(a, db_string(rows, i, 1));
	h->kase.hold = strcmp(mode, "held") == 0;
	h->kase.facts = f;
	f->contact = h->kase.contact;
	if (!compose_mode_of_name(mode, &f->mode))
		f->mode = COMPOSE_CONSOLIDATED;
	/* the contact's country is that of its first address */
	f->language = language_choose(db_string(rows, i, 3),
	    db_string(rows, i, 9));
}

/* Rows of report_case.  Returns the number of contacts. */
static size_t
read_addresses(const struct db_rows *rows, const struct hub_conf *conf,
    struct arena *a, struct half *halves)
{
	size_t count = db_rows_count(rows), n = 0;
	struct found *list = arena_array(a, count + 1, sizeof *list);

	for (size_t i = 0; i < count; i++) {
		struct addr address = db_addr(rows, i, 4);
		struct found *at = &list[i];

		if (address.family == 0)
			continue;
		/* the statement has left these out: this is for the day when
		 * somebody changes it */
		if (!hub_conf_reportable(conf, &address)) {
			log_error("unreportable address kept out of a report");
			continue;
		}
		if (n == 0 || halves[n - 1].kase.contact != db_int(rows, i, 0))
			fill_contact(&halves[n++], rows, i, a);
		if (halves[n - 1].n == 0)
			halves[n - 1].found = at;
		else
			at = &halves[n - 1].found[halves[n - 1].n];
		halves[n - 1].n++;
		at->source.address = address;
		at->after = db_int(rows, i, 5);
		at->source.again = db_flag(rows, i, 6);
		if (!db_is_null(rows, i, 7))
			at->source.method =
			    arena_string(a, db_string(rows, i, 7));
		at->source.asked_us = db_int(rows, i, 8);
		(void)snprintf(at->source.country, sizeof at->source.country,
		    "%s", db_string(rows, i, 9));
		at->source.asn = (uint32_t)db_int(rows, i, 10);
	}
	return n;
}

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

/* Columns of report_read, and what its column part says. */
enum {
	READ_N,
	READ_PART,
	READ_KIND,
	READ_EVENTS,
	READ_TIME,
	READ_LAST,
	READ_HOST,
	READ_PORT,
	READ_DESTINATION_PORT,
	READ_DESTINATION,
	READ_SERVICE,
	READ_LOGIN,
	PART_CONTACT = 0,
	PART_ADDRESS = 1,
	PART_LISTED = 2, /* the sums say how many there are */
	PART_ALL = 3,    /* the lines are all there is */
};

static struct compose_event
event_at(const struct db_rows *rows, size_t i, struct arena *a)
{
	return (struct compose_event){
	    .time_us = db_int(rows, i, READ_TIME),
	    .port = (uint16_t)db_int(rows, i, READ_PORT),
	    .destination = db_addr(rows, i, READ_DESTINATION),
	    .destination_port =
	        (uint16_t)db_int(rows, i, READ_DESTINATION_PORT),
	    .kind = kind_at(rows, i, READ_KIND),
	    .service = keep(a, db_text(rows, i, READ_SERVICE)),
	    .login = keep(a, db_text(rows, i, READ_LOGIN)),
	};
}

/* A row of sums: of an address, or an address and kind. */
static void
read_sum(const struct db_rows *rows, size_t i, struct compose_source *s)
{
	if (!db_is_null(rows, i, READ_KIND)) {
		s->kinds[kind_at(rows, i, READ_KIND)] +=
		    db_int(rows, i, READ_EVENTS);
		return;
	}
	s->events = db_int(rows, i, READ_EVENTS);
	s->first_us = db_int(rows, i, READ_TIME);
	s->last_us = db_int(rows, i, READ_LAST);
	s->hosts = db_int(rows, i, READ_HOST);
}

/* What no row of sums says. */
static void
count_line(struct compose_source *s, const struct compose_event *e)
{
	s->kinds[e->kind]++;
	if (s->events++ == 0)
		s->first_us = e->time_us;
	s->last_us = e->time_us;
}

static int
by_number(const void *x, const void *y)
{
	const int64_t *a = x, *b = y;

	return (*a > *b) - (*a < *b);
}

/* How many hosts rows from..from+n name. */
static int64_t
hosts_of(const struct db_rows *rows, size_t from, size_t n, struct arena *a)
{
	int64_t *list = arena_array(a, n + 1, sizeof *list), count = 0;

	for (size_t i = 0; i < n; i++)
		list[i] = db_int(rows, from + i, READ_HOST);
	qsort(list, n, sizeof *list, by_number);
	for (size_t i = 0; i < n; i++)
		count += i == 0 || list[i] != list[i - 1];
	return count;
}

/* Where the lines are all there is; they stand together. */
static void
count_hosts(const struct db_rows *rows, const struct compose_event *lines,
    struct half *h, struct arena *a)
{
	size_t from = 0, n = 0;

	for (size_t j = 0; j < h->n; j++) {
		struct compose_source *s = &h->found[j].source;
		size_t at;

		if (s->line_count == 0)
			continue;
		at = (size_t)(s->lines - lines);
		if (db_int(rows, at, READ_PART) != PART_ALL)
			return;
		s->hosts = hosts_of(rows, at, s->line_count, a);
		from = n == 0 ? at : from;
		n += s->line_count;
	}
	if (n != 0)
		h->hosts = hosts_of(rows, from, n, a);
}

/* Rows of report_read: by place of the address, then by time. */
static void
read_events(const struct db_rows *rows, struct arena *a, struct half *halves,
    size_t count)
{
	size_t n = db_rows_count(rows), before = 0;
	struct compose_event *lines = arena_array(a, n + 1, sizeof *lines);
	struct half *h = halves;

	for (size_t i = 0; i < n; i++) {
		size_t place = (size_t)db_int(rows, i, READ_N) - 1;
		int64_t part = db_int(rows, i, READ_PART);
		struct compose_source *s;

		while (h < halves + count && place - before >= h->n)
			before += h++->n;
		if (h == halves + count)
			break;
		s = &h->found[place - before].source;
		if (part == PART_CONTACT) {
			h->hosts = db_int(rows, i, READ_HOST);
		} else if (part == PART_ADDRESS) {
			read_sum(rows, i, s);
		} else {
			lines[i] = event_at(rows, i, a);
			if (s->line_count++ == 0)
				s->lines = &lines[i];
			if (part == PART_ALL)
				count_line(s, &lines[i]);
		}
	}
	for (size_t i = 0; i < count; i++)
		count_hosts(rows, lines, &halves[i], a);
}

/* Most events first; then by address, so that the order is always one. */
static int
by_weight(const void *x, const void *y)
{
	const struct found *a = x, *b = y;

	if (a->source.events != b->source.events)
		return a->source.events > b->source.events ? -1 : 1;
	if (a->source.address.family != b->source.address.family)
		return a->source.address.family < b->source.address.family
		    ? -1
		    : 1;
	return memcmp(a->source.address.bytes, b->source.address.bytes,
	    sizeof a->source.address.bytes);
}

static void
sum_up(struct compose_facts *f)
{
	for (size_t i = 0; i < f->source_count; i++) {
		const struct compose_source *s = &f->sources[i];

		f->events += s->events;
		if (i == 0 || s->first_us < f->first_us)
			f->first_us = s->first_us;
		if (i == 0 || s->last_us > f->last_us)
			f->last_us = s->last_us;
		for (int k = 0; k < KIND_COUNT; k++)
			f->kinds[k] += s->kinds[k];
	}
}

/* The case of what was read; addresses without an event drop out, since
 * their mark must stay. */
static void
complete(struct half *h, const struct hub_conf *conf, struct arena *a)
{
	struct compose_source *sources = arena_array(a, h->n + 1,
	    sizeof *sources);
	int64_t *after = arena_array(a, h->n + 1, sizeof *after);
	struct compose_facts *f = h->kase.facts;

	qsort(h->found, h->n, sizeof *h->found, by_weight);
	while (f->source_count < h->n &&
	    h->found[f->source_count].source.events != 0) {
		sources[f->source_count] = h->found[f->source_count].source;
		after[f->source_count] = h->found[f->source_count].after;
		f->source_count++;
	}
	f->sources = sources;
	f->listed = f->source_count < (size_t)conf->report_sources_max
	    ? f->source_count
	    : (size_t)conf->report_sources_max;
	f->hosts = h->hosts;
	h->kase.after = after;
	sum_up(f);
}

static enum db_result
run_read(struct db *db, struct arena *a, const struct hub_conf *conf,
    const struct half *halves, size_t count, int64_t upto,
    struct db_rows **rows)
{
	struct db_args *args = db_args_new(a);
	struct db_array *contact = db_arg_array(args);
	struct db_array *address = db_arg_array(args);
	struct db_array *after = db_arg_array(args);

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < halves[i].n; j++) {
			const struct found *f = &halves[i].found[j];

			db_array_int(contact, halves[i].kase.contact);
			db_array_addr(address, &f->source.address);
			db_array_int(after, f->after);
		}
	db_arg_int(args, upto);
	db_arg_int(args, conf->report_lines_max);
	db_arg_int(args, conf->report_sources_max);
	return db_run(db, "report_read", args, rows);
}

enum db_result
report_rows_cases(struct db *db, struct arena *a, const struct hub_conf *conf,
    struct report_contacts contacts, int64_t upto, struct report_cases *out)
{
	struct half *halves = arena_array(a, contacts.n + 1, sizeof *halves);
	struct db_args *args = db_args_new(a);
	struct db_rows *rows;
	size_t count;
	enum db_result r;

	*out = (struct report_cases){
	    .at = arena_array(a, contacts.n + 1, sizeof *out->at)};
	report_arg_contacts(args, contacts);
	db_arg_int(args, upto);
	r = db_run(db, "report_case", args, &rows);
	if (r != DB_OK)
		return r;
	count = read_addresses(rows, conf, a, halves);
	db_rows_free(rows);
	if (count == 0)
		return DB_OK;
	r = run_read(db, a, conf, halves, count, upto, &rows);
	if (r != DB_OK)
		return r;
	read_events(rows, a, halves, count);
	db_rows_free(rows);
	for (size_t i = 0; i < count; i++) {
		complete(&halves[i], conf, a);
		halves[i].kase.upto = upto;
		if (halves[i].kase.facts->source_count != 0)
			out->at[out->n++] = halves[i].kase;
	}
	return DB_OK;
}
