/*
 * The text of a report: greeting, facts, addresses, table of events, where
 * the contact is from, how to answer.  UTF-8, LF, wrapped at 75 columns
 * where an address allows it: an address is never cut.  Pure; called by
 * compose.
 */
#ifndef PLAINTIFF_BODY_H
#define PLAINTIFF_BODY_H

struct buf;
struct compose_facts;

void body_write(struct buf *out, const struct compose_facts *f);

#endif
