/*
 * The administrator's statements about what is reported; they are in
 * schema/stmts/ctl.sql.  All arguments are texts; NULL is NULL.
 */
#ifndef PLAINTIFF_CTL_DECIDE_ROWS_H
#define PLAINTIFF_CTL_DECIDE_ROWS_H

#include <stddef.h>
#include <stdint.h>

struct ctl;
struct db_rows;

enum { DECIDE_ARGS_MOST = 4 };

/* Runs it with the n arguments; *rows NULL pointer: not wanted.  0, or -1
 * (logged). */
int decide_rows_run(struct ctl *c, const char *statement,
    const char *const *args, size_t n, struct db_rows **rows);
/* Its only row's first number in *count; *count -1: no row. */
int decide_rows_count(struct ctl *c, const char *statement,
    const char *const *args, size_t n, int64_t *count);

/* Accepts the clock: running weeks move by as much as it has; *apart, in the
 * arena, says by how much.  0, or -1 (logged). */
int decide_rows_clock(struct ctl *c, const char *who, const char **apart);

/* What a purge did. */
struct decide_purged {
	int64_t removed, kept; /* events gone; now another agent's */
	int64_t held;          /* reports that were ready */
};
/* All rows that only this agent vouches for, in one transaction. */
int decide_rows_purge(struct ctl *c, const char *name,
    struct decide_purged *out);

/* Who says so: the name of the user, also behind sudo. */
const char *decide_who(struct ctl *c);

#endif
