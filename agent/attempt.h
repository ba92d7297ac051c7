/*
 * Which log lines tell of one login attempt again.  Dovecot can log a failed
 * login three times: PAM's line, that of its authentication, and one of the
 * login process when the connection ends, for all attempts in it.  Whoever is
 * accused shall not be accused thrice of one attempt.
 *
 * Two different attempts are never taken for one: lines belong together by
 * Dovecot's session id, or, for PAM's line, which has none, one to one by
 * host, address and login.  The memory is bounded and does not outlive the
 * process; what is forgotten is counted twice, not lost.  Called by detect.c.
 */
#ifndef PLAINTIFF_ATTEMPT_H
#define PLAINTIFF_ATTEMPT_H

#include <stdbool.h>

#include "agent/rules.h"
#include "proto/base/text.h"

struct attempts;
struct event;

struct attempts *attempts_open(void);
void attempts_close(struct attempts *a);

/* Did an earlier line tell of the same attempt?  Remembers this one.  session
 * is absent when the line has none. */
bool attempts_is_told(struct attempts *a, enum rule_attempt line,
    const struct event *e, struct text session);

#endif
