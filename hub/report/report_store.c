/* Storing a report; see report_store.h. */
#include "hub/report/report_store.h"

#include <assert.h>

#include "hub/conf.h"
#include "hub/report/compose.h"
#include "hub/report/report_rows.h"
#include "proto/base/arena.h"

enum db_result
report_store_lock(struct db *db, struct arena *a, const struct hub_conf *conf,
    int64_t contact, bool *due)
{
	struct db_args *args = db_args_new(a);
	struct db_rows *rows;
	enum db_result r;

	db_arg_int(args, contact);
	r = db_run(db, "report_lock", args, NULL);
	if (r != DB_OK)
		return r;
	db_arg_int(args, conf->report_every);
	r = db_run(db, "report_is_due", args, &rows);
	if (r != DB_OK)
		return r;
	*due = db_rows_count(rows) == 1 && db_flag(rows, 0, 0);
	db_rows_free(rows);
	return DB_OK;
}

static enum db_result
put_report(struct db *db, struct arena *a, const struct report_case *c,
    const char *subject, bool hold, int64_t *report)
{
	const struct compose_facts *f = c->facts;
	struct db_args *args = db_args_new(a);
	struct db_rows *rows;
	enum db_result r;

	db_arg_string(args, f->uuid);
	db_arg_int(args, c->contact);
	db_arg_string(args, hold ? "held" : "ready");
	db_arg_int(args, c->upto);
	db_arg_int(args, (int64_t)f->source_count);
	db_arg_int(args, f->events);
	db_arg_int(args, f->first_us);
	db_arg_int(args, f->last_us);
	db_arg_string(args, f->to);
	db_arg_string(args, subject);
	r = db_run(db, "report_insert", args, &rows);
	if (r != DB_OK)
		return r;
	*report = db_int(rows, 0, 0);
	db_rows_free(rows);
	return DB_OK;
}

static enum db_result
put_mail(struct db *db, struct arena *a, int64_t report, size_t n,
    const struct composed_mail *mail)
{
	struct db_args *args = db_args_new(a);

	db_arg_int(args, report);
	db_arg_int(args, (int64_t)n);
	db_arg_null(args); /* from report.from, as it is when it is sent */
	db_arg_string(args, mail->subject);
	db_arg_string(args, mail->message_id);
	db_arg_bytes(args, mail->mail.at, mail->mail.n);
	return db_run(db, "report_mail_insert", args, NULL);
}

static enum db_result
put_sources(struct db *db, struct arena *a, const struct report_case *c,
    int64_t report)
{
	const struct compose_facts *f = c->facts;
	struct db_args *args = db_args_new(a);
	struct db_array *address, *events, *first, *last, *after;

	db_arg_int(args, report);
	address = db_arg_array(args);
	events = db_arg_array(args);
	first = db_arg_array(args);
	last = db_arg_array(args);
	after = db_arg_array(args);
	for (size_t i = 0; i < f->source_count; i++) {
		db_array_addr(address, &f->sources[i].address);
		db_array_int(events, f->sources[i].events);
		db_array_int(first, f->sources[i].first_us);
		db_array_int(last, f->sources[i].last_us);
		db_array_int(after, c->after[i]);
	}
	db_arg_int(args, c->upto);
	return db_run(db, "report_sources_insert", args, NULL);
}

static enum db_result
advance(struct db *db, struct arena *a, const struct report_case *c)
{
	struct db_args *args = db_args_new(a);
	struct db_array *address = db_arg_array(args);

	for (size_t i = 0; i < c->facts->source_count; i++)
		db_array_addr(address, &c->facts->sources[i].address);
	db_arg_int(args, c->upto);
	return db_run(db, "report_advance", args, NULL);
}

enum db_result
report_store_put(struct db *db, struct arena *a, const struct report_case *c,
    const struct composed *mails, bool hold, int64_t *report)
{
	enum db_result r;

	assert(mails->count != 0);
	r = put_report(db, a, c, mails->mails[0].subject, hold, report);
	for (size_t i = 0; r == DB_OK && i < mails->count; i++)
		r = put_mail(db, a, *report, i + 1, &mails->mails[i]);
	if (r == DB_OK)
		r = put_sources(db, a, c, *report);
	if (r == DB_OK)
		r = advance(db, a, c);
	if (r == DB_OK)
		r = db_run(db, "report_notify", NULL, NULL);
	return r;
}
