/* The half of db.c that turns values into libpq's parameters and rows back
 * into values; seen by db.c and db_values.c only. */
#ifndef PLAINTIFF_DB_VALUES_H
#define PLAINTIFF_DB_VALUES_H

#include <stdint.h>

struct arena;
struct db_args;
struct db_rows;
struct pg_result;

/* Parameters as libpq takes them; in the arena and in the args. */
struct db_wire {
	int count;
	const char *const *values;
	const int *lengths;
	const int *formats;
};

struct db_wire db_args_wire(const struct db_args *args, struct arena *a);
/* Takes over the result. */
struct db_rows *db_rows_of(struct pg_result *r);
/* So many were changed by the statement. */
int64_t db_rows_changed(const struct db_rows *rows);

#endif
