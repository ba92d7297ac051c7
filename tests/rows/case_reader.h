/* Reading the case of one contact, as the tests of rows do. */
#ifndef PLAINTIFF_CASE_READER_H
#define PLAINTIFF_CASE_READER_H

#include <stdint.h>

#include "hub/report/report_rows.h"

/* Without sources when there is no case.  Reads it twice: with lines that are
 * summed up by the program, if the settings let all be listed, and with sums
 * in SQL; they must be the same. */
struct report_case case_read(struct db *db, struct arena *a,
    struct hub_conf *conf, int64_t contact, int64_t upto);

#endif
