/* What reading cases is made of: the addresses of a batch of contacts, and
 * then their events.  For report_cases.c, report_events.c and report_few.c
 * only. */
#ifndef PLAINTIFF_REPORT_INSIDE_H
#define PLAINTIFF_REPORT_INSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hub/db.h"
#include "hub/report/compose.h"
#include "hub/report/report_rows.h"

struct arena;
struct hub_conf;

/* An address while its rows are read. */
struct found {
	struct compose_source source;
	struct report_mark mark;
};

/* A case while its rows are read. */
struct half {
	struct report_case kase;
	struct found *found; /* in the order of report_case's rows */
	size_t n;
	int64_t hosts;
	int64_t counted; /* new events, by the tallies */
	bool excused;    /* one of its addresses may be */
};

/* Columns that rows of events begin with, in binary form. */
enum {
	EVENT_N, /* number of the address, from 1 */
	EVENT_TIME,
	EVENT_KIND,
	EVENT_HOST,
	EVENT_PORT,
	EVENT_DESTINATION_PORT,
	EVENT_DESTINATION,
	EVENT_SERVICE,
	EVENT_LOGIN,
	EVENT_COLUMNS,
};

/* KIND_NONE: one of which this program does not know. */
enum kind report_event_kind(const struct db_rows *rows, size_t row);
/* In the arena; absent for NULL. */
struct text report_text(const struct db_rows *rows, size_t row, size_t column,
    struct arena *a);
/* All but its service. */
struct compose_event report_event(const struct db_rows *rows, size_t row,
    struct arena *a);

/* Reads the events of those contacts of the list of which no more were counted
 * than a mail lists, and of which none may be excused.  Leaves in the list, in
 * order, those to be read another way. */
enum db_result report_few_read(struct db *db, struct arena *a,
    const struct hub_conf *conf, struct half **list, size_t *count,
    int64_t upto) __attribute__((warn_unused_result));

/* Reads the events of all addresses of the halves, stored up to upto: lines,
 * sums and hosts of each, and hosts of each half. */
enum db_result report_events_read(struct db *db, struct arena *a,
    const struct hub_conf *conf, struct half *halves, size_t count,
    int64_t upto) __attribute__((warn_unused_result));

#endif
