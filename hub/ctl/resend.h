/*
 * Telling a contact although thresholds say no; see resend.c.  Called by
 * preview.c, which has the other ways of `report send`.
 */
#ifndef PLAINTIFF_CTL_RESEND_H
#define PLAINTIFF_CTL_RESEND_H

struct ctl;

/* The contact is told next.  The exit code; refused, with the reason, while
 * something else than a threshold is in the way. */
int resend_force(struct ctl *c, const char *mailbox);

#endif
