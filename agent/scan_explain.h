/*
 * What scan --explain prints: for each line the rule that knows it, or the
 * nearest and the column where it stopped.
 */
#ifndef PLAINTIFF_SCAN_EXPLAIN_H
#define PLAINTIFF_SCAN_EXPLAIN_H

#include <stdint.h>

#include "agent/detect.h"

struct rules;

/* Appends what became of the line. */
void scan_explain(struct buf *out, const struct rules *r, struct arena *a,
    uint64_t number, struct text line, enum detect_result result,
    const struct event *e);

#endif
