/* tidy's statements; see tidy_rows.h. */
#include "hub/tidy/tidy_rows.h"

#include "hub/conf.h"
#include "hub/db.h"
#include "proto/base/log.h"

enum { DAYS_AHEAD = 3 };

int
tidy_rows_partitions(struct db *db, struct arena *a,
    const struct hub_conf *conf)
{
	struct db_args *args = db_args_new(a);
	struct db_rows *rows;

	db_arg_int(args, conf->tidy_backlog_days);
	db_arg_int(args, DAYS_AHEAD);
	if (db_run(db, "tidy_partitions_make", args, &rows) != DB_OK)
		return -1;
	if (db_int(rows, 0, 0) != 0)
		log_notice("partitions made count=%lld",
		    (long long)db_int(rows, 0, 0));
	db_rows_free(rows);
	return 0;
}
