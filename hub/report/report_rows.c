/* What is due; see report_rows.h. */
#include "hub/report/report_rows.h"

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
	struct db_rows *rows;
	enum db_result r = db_begin(db);

	db_arg_int(args, conf->report_settle);
	if (r == DB_OK)
		r = db_run(db, "report_store_lock", NULL, NULL);
	if (r == DB_OK)
		r = db_run(db, "report_mark", NULL, NULL);
	if (r == DB_OK)
		r = db_run(db, "report_upto", args, &rows);
	if (r != DB_OK)
		return r;
	*upto = db_int(rows, 0, 0);
	db_rows_free(rows);
	return db_commit(db);
}

static void
arg_kinds(struct db_args *args, const struct hub_conf *conf)
{
	struct db_array *kinds = db_arg_array(args);

	for (size_t i = 0; i < conf->report_kind.n; i++)
		db_array_int(kinds,
		    kind_of_name(text_of(conf->report_kind.at[i])));
}

static void
array_prefixes(struct db_array *array, const struct prefixes *list)
{
	char s[ADDR_TEXT_BYTES];

	for (size_t i = 0; i < list->n; i++)
		db_array_text(array, text_of(prefix_format(s, &list->at[i])));
}

static void
arg_unreportable(struct db_args *args, const struct hub_conf *conf)
{
	struct db_array *prefixes = db_arg_array(args);

	array_prefixes(prefixes, &conf->filter_unreportable);
	array_prefixes(prefixes, &conf->filter_own);
}

enum db_result
report_rows_due(struct db *db, struct arena *a, const struct hub_conf *conf,
    int64_t above, int64_t upto, struct report_skips skips,
    struct report_contact **list, size_t *n)
{
	struct db_args *args = db_args_new(a);
	struct db_array *array;
	struct db_rows *rows;
	enum db_result r;

	db_arg_int(args, above);
	db_arg_int(args, conf->report_every);
	db_arg_int(args, conf->report_days);
	arg_kinds(args, conf);
	arg_unreportable(args, conf);
	array = db_arg_array(args);
	for (size_t i = 0; i < skips.n; i++)
		db_array_int(array, skips.at[i]);
	db_arg_int(args, upto);
	r = db_run(db, "report_due", args, &rows);
	if (r != DB_OK)
		return r;
	*n = db_rows_count(rows);
	*list = arena_array(a, *n + 1, sizeof **list);
	for (size_t i = 0; i < *n; i++)
		(*list)[i] = (struct report_contact){
		    .contact = db_int(rows, i, 0),
		    .mailbox = arena_string(a, db_string(rows, i, 1))};
	db_rows_free(rows);
	return DB_OK;
}

enum db_result
report_rows_contact(struct db *db, struct arena *a, const char *mailbox,
    struct report_contact *found)
{
	struct db_args *args = db_args_new(a);
	struct db_rows *rows;
	enum db_result r;

	db_arg_string(args, mailbox);
	*found = (struct report_contact){0};
	r = db_run(db, "report_contact", args, &rows);
	if (r != DB_OK)
		return r;
	if (db_rows_count(rows) != 0) {
		found->contact = db_int(rows, 0, 0);
		found->mailbox = arena_string(a, db_string(rows, 0, 1));
	}
	db_rows_free(rows);
	return DB_OK;
}

/* A source while its rows are read. */
struct found {
	struct compose_source source;
	int64_t after;
};

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

static enum kind
kind_at(const struct db_rows *rows, size_t row, size_t column)
{
	int64_t k = db_int(rows, row, column);

	return k > KIND_NONE && k < KIND_COUNT ? (enum kind)k : KIND_NONE;
}

/* Rows of report_tally into sources.  Returns how many. */
static size_t
read_tally(const struct db_rows *rows, const struct hub_conf *conf,
    struct found *list)
{
	struct found *at = NULL;
	size_t n = 0;

	for (size_t i = 0; i < db_rows_count(rows); i++) {
		struct addr address = db_addr(rows, i, 0);

		if (address.family == 0)
			continue;
		if (!db_is_null(rows, i, 1)) {
			if (at != NULL)
				at->source.kinds[kind_at(rows, i, 1)] +=
				    db_int(rows, i, 2);
			continue;
		}
		at = NULL;
		/* the statement has left these out: this is for the day when
		 * somebody changes it */
		if (!hub_conf_reportable(conf, &address)) {
			log_error("unreportable address kept out of a report");
			continue;
		}
		at = &list[n++];
		at->source.address = address;
		at->source.events = db_int(rows, i, 2);
		at->source.first_us = db_int(rows, i, 3);
		at->source.last_us = db_int(rows, i, 4);
		at->source.hosts = db_int(rows, i, 5);
		at->after = db_int(rows, i, 6);
	}
	return n;
}

static void
sum_up(struct compose_facts *f, int64_t hosts)
{
	f->hosts = hosts;
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

static enum db_result
read_sources(struct db *db, struct arena *a, const struct hub_conf *conf,
    struct report_case *c)
{
	struct db_args *args = db_args_new(a);
	struct compose_source *sources;
	struct found *list;
	struct db_rows *rows;
	int64_t *after;
	size_t n;
	enum db_result r;

	db_arg_int(args, c->contact);
	db_arg_int(args, c->upto);
	db_arg_int(args, conf->report_days);
	arg_kinds(args, conf);
	arg_unreportable(args, conf);
	r = db_run(db, "report_tally", args, &rows);
	if (r != DB_OK)
		return r;
	list = arena_array(a, db_rows_count(rows) + 1, sizeof *list);
	n = read_tally(rows, conf, list);
	qsort(list, n, sizeof *list, by_weight);
	sources = arena_array(a, n + 1, sizeof *sources);
	after = arena_array(a, n + 1, sizeof *after);
	for (size_t i = 0; i < n; i++) {
		sources[i] = list[i].source;
		after[i] = list[i].after;
	}
	c->facts->sources = sources;
	c->facts->source_count = n;
	c->facts->listed = n < (size_t)conf->report_sources_max
	    ? n
	    : (size_t)conf->report_sources_max;
	c->after = after;
	/* the first row is the total */
	sum_up(c->facts, db_int(rows, 0, 5));
	db_rows_free(rows);
	return DB_OK;
}

/* The largest share that each listed source may have so that all of them
 * stay within lines_max; at least one each. */
static int64_t
share(const struct compose_facts *f, int64_t lines_max)
{
	int64_t low = 1, high = lines_max;

	while (low < high) {
		int64_t middle = low + (high - low + 1) / 2, sum = 0;

		for (size_t i = 0; i < f->listed; i++)
			sum += f->sources[i].events < middle
			    ? f->sources[i].events
			    : middle;
		if (sum <= lines_max)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

static struct compose_event
event_at(const struct db_rows *rows, size_t i, struct arena *a)
{
	struct text service = db_text(rows, i, 6);

	return (struct compose_event){
	    .time_us = db_int(rows, i, 1),
	    .port = (uint16_t)db_int(rows, i, 2),
	    .destination = db_addr(rows, i, 3),
	    .destination_port = (uint16_t)db_int(rows, i, 4),
	    .kind = kind_at(rows, i, 5),
	    .service = {.at = service.at == NULL
	            ? NULL
	            : arena_copy(a, service.at, service.n),
	        .n = service.n},
	};
}

static enum db_result
read_lines(struct db *db, struct arena *a, const struct hub_conf *conf,
    struct report_case *c, struct compose_source *sources)
{
	struct db_args *args = db_args_new(a);
	struct db_array *array = db_arg_array(args);
	int64_t most = share(c->facts, conf->report_lines_max);
	struct compose_event *lines;
	struct db_rows *rows;
	enum db_result r;

	for (size_t i = 0; i < c->facts->listed; i++)
		db_array_addr(array, &sources[i].address);
	array = db_arg_array(args);
	for (size_t i = 0; i < c->facts->listed; i++)
		db_array_int(array, c->after[i]);
	array = db_arg_array(args);
	for (size_t i = 0; i < c->facts->listed; i++)
		db_array_int(array, most);
	db_arg_int(args, c->upto);
	db_arg_int(args, conf->report_days);
	arg_kinds(args, conf);
	r = db_run(db, "report_lines", args, &rows);
	if (r != DB_OK)
		return r;
	lines = arena_array(a, db_rows_count(rows) + 1, sizeof *lines);
	for (size_t i = 0; i < db_rows_count(rows); i++) {
		struct compose_source *s = &sources[db_int(rows, i, 0) - 1];

		lines[i] = event_at(rows, i, a);
		if (s->line_count++ == 0)
			s->lines = &lines[i];
	}
	db_rows_free(rows);
	return DB_OK;
}

static enum db_result
read_answers(struct db *db, struct arena *a, const struct report_case *c,
    struct compose_source *sources)
{
	struct db_args *args = db_args_new(a);
	struct db_array *array = db_arg_array(args);
	struct db_rows *rows;
	enum db_result r;

	for (size_t i = 0; i < c->facts->listed; i++)
		db_array_addr(array, &sources[i].address);
	db_arg_int(args, c->contact);
	r = db_run(db, "report_answers", args, &rows);
	if (r != DB_OK)
		return r;
	for (size_t i = 0; i < db_rows_count(rows); i++) {
		struct compose_source *s = &sources[db_int(rows, i, 0) - 1];

		s->method = arena_string(a, db_string(rows, i, 1));
		s->asked_us = db_int(rows, i, 2);
	}
	db_rows_free(rows);
	return DB_OK;
}

enum db_result
report_rows_case(struct db *db, struct arena *a, const struct hub_conf *conf,
    int64_t contact, int64_t upto, struct report_case *out)
{
	struct compose_source *sources;
	enum db_result r;

	*out = (struct report_case){.contact = contact, .upto = upto,
	    .facts = arena_alloc(a, sizeof *out->facts)};
	r = read_sources(db, a, conf, out);
	if (r != DB_OK || out->facts->source_count == 0)
		return r;
	sources = arena_array(a, out->facts->source_count, sizeof *sources);
	memcpy(sources, out->facts->sources,
	    out->facts->source_count * sizeof *sources);
	r = read_lines(db, a, conf, out, sources);
	if (r == DB_OK)
		r = read_answers(db, a, out, sources);
	out->facts->sources = sources;
	return r;
}
