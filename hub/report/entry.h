/*
 * One event in the one form that all parts of a report use: the table of the
 * text, the rows of the CSV and the evidence of XARF.  Rebuilt from stored
 * fields, never from the log line; the login is a token.  Pure; called by the
 * parts of compose.
 */
#ifndef PLAINTIFF_ENTRY_H
#define PLAINTIFF_ENTRY_H

#include "hub/report/redact.h"
#include "proto/base/addr.h"
#include "proto/base/clock.h"

struct buf;
struct compose_event;
struct compose_facts;
struct compose_source;

enum { ENTRY_PORT_BYTES = 6 };

/* "-" in each of them: unknown. */
struct entry {
	char time[CLOCK_TEXT_BYTES]; /* UTC, ISO 8601 with Z */
	char source[ADDR_TEXT_BYTES], port[ENTRY_PORT_BYTES];
	char destination[ADDR_TEXT_BYTES], destination_port[ENTRY_PORT_BYTES];
	char login[REDACT_LOGIN_BYTES];
	const char *service, *kind; /* static storage */
};

void entry_of(struct entry *out, const struct compose_facts *f,
    const struct compose_source *s, const struct compose_event *e);
/* The fields in the order of the table, with single blanks, and a line
 * end. */
void entry_write(struct buf *out, const struct entry *e);

#endif
