/*
 * The text in front of the facts: the operator's, or the built-in one.  It is
 * a template: {addresses}, {events}, {first}, {last}, {servers},
 * {organisation}, {report_id} and {reply_to} stand for the facts of the
 * report; "{{" and "}}" are the characters.  Called by letter (check) and
 * body.
 */
#ifndef PLAINTIFF_GREETING_H
#define PLAINTIFF_GREETING_H

#include "proto/base/text.h"

struct buf;
struct compose_facts;

/* Does the file hold only fields that there are?  -1: no, each logged with
 * file, line and the nearest right name. */
int greeting_check(struct text t, const char *path)
    __attribute__((warn_unused_result));

/* The greeting of the facts: fields filled in, unprintable bytes left out,
 * long lines broken. */
void greeting_write(struct buf *out, const struct compose_facts *f);

#endif
