/* tidy's side of the database; the statements are in schema/stmts/tidy.sql.
 * Each removes a bounded piece in one transaction; *removed tells how much,
 * 0 when nothing is left to remove. */
#ifndef PLAINTIFF_TIDY_ROWS_H
#define PLAINTIFF_TIDY_ROWS_H

#include <stdint.h>

#include "hub/db.h"

struct arena;
struct hub_conf;

/* Makes the partitions for all days that events may come for. */
enum db_result tidy_rows_partitions(struct db *db, struct arena *a,
    const struct hub_conf *conf, int64_t *made);

/* Drops the oldest day's partition of what is past its time; what the
 * conservation law needs of it goes to agent_past. */
enum db_result tidy_rows_drop(struct db *db, struct arena *a,
    const struct hub_conf *conf, int64_t *removed);
/* set_aside, counted in agent_past. */
enum db_result tidy_rows_set_aside(struct db *db, struct arena *a,
    const struct hub_conf *conf, int64_t *removed);
/* Answers, but never the newest of an address. */
enum db_result tidy_rows_answers(struct db *db, struct arena *a,
    const struct hub_conf *conf, int64_t *removed);
enum db_result tidy_rows_tallies(struct db *db, struct arena *a,
    const struct hub_conf *conf, int64_t *removed);
/* What stands for logins in tallies and sources goes with the evidence, but
 * not before thresholds need it no more. */
enum db_result tidy_rows_logins(struct db *db, struct arena *a,
    const struct hub_conf *conf, int64_t *removed);
enum db_result tidy_rows_outages(struct db *db, struct arena *a,
    const struct hub_conf *conf, int64_t *removed);
/* Reports that are over: sent or failed, and their week too. */
enum db_result tidy_rows_reports(struct db *db, struct arena *a,
    const struct hub_conf *conf, int64_t *removed);
/* When addresses were exits of Tor, and what was answered for. */
enum db_result tidy_rows_tor(struct db *db, struct arena *a,
    const struct hub_conf *conf, int64_t *removed);

#endif
