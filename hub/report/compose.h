/*
 * One report as the bytes of one mail.  Pure: the same facts give the same
 * bytes; no database, no clock, no randomness.  Called by report and by the
 * previews of the administrator's command.
 *
 * The only texts of others that get into a mail are addresses (formatted by
 * us), times and numbers, the contact's mailbox (checked here once more) and
 * the operator's own name and greeting.  No login, recipient, HELO, queue
 * id, host name or log line.
 */
#ifndef PLAINTIFF_COMPOSE_H
#define PLAINTIFF_COMPOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/addr.h"
#include "proto/base/text.h"
#include "proto/kind.h"

struct arena;

struct compose_event {
	int64_t time_us;
	uint16_t port; /* the source's; 0: unknown */
	struct addr destination;   /* ours; family 0: unknown */
	uint16_t destination_port; /* 0: unknown */
	enum kind kind;
	struct text service; /* as logged */
};

struct compose_source {
	struct addr address;
	int64_t events;
	int64_t hosts; /* of ours that saw it */
	int64_t first_us, last_us;
	int64_t kinds[KIND_COUNT]; /* events by kind */
	const char *method; /* contact source; NULL: not known any more */
	int64_t asked_us;   /* when it answered */
	const struct compose_event *lines; /* those to list, oldest first */
	size_t line_count;
};

struct compose_facts {
	const char *uuid;         /* of the report, lower case with dashes */
	int64_t made_us;          /* Date */
	const char *organisation; /* UTF-8; "" for none */
	const char *from;         /* mailbox */
	const char *reply_to;     /* mailbox */
	const char *domain;       /* behind the @ of the Message-ID */
	const char *to;           /* mailbox: the one recipient */
	struct text greeting;     /* UTF-8; absent: the built-in one */
	const struct compose_source *sources; /* in the order to show */
	size_t source_count;
	size_t listed; /* how many of them to list; the rest is counted */
	int64_t events, hosts, first_us, last_us; /* over all sources */
	int64_t kinds[KIND_COUNT];
};

struct composed {
	const char *subject;
	const char *message_id; /* without the brackets */
	struct text mail;       /* RFC 5322, CRLF */
};

/* Is this one plain mailbox, fit for a header and an envelope: ASCII
 * dot-atom, one @, a domain of letters, digits, "-" and "."? (RFC 5321
 * 4.1.2 without quoted strings, routes and literals.) */
bool compose_mailbox_is_plain(const char *mailbox);

/* In the arena.  -1 with *why when the facts do not make a mail. */
int compose_mail(const struct compose_facts *f, struct arena *a,
    struct composed *out, const char **why)
    __attribute__((warn_unused_result));

#endif
