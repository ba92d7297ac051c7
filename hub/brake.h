/*
 * The switch that stops all reports, and the clock they go by.  The week is
 * counted by the database's clock; were that clock set wrongly, mails would
 * go too early.  So it is compared with CLOCK_BOOTTIME, which nobody sets:
 * when the two have moved apart by more than 10 minutes since they were last
 * compared, everything stops until an operator accepts the clock.
 *
 * Called by report, and by deliver inside the transaction of a claim.  The
 * statement is brake_tick in schema/stmts/report.sql.
 */
#ifndef PLAINTIFF_BRAKE_H
#define PLAINTIFF_BRAKE_H

#include "hub/db.h"

struct arena;

/* This host as two arguments: the id of its boot, and CLOCK_BOOTTIME in
 * microseconds. */
void brake_arg_host(struct db_args *args);

/* *why NULL: go on.  Otherwise a sentence in the arena: nothing may be
 * composed or sent.  What it writes must be committed also then. */
enum db_result brake_tick(struct db *db, struct arena *a, const char **why)
    __attribute__((warn_unused_result));

#endif
