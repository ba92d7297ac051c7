/* Storing reports; see report_store.h. */
#include "hub/report/report_store.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "hub/conf.h"
#include "hub/report/compose.h"
#include "hub/report/report_rows.h"
#include "proto/base/arena.h"
#include "proto/base/log.h"

enum db_result
report_store_domainless(struct db *db, struct arena *a,
    struct report_domainless **list, size_t *n)
{
	struct db_rows *rows;
	enum db_result r = db_run(db, "report_domainless", NULL, &rows);

	if (r != DB_OK)
		return r;
	*n = db_rows_count(rows);
	*list = arena_array(a, *n + 1, sizeof **list);
	for (size_t i = 0; i < *n; i++)
		(*list)[i] = (struct report_domainless){
		    .contact = db_int(rows, i, 0),
		    .key = arena_string(a, db_string(rows, i, 1))};
	db_rows_free(rows);
	return DB_OK;
}

enum db_result
report_store_domains(struct db *db, struct arena *a,
    const struct report_domainless *list, size_t n)
{
	struct db_args *args = db_args_new(a);
	struct db_array *contact = db_arg_array(args);
	struct db_array *domain = db_arg_array(args);

	for (size_t i = 0; i < n; i++) {
		db_array_int(contact, list[i].contact);
		db_array_text(domain, text_of(list[i].domain));
	}
	return db_run(db, "report_domains", args, NULL);
}

enum db_result
report_store_draw(struct db *db, struct arena *a, const struct hub_conf *conf,
    int64_t upto)
{
	struct db_args *args = db_args_new(a);
	enum db_result r;

	if (conf->report_held_share == 0)
		return DB_OK;
	db_arg_int(args, upto);
	r = db_run(db, "report_draw", NULL, NULL);
	return r == DB_OK ? db_run(db, "report_control", args, NULL) : r;
}

enum db_result
report_store_unpurged(struct db *db, bool *may)
{
	struct db_rows *rows;
	enum db_result r = db_run(db, "report_unpurged", NULL, &rows);

	if (r != DB_OK)
		return r;
	*may = db_flag(rows, 0, 0);
	db_rows_free(rows);
	return DB_OK;
}

enum db_result
report_store_claim(struct db *db, struct arena *a,
    const struct hub_conf *conf, struct report_contacts contacts,
    struct report_contacts *claimed)
{
	struct db_args *args = db_args_new(a);
	struct db_rows *rows;
	enum db_result r;

	report_arg_contacts(args, contacts);
	db_arg_int(args, conf->report_every);
	r = db_run(db, "report_claim", args, &rows);
	if (r == DB_OK)
		*claimed = report_take_contacts(rows, a);
	return r;
}

static bool
has_caps(const struct hub_conf *conf)
{
	return conf->report_domain_week != 0 || conf->report_mx_week != 0 ||
	    conf->report_new_day != 0 || conf->report_mails_hour != 0;
}

enum db_result
report_store_room(struct db *db, struct arena *a, const struct hub_conf *conf,
    struct report_contacts contacts, struct report_contacts *room)
{
	struct db_args *args = db_args_new(a);
	struct db_rows *rows;
	enum db_result r;

	*room = contacts;
	if (!has_caps(conf) || contacts.n == 0)
		return DB_OK;
	report_arg_contacts(args, contacts);
	r = db_run(db, "report_room_lock", NULL, NULL);
	if (r == DB_OK)
		r = db_run(db, "report_room", args, &rows);
	if (r == DB_OK)
		*room = report_take_contacts(rows, a);
	return r;
}

/* Gives each of them its number. */
static enum db_result
put_reports(struct db *db, struct arena *a, struct report_made *made, size_t n)
{
	struct db_args *args = db_args_new(a);
	struct db_array *columns[10];
	struct db_rows *rows;
	enum db_result r;

	for (size_t i = 0; i < 10; i++)
		columns[i] = db_arg_array(args);
	for (size_t i = 0; i < n; i++) {
		const struct report_case *c = made[i].kase;
		const struct compose_facts *f = c->facts;

		db_array_text(columns[0], text_of(f->uuid));
		db_array_int(columns[1], c->contact);
		db_array_text(columns[2],
		    text_of(made[i].hold ? "held" : "ready"));
		db_array_int(columns[3], c->upto);
		db_array_int(columns[4], (int64_t)f->source_count);
		db_array_int(columns[5], f->events);
		db_array_int(columns[6], f->first_us);
		db_array_int(columns[7], f->last_us);
		db_array_text(columns[8], text_of(f->to));
		db_array_text(columns[9],
		    text_of(made[i].mails.mails[0].subject));
	}
	r = db_run(db, "report_insert", args, &rows);
	if (r != DB_OK)
		return r;
	for (size_t i = 0; i < n; i++)
		made[i].report = db_int(rows, i, 0);
	db_rows_free(rows);
	return DB_OK;
}

static enum db_result
put_mails(struct db *db, const struct report_made *made, size_t n)
{
	struct db_copy *copy = db_copy_open(db, "report_mail_copy");

	for (size_t i = 0; i < n; i++) {
		assert(made[i].mails.count != 0);
		for (size_t j = 0; j < made[i].mails.count; j++) {
			const struct composed_mail *m =
			    &made[i].mails.mails[j];

			db_copy_row(copy, 6);
			db_copy_int8(copy, made[i].report);
			db_copy_int4(copy, (int32_t)j + 1);
			/* absent: from report.from, as it is when it is
			 * sent */
			db_copy_text(copy, text_of(made[i].mails.sender));
			db_copy_text(copy, text_of(m->subject));
			db_copy_text(copy, text_of(m->message_id));
			db_copy_bytes(copy, m->mail.at, m->mail.n);
		}
	}
	return db_copy_close(copy);
}

static enum db_result
put_sources(struct db *db, const struct report_made *made, size_t n,
    int64_t upto)
{
	struct db_copy *copy = db_copy_open(db, "report_source_copy");

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < made[i].kase->facts->source_count;
		     j++) {
			const struct compose_source *s =
			    &made[i].kase->facts->sources[j];

			db_copy_row(copy, 7);
			db_copy_int8(copy, made[i].report);
			db_copy_addr(copy, &s->address);
			db_copy_int8(copy, s->events);
			db_copy_time(copy, s->first_us);
			db_copy_time(copy, s->last_us);
			db_copy_int8(copy, made[i].kase->marks[j].after);
			db_copy_int8(copy, upto);
		}
	return db_copy_close(copy);
}

/* An address of a mail, as it was when its events were read. */
struct mark {
	const struct addr *address;
	int64_t contact;
	const struct report_mark *was;
};

/* As PostgreSQL orders them; so do all who change many of them, so that none
 * of two waits for the other. */
static int
by_address(const void *x, const void *y)
{
	const struct mark *a = x, *b = y;

	if (a->address->family != b->address->family)
		return a->address->family < b->address->family ? -1 : 1;
	return memcmp(a->address->bytes, b->address->bytes,
	    addr_length(a->address));
}

static struct mark *
marks_of(const struct report_made *made, size_t n, size_t *count,
    struct arena *a)
{
	struct mark *list;

	*count = 0;
	for (size_t i = 0; i < n; i++)
		*count += made[i].kase->facts->source_count;
	list = arena_array(a, *count + 1, sizeof *list);
	*count = 0;
	for (size_t i = 0; i < n; i++) {
		const struct report_case *c = made[i].kase;

		for (size_t j = 0; j < c->facts->source_count; j++)
			list[(*count)++] = (struct mark){
			    .address = &c->facts->sources[j].address,
			    .contact = c->contact,
			    .was = &c->marks[j]};
	}
	qsort(list, *count, sizeof *list, by_address);
	return list;
}

static struct db_args *
marks_args(const struct mark *list, size_t n, int64_t upto, bool places,
    struct arena *a)
{
	struct db_args *args = db_args_new(a);
	struct db_array *address = db_arg_array(args);
	struct db_array *contact = db_arg_array(args);
	struct db_array *after = db_arg_array(args);
	struct db_array *place;

	for (size_t i = 0; i < n; i++) {
		db_array_addr(address, list[i].address);
		db_array_int(contact, list[i].contact);
		db_array_int(after, list[i].was->after);
	}
	db_arg_int(args, upto);
	if (!places)
		return args;
	place = db_arg_array(args);
	for (size_t i = 0; i < n; i++)
		db_array_tid(place, list[i].was->place);
	return args;
}

static enum db_result
advance(struct db *db, struct arena *a, const struct report_made *made,
    size_t n, int64_t upto)
{
	size_t count;
	const struct mark *list = marks_of(made, n, &count, a);
	int64_t moved, more = 0;
	enum db_result r = db_run_count(db, "report_advance",
	    marks_args(list, count, upto, true, a), &moved);

	if (r == DB_OK && moved < (int64_t)count)
		r = db_run_count(db, "report_advance_moved",
		    marks_args(list, count, upto, false, a), &more);
	moved += more;
	if (r != DB_OK || moved == (int64_t)count)
		return r;
	log_info("addresses were changed meanwhile addresses=%zu",
	    count - (size_t)moved);
	db_rollback(db);
	return DB_CONFLICT;
}

/* What the administrator asked for is done. */
static enum db_result
end_forced(struct db *db, struct arena *a, const struct report_made *made,
    size_t n)
{
	struct db_args *args = db_args_new(a);
	struct db_array *contact = db_arg_array(args);

	for (size_t i = 0; i < n; i++)
		db_array_int(contact, made[i].kase->contact);
	return db_run(db, "report_forced", args, NULL);
}

enum db_result
report_store_put(struct db *db, struct arena *a, struct report_made *made,
    size_t n, int64_t upto)
{
	enum db_result r = put_reports(db, a, made, n);

	if (r == DB_OK)
		r = put_mails(db, made, n);
	if (r == DB_OK)
		r = put_sources(db, made, n, upto);
	if (r == DB_OK)
		r = advance(db, a, made, n, upto);
	if (r == DB_OK)
		r = end_forced(db, a, made, n);
	if (r == DB_OK)
		r = db_run(db, "report_notify", NULL, NULL);
	return r;
}
