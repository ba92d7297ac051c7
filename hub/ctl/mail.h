/*
 * A composed mail on standard output: its exact bytes for a file or a pipe,
 * made harmless line by line for a terminal.
 */
#ifndef PLAINTIFF_CTL_MAIL_H
#define PLAINTIFF_CTL_MAIL_H

#include <stdbool.h>

#include "proto/base/text.h"

struct buf;

void mail_show(struct buf *out, struct text mail, bool terminal);

#endif
