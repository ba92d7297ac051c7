/*
 * How many equal lines there were: two equal lines of one second are two
 * events, and which of them a line is has to come out the same when it is
 * read again.  Kept for a minute of log time of each host.
 */
#ifndef PLAINTIFF_ORDINAL_H
#define PLAINTIFF_ORDINAL_H

#include <stdint.h>

#include "proto/base/buf.h"
#include "proto/base/text.h"

struct event;
struct ordinals;

struct ordinals *ordinals_open(void);
void ordinals_close(struct ordinals *o);

/* Which of the lines with this id (made with ordinal 0) on this host it is,
 * from 0. */
uint32_t ordinals_next(struct ordinals *o, const struct event *e);

/* As bytes and back; load forgets all there was, and refuses (-1) bytes that
 * save did not write. */
void ordinals_save(const struct ordinals *o, struct buf *out);
int ordinals_load(struct ordinals *o, struct text bytes)
    __attribute__((warn_unused_result));

#endif
