/* Storing reports; see report_store.h. */
#include "hub/report/report_store.h"

#include <assert.h>

#include "hub/conf.h"
#include "hub/report/compose.h"
#include "hub/report/report_rows.h"
#include "proto/base/arena.h"

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
report_store_claim(struct db *db, struct arena *a,
    const struct hub_conf *conf, struct report_contacts contacts,
    struct report_contacts *claimed)
{
	struct db_args *args = db_args_new(a), *lock = db_args_new(a);
	struct db_rows *rows;
	enum db_result r;

	report_arg_contacts(args, contacts);
	db_arg_int(args, conf->report_every);
	r = db_run(db, "report_claim", args, &rows);
	if (r != DB_OK)
		return r;
	*claimed = report_take_contacts(rows, a);
	report_arg_contacts(lock, *claimed);
	return claimed->n == 0 ? DB_OK : db_run(db, "report_lock", lock, NULL);
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
put_mail(struct db *db, struct arena *a, int64_t report, size_t n,
    const char *sender, const struct composed_mail *mail)
{
	struct db_args *args = db_args_new(a);

	db_arg_int(args, report);
	db_arg_int(args, (int64_t)n);
	/* NULL: from report.from, as it is when it is sent */
	db_arg_string(args, sender);
	db_arg_string(args, mail->subject);
	db_arg_string(args, mail->message_id);
	db_arg_bytes(args, mail->mail.at, mail->mail.n);
	return db_run(db, "report_mail_insert", args, NULL);
}

static enum db_result
put_sources(struct db *db, struct arena *a, const struct report_made *made,
    size_t n, int64_t upto)
{
	struct db_args *args = db_args_new(a);
	struct db_array *columns[6];

	for (size_t i = 0; i < 6; i++)
		columns[i] = db_arg_array(args);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < made[i].kase->facts->source_count;
		     j++) {
			const struct compose_source *s =
			    &made[i].kase->facts->sources[j];

			db_array_int(columns[0], made[i].report);
			db_array_addr(columns[1], &s->address);
			db_array_int(columns[2], s->events);
			db_array_int(columns[3], s->first_us);
			db_array_int(columns[4], s->last_us);
			db_array_int(columns[5], made[i].kase->after[j]);
		}
	db_arg_int(args, upto);
	return db_run(db, "report_sources_insert", args, NULL);
}

/* The marks of the addresses, and what the administrator asked for. */
static enum db_result
advance(struct db *db, struct arena *a, const struct report_made *made,
    size_t n, int64_t upto)
{
	struct db_args *args = db_args_new(a), *forced = db_args_new(a);
	struct db_array *address = db_arg_array(args);
	struct db_array *contact = db_arg_array(forced);
	enum db_result r;

	for (size_t i = 0; i < n; i++) {
		const struct compose_facts *f = made[i].kase->facts;

		for (size_t j = 0; j < f->source_count; j++)
			db_array_addr(address, &f->sources[j].address);
		db_array_int(contact, made[i].kase->contact);
	}
	db_arg_int(args, upto);
	r = db_run(db, "report_advance", args, NULL);
	return r == DB_OK ? db_run(db, "report_forced", forced, NULL) : r;
}

enum db_result
report_store_put(struct db *db, struct arena *a, struct report_made *made,
    size_t n, int64_t upto)
{
	enum db_result r = n == 0 ? DB_OK : put_reports(db, a, made, n);

	for (size_t i = 0; r == DB_OK && i < n; i++) {
		const struct composed *mails = &made[i].mails;

		assert(mails->count != 0);
		for (size_t j = 0; r == DB_OK && j < mails->count; j++)
			r = put_mail(db, a, made[i].report, j + 1,
			    mails->sender, &mails->mails[j]);
	}
	if (r == DB_OK)
		r = put_sources(db, a, made, n, upto);
	if (r == DB_OK)
		r = advance(db, a, made, n, upto);
	if (r == DB_OK)
		r = db_run(db, "report_notify", NULL, NULL);
	return r;
}
