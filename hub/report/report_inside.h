/* What reading cases is made of: the addresses of a batch of contacts, and
 * then their events.  For report_cases.c and report_events.c only. */
#ifndef PLAINTIFF_REPORT_INSIDE_H
#define PLAINTIFF_REPORT_INSIDE_H

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
	int64_t after;
};

/* A case while its rows are read. */
struct half {
	struct report_case kase;
	struct found *found; /* in the order of report_case's rows */
	size_t n;
	int64_t hosts;
};

/* Reads the events of all addresses of the halves, stored up to upto: lines,
 * sums and hosts of each, and hosts of each half. */
enum db_result report_events_read(struct db *db, struct arena *a,
    const struct hub_conf *conf, struct half *halves, size_t count,
    int64_t upto) __attribute__((warn_unused_result));

#endif
