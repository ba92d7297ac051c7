/*
 * A composed mail in the administrator's hands: on standard output, or sent
 * to himself.  No database.  Called by report.c and preview.c.
 */
#ifndef PLAINTIFF_CTL_MAIL_H
#define PLAINTIFF_CTL_MAIL_H

#include <stdbool.h>

#include "proto/base/text.h"

struct arena;
struct buf;
struct hub_conf;

/* Appends the exact bytes for a file or a pipe; for a terminal line by line,
 * made harmless. */
void mail_show(struct buf *out, struct text mail, bool terminal);

/* Can mail be sent or written, as the settings are?  -1: logged. */
int mail_ready(const struct hub_conf *conf) __attribute__((warn_unused_result));
/* Sends to `to`, or writes to-me-NAME.eml while the hub is not live.  False:
 * not, or not certainly; *said tells, in the arena. */
bool mail_to_me(const struct hub_conf *conf, const char *name, const char *to,
    struct text mail, struct arena *a, const char **said);

#endif
