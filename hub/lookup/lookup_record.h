/*
 * Recording of what lookup has found out: registered ranges, contacts, the
 * addresses' states, and what each source said.  Called by lookup.c.
 */
#ifndef PLAINTIFF_LOOKUP_LOOKUP_RECORD_H
#define PLAINTIFF_LOOKUP_LOOKUP_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "hub/db.h"

struct arena;
struct lookup_case;

/* All in one transaction; addresses whose lease is no longer ours are left
 * alone.  *recorded: how many were.  Sets network of answers of RDAP. */
enum db_result lookup_record(struct db *db, struct arena *a, int64_t lease_us,
    struct lookup_case *const *cases, size_t n, size_t *recorded)
    __attribute__((warn_unused_result));

#endif
