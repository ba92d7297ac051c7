/* The events of a batch; see report_inside.h.  Contacts with few are read
 * line by line (report_few.c); those with more than a mail lists get sums in
 * SQL and the lines to list. */
#include <string.h>

#include "hub/conf.h"
#include "hub/report/report_inside.h"
#include "proto/base/arena.h"

enum kind
report_event_kind(const struct db_rows *rows, size_t row)
{
	int64_t k = db_int(rows, row, EVENT_KIND);

	return k > KIND_NONE && k < KIND_COUNT ? (enum kind)k : KIND_NONE;
}

struct text
report_text(const struct db_rows *rows, size_t row, size_t column,
    struct arena *a)
{
	struct text t = db_text(rows, row, column);

	if (t.at != NULL)
		t.at = arena_copy(a, t.at, t.n);
	return t;
}

struct compose_event
report_event(const struct db_rows *rows, size_t row, struct arena *a)
{
	return (struct compose_event){
	    .time_us = db_int(rows, row, EVENT_TIME),
	    .port = (uint16_t)db_int(rows, row, EVENT_PORT),
	    .destination = db_addr(rows, row, EVENT_DESTINATION),
	    .destination_port =
	        (uint16_t)db_int(rows, row, EVENT_DESTINATION_PORT),
	    .kind = report_event_kind(rows, row),
	    .login = report_text(rows, row, EVENT_LOGIN, a),
	};
}

/* Columns of report_many after those of every event. */
enum { MANY_PART = EVENT_COLUMNS, MANY_EVENTS, MANY_LAST };

/* Contact, address and mark of each address, in the order of halves, and
 * upto. */
static struct db_args *
arguments(struct half *const *halves, size_t count, int64_t upto,
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
			db_array_int(after, f->mark.after);
		}
	db_arg_int(args, upto);
	return args;
}

/* What the column part says. */
enum { PART_CONTACT = 0, PART_ADDRESS = 1, PART_LISTED = 2 };

/* A row of sums: of an address, or an address and kind. */
static void
take_sum(const struct db_rows *rows, size_t i, struct compose_source *s)
{
	if (!db_is_null(rows, i, EVENT_KIND)) {
		s->kinds[report_event_kind(rows, i)] +=
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
		size_t place = (size_t)db_int(rows, i, EVENT_N) - 1;
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
			lines[i] = report_event(rows, i, a);
			lines[i].service = report_text(rows, i,
			    EVENT_SERVICE, a);
			if (s->line_count++ == 0)
				s->lines = &lines[i];
		}
	}
}

static enum db_result
read_many(struct db *db, struct arena *a, const struct hub_conf *conf,
    struct half **halves, size_t count, int64_t upto)
{
	struct db_args *args = arguments(halves, count, upto, a);
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
	enum db_result r;

	for (size_t i = 0; i < count; i++)
		list[i] = &halves[i];
	r = report_few_read(db, a, conf, list, &count, upto);
	return r != DB_OK || count == 0
	    ? r
	    : read_many(db, a, conf, list, count, upto);
}
