/*
 * What scan --unmatched prints: the shapes of messages that name somebody's
 * address and that no rule knows, the most frequent first.  A shape is the
 * message without what differs from line to line, and without what belongs to
 * people, so that it can be sent to whoever writes rules.
 */
#ifndef PLAINTIFF_SCAN_SHAPES_H
#define PLAINTIFF_SCAN_SHAPES_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/text.h"

struct buf;
struct scan_shapes;

enum { SCAN_SHAPE_BYTES = 160 };

struct scan_shapes *scan_shapes_open(void);
void scan_shapes_close(struct scan_shapes *s);

/* Counts the message of that line, if it names an address that is not the
 * machine's own (127.0.0.0/8, ::1).  Memory is bounded: of a great many
 * shapes the rarest are forgotten. */
void scan_shapes_add(struct scan_shapes *s, struct text program,
    struct text message, uint64_t line);

/* The shape of a message: addresses become IP, names in front of them HOST,
 * mail addresses MAIL, words with a digit N, what stands in <> or quotes
 * nothing.  At most SCAN_SHAPE_BYTES long.  *remote: it names an address as
 * above. */
size_t scan_shape(
    struct text message, char out[SCAN_SHAPE_BYTES], bool *remote);

/* Sorts and appends: as a table, or as one JSON object a line. */
void scan_shapes_print(struct scan_shapes *s, bool json, struct buf *out);

#endif
