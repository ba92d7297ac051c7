/* What is due; see report_rows.h. */
#include "hub/report/report_rows.h"

#include "hub/conf.h"
#include "proto/base/arena.h"

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
