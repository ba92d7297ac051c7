/* What contacts are due; see report_rows.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/conf.h"
#include "hub/report/report_inside.h"
#include "hub/report/report_rows.h"
#include "proto/base/arena.h"
#include "proto/base/log.h"

/* Columns of report_case. */
enum {
	CASE_CONTACT,
	CASE_ADDRESS,
	CASE_AFTER,
	CASE_FIXED,
	CASE_METHOD,
	CASE_ASKED,
	CASE_COUNTRY,
	CASE_ASN,
	CASE_PLACE,
};

/* Rows of report_case.  Returns the number of contacts. */
static size_t
read_addresses(const struct db_rows *rows, const struct hub_conf *conf,
    struct arena *a, struct half *halves)
{
	size_t count = db_rows_count(rows), n = 0;
	struct found *list = arena_array(a, count + 1, sizeof *list);

	for (size_t i = 0; i < count; i++) {
		struct addr address = db_addr(rows, i, CASE_ADDRESS);
		int64_t contact = db_int(rows, i, CASE_CONTACT);
		struct found *at = &list[i];

		if (address.family == 0)
			continue;
		/* the statement has left these out: this is for the day when
		 * somebody changes it */
		if (!hub_conf_reportable(conf, &address)) {
			log_error("unreportable address kept out of a report");
			continue;
		}
		if (n == 0 || halves[n - 1].kase.contact != contact)
			halves[n++].kase.contact = contact;
		if (halves[n - 1].n == 0)
			halves[n - 1].found = at;
		else
			at = &halves[n - 1].found[halves[n - 1].n];
		halves[n - 1].n++;
		at->source.address = address;
		at->mark = (struct report_mark){
		    .after = db_int(rows, i, CASE_AFTER),
		    .place = db_int(rows, i, CASE_PLACE)};
		at->source.again = db_flag(rows, i, CASE_FIXED);
		if (!db_is_null(rows, i, CASE_METHOD))
			at->source.method =
			    arena_string(a, db_string(rows, i, CASE_METHOD));
		at->source.asked_us = db_int(rows, i, CASE_ASKED);
		(void)snprintf(at->source.country, sizeof at->source.country,
		    "%s", db_string(rows, i, CASE_COUNTRY));
		at->source.asn = (uint32_t)db_int(rows, i, CASE_ASN);
	}
	return n;
}

/* A row of report_told. */
static void
fill_contact(struct half *h, const struct db_rows *rows, size_t i,
    struct arena *a)
{
	struct compose_facts *f = h->kase.facts;
	const char *mode = db_string(rows, i, 2);

	h->kase.mailbox = arena_string(a, db_string(rows, i, 1));
	h->kase.hold = strcmp(mode, "held") == 0;
	f->contact = h->kase.contact;
	if (!compose_mode_of_name(mode, &f->mode))
		f->mode = COMPOSE_CONSOLIDATED;
	/* the contact's country is that of its first address */
	f->language = language_choose(db_string(rows, i, 3),
	    h->found[0].source.country);
}

/* Both are in the order of contacts. */
static enum db_result
read_contacts(struct db *db, struct arena *a, struct half *halves, size_t n)
{
	struct db_args *args = db_args_new(a);
	struct db_array *contact = db_arg_array(args);
	struct db_rows *rows;
	size_t row = 0;
	enum db_result r;

	for (size_t i = 0; i < n; i++)
		db_array_int(contact, halves[i].kase.contact);
	r = db_run_binary(db, "report_told", args, &rows);
	if (r != DB_OK)
		return r;
	for (size_t i = 0; i < n; i++) {
		struct half *h = &halves[i];

		h->kase.facts = arena_alloc(a, sizeof *h->kase.facts);
		if (row < db_rows_count(rows) &&
		    db_int(rows, row, 0) == h->kase.contact)
			fill_contact(h, rows, row++, a);
		else
			h->n = 0; /* it is gone: nothing is said of it */
	}
	db_rows_free(rows);
	return DB_OK;
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
	struct report_mark *marks = arena_array(a, h->n + 1, sizeof *marks);
	struct compose_facts *f = h->kase.facts;

	qsort(h->found, h->n, sizeof *h->found, by_weight);
	while (f->source_count < h->n &&
	    h->found[f->source_count].source.events != 0) {
		sources[f->source_count] = h->found[f->source_count].source;
		marks[f->source_count] = h->found[f->source_count].mark;
		f->source_count++;
	}
	f->sources = sources;
	f->listed = f->source_count < (size_t)conf->report_sources_max
	    ? f->source_count
	    : (size_t)conf->report_sources_max;
	f->hosts = h->hosts;
	h->kase.marks = marks;
	sum_up(f);
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
	r = db_run_binary(db, "report_case", args, &rows);
	if (r != DB_OK)
		return r;
	count = read_addresses(rows, conf, a, halves);
	db_rows_free(rows);
	if (count == 0)
		return DB_OK;
	r = read_contacts(db, a, halves, count);
	if (r == DB_OK)
		r = report_events_read(db, a, conf, halves, count, upto);
	if (r != DB_OK)
		return r;
	for (size_t i = 0; i < count; i++) {
		complete(&halves[i], conf, a);
		halves[i].kase.upto = upto;
		if (halves[i].kase.facts->source_count != 0)
			out->at[out->n++] = halves[i].kase;
	}
	return DB_OK;
}
