/* tidy's side of the database; the statements are in schema/stmts/tidy.sql. */
#ifndef PLAINTIFF_TIDY_ROWS_H
#define PLAINTIFF_TIDY_ROWS_H

struct arena;
struct db;
struct hub_conf;

/* Makes the partitions for all days that events may come for. 0, or -1 when
 * the database did not do it (logged). */
int tidy_rows_partitions(struct db *db, struct arena *a,
    const struct hub_conf *conf);

#endif
