/*
 * What scan --json prints: an event as one JSON object (RFC 8259) a line.
 */
#ifndef PLAINTIFF_SCAN_JSON_H
#define PLAINTIFF_SCAN_JSON_H

#include <stdint.h>

struct buf;
struct event;

/* Appends the event of that line, with its LF. */
void scan_json_add(struct buf *out, uint64_t line, const struct event *e);

#endif
