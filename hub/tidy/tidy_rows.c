/* tidy's statements; see tidy_rows.h. */
#include "hub/tidy/tidy_rows.h"

#include "hub/conf.h"
#include "hub/db.h"

enum {
	DAYS_AHEAD = 3,
	PIECE = 5000, /* rows removed by one transaction */
};

static int64_t
longer(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Days that events are kept: at least those that they may still come for, or
 * tidy would make and drop the same partition for ever. */
static int64_t
event_days(const struct hub_conf *conf)
{
	return longer(conf->tidy_event_days, conf->tidy_backlog_days);
}

enum db_result
tidy_rows_partitions(struct db *db, struct arena *a,
    const struct hub_conf *conf, int64_t *made)
{
	struct db_args *args = db_args_new(a);

	db_arg_int(args, conf->tidy_backlog_days);
	db_arg_int(args, DAYS_AHEAD);
	return db_run_number(db, "tidy_partitions_make", args, made);
}

enum db_result
tidy_rows_drop(struct db *db, struct arena *a, const struct hub_conf *conf,
    int64_t *removed)
{
	struct db_args *args = db_args_new(a);

	db_arg_int(args, event_days(conf));
	db_arg_int(args, conf->tidy_evidence_days);
	db_arg_int(args, conf->tidy_backlog_days);
	return db_run_number(db, "tidy_partitions_drop", args, removed);
}

static enum db_result
piece(struct db *db, struct arena *a, const char *statement, int64_t days,
    int64_t *removed)
{
	struct db_args *args = db_args_new(a);

	db_arg_int(args, days);
	db_arg_int(args, PIECE);
	return db_run_number(db, statement, args, removed);
}

enum db_result
tidy_rows_set_aside(struct db *db, struct arena *a,
    const struct hub_conf *conf, int64_t *removed)
{
	return piece(db, a, "tidy_set_aside", event_days(conf), removed);
}

enum db_result
tidy_rows_answers(struct db *db, struct arena *a, const struct hub_conf *conf,
    int64_t *removed)
{
	return piece(db, a, "tidy_answers", conf->tidy_report_days, removed);
}

enum db_result
tidy_rows_tallies(struct db *db, struct arena *a, const struct hub_conf *conf,
    int64_t *removed)
{
	/* never before their events, or the two would not agree */
	return piece(db, a, "tidy_tallies",
	    longer(conf->tidy_report_days, event_days(conf)), removed);
}

enum db_result
tidy_rows_logins(struct db *db, struct arena *a, const struct hub_conf *conf,
    int64_t *removed)
{
	/* a day more: a day of tallies is within the window in part */
	return piece(db, a, "tidy_logins",
	    longer(conf->tidy_evidence_days, conf->report_days) + 1, removed);
}

enum db_result
tidy_rows_outages(struct db *db, struct arena *a, const struct hub_conf *conf,
    int64_t *removed)
{
	/* as long as there are events that it excuses */
	return piece(db, a, "tidy_outages", event_days(conf), removed);
}

enum db_result
tidy_rows_reports(struct db *db, struct arena *a, const struct hub_conf *conf,
    int64_t *removed)
{
	/* a report is what keeps the next one away */
	int64_t quiet_days = conf->report_every / 86400 + 1;

	return piece(db, a, "tidy_reports",
	    longer(conf->tidy_report_days, quiet_days), removed);
}

enum db_result
tidy_rows_tor(struct db *db, struct arena *a, const struct hub_conf *conf,
    int64_t *removed)
{
	/* as long as there are events to be judged */
	return piece(db, a, "tidy_tor",
	    longer(conf->tidy_report_days, event_days(conf)), removed);
}
