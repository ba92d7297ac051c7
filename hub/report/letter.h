/*
 * A case and the settings together make a mail: greeting file, sender, a new
 * random id, the time.  What is impure about composing is here.  Called by
 * report and by previews.
 */
#ifndef PLAINTIFF_LETTER_H
#define PLAINTIFF_LETTER_H

#include "proto/base/text.h"

struct arena;
struct composed;
struct hub_conf;
struct report_case;

/* The operator's greeting, absent for the built-in one.  -1: the file
 * cannot be used, logged; nothing must be sent with another text. */
int letter_greeting(const struct hub_conf *conf, struct arena *a,
    struct text *out) __attribute__((warn_unused_result));

/* Completes c->facts and composes a mail to that mailbox.  -1: logged. */
int letter_write(const struct hub_conf *conf, struct arena *a,
    struct report_case *c, const char *to, struct text greeting,
    struct composed *out) __attribute__((warn_unused_result));

#endif
