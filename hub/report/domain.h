/*
 * The registrable domain of a mailbox, by the Public Suffix List: what caps
 * are counted by.  Pure; called by report.
 */
#ifndef PLAINTIFF_DOMAIN_H
#define PLAINTIFF_DOMAIN_H

struct arena;

/* Of a mailbox in lower case with its domain in A-labels, in the arena:
 * "isp.co.uk" for "abuse@noc.isp.co.uk"; the domain itself where it is a
 * public suffix or has none. */
const char *domain_of(const char *mailbox, struct arena *a);

#endif
