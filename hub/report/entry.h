/*
 * One event in the one form that all parts of a report use: the table of the
 * text, the rows of the CSV and the evidence of XARF.  Rebuilt from stored
 * fields, never from the log line; the login is a token.  Pure; made by
 * compose, used by its parts.
 */
#ifndef PLAINTIFF_ENTRY_H
#define PLAINTIFF_ENTRY_H

#include "hub/report/redact.h"
#include "proto/base/clock.h"

struct arena;
struct buf;
struct compose_facts;

enum { ENTRY_PORT_BYTES = 6 };

/* "-" in each of them: unknown. */
struct entry {
	char time[CLOCK_TEXT_BYTES]; /* UTC, ISO 8601 with Z */
	char port[ENTRY_PORT_BYTES], destination_port[ENTRY_PORT_BYTES];
	char login[REDACT_LOGIN_BYTES];
	const char *source, *destination; /* in the arena */
	const char *service, *kind;       /* static storage */
};

/* For each listed source of the facts its events, in their order. */
const struct entry *const *entry_all(const struct compose_facts *f,
    struct arena *a);
/* The fields in the order of the table, with single blanks, and a line
 * end. */
void entry_write(struct buf *out, const struct entry *e);

#endif
