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

/* A listed source: what the parts say of it, and its events in their
 * order. */
struct entries {
	const char *source; /* address, in the arena */
	char first[CLOCK_TEXT_BYTES], last[CLOCK_TEXT_BYTES];
	const struct entry *at;
};

/* For each listed source of the facts. */
const struct entries *entry_all(const struct compose_facts *f,
    struct arena *a);
/* The fields in the order of the table, with single blanks, and a line
 * end. */
void entry_write(struct buf *out, const struct entry *e);

#endif
