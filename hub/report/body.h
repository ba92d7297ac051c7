/*
 * The text of a report: greeting, facts, addresses, table of events, what is
 * attached, how to answer.  UTF-8, LF, wrapped where an address allows it: an
 * address is never cut.  Pure; called by compose.
 */
#ifndef PLAINTIFF_BODY_H
#define PLAINTIFF_BODY_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;
struct compose_facts;

/* What else the mail has, and how many mails there are. */
struct body_around {
	bool csv;         /* report.csv is attached */
	size_t documents; /* xarf.json, xarf-2.json ... */
	size_t mails;     /* of this report */
};

void body_write(struct buf *out, const struct compose_facts *f,
    const struct body_around *around, struct arena *a);

/* The parts of it that have files of their own. */
void body_sources(struct buf *out, const struct compose_facts *f,
    struct arena *a);
void body_events(struct buf *out, const struct compose_facts *f);

#endif
