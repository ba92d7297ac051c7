/*
 * One report as the bytes of its mails.  Pure: the same facts give the same
 * bytes; no database, no clock, no randomness.  Called by report and by the
 * previews of the administrator's command.
 *
 * The only texts of others that get into a mail are addresses (formatted by
 * us), times and numbers, the contact's mailbox (checked here once more) and
 * the operator's own name and greeting.  A login leaves as a keyed token
 * (redact.h).  No recipient, HELO, queue id, host name or log line: they are
 * no facts.
 */
#ifndef PLAINTIFF_COMPOSE_H
#define PLAINTIFF_COMPOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hub/report/language.h"
#include "proto/base/addr.h"
#include "proto/base/text.h"
#include "proto/kind.h"

struct arena;
struct entries;

enum { COMPOSE_SECRET_BYTES = 32 };

/* How a contact wants its report.  What is held or has a form is composed
 * as one of these, too: see compose_mode_of_name. */
enum compose_mode {
	COMPOSE_CONSOLIDATED, /* one mail: text, CSV, a few XARF documents */
	COMPOSE_XARF,         /* a mail for each source, as XARF wants it */
	COMPOSE_TEXT,         /* one mail, text/plain only */
};

struct compose_event {
	int64_t time_us;
	uint16_t port; /* the source's; 0: unknown */
	struct addr destination;   /* ours; family 0: unknown */
	uint16_t destination_port; /* 0: unknown */
	enum kind kind;
	struct text service; /* as logged */
	struct text login;   /* as tried, raw; absent: none, or not kept */
};

struct compose_source {
	struct addr address;
	int64_t events;
	int64_t hosts; /* of ours that saw it */
	int64_t first_us, last_us;
	int64_t kinds[KIND_COUNT]; /* events by kind */
	const char *method; /* contact source; NULL: not known any more */
	int64_t asked_us;   /* when it answered */
	char country[3];    /* ISO 3166, "" if unknown */
	uint32_t asn;       /* 0: unknown */
	bool again;         /* after the contact said it was fixed */
	const struct compose_event *lines; /* those to list, oldest first */
	size_t line_count;
};

struct compose_facts {
	enum compose_mode mode;
	enum language language;
	int64_t contact;          /* number: tokens differ between contacts */
	const unsigned char *secret; /* COMPOSE_SECRET_BYTES: keys of tokens and
	                                boundaries */
	const char *uuid;         /* of the report, lower case with dashes */
	int64_t made_us;          /* Date */
	const char *organisation; /* UTF-8; "" for none */
	const char *from;         /* mailbox */
	const char *reply_to;     /* mailbox */
	const char *domain;       /* behind the @ of the Message-ID */
	const char *to;           /* mailbox: the one recipient */
	struct text greeting;     /* template in UTF-8 (greeting.h); absent:
	                             the built-in one of the language */
	const struct compose_source *sources; /* in the order to show */
	size_t source_count;
	size_t listed; /* how many of them to list; the rest is counted */
	const struct entries *entries; /* of the listed; compose's own */
	size_t xarf_max;       /* XARF documents or mails at most */
	size_t xarf_max_bytes; /* and so many bytes of documents in one mail */
	int64_t events, hosts, first_us, last_us; /* over all sources */
	int64_t kinds[KIND_COUNT];
};

struct composed_mail {
	const char *subject;
	const char *message_id; /* without the brackets */
	struct text mail;       /* RFC 5322, CRLF */
};

/* The mails of one report, in the order to send: one, except in mode xarf.
 * All of them have the same recipient. */
struct composed {
	const struct composed_mail *mails;
	size_t count; /* at least 1 */
	const char *sender; /* of the envelope, set by letter; NULL: none of
	                       its own, report.from */
};

/* "consolidated", "xarf", "text"; and "held" as consolidated, "form" as
 * text, which is what a person would paste there.  False: no such mode. */
bool compose_mode_of_name(const char *name, enum compose_mode *out);

/* Is this one plain mailbox, fit for a header and an envelope: ASCII
 * dot-atom, one @, a domain of letters, digits, "-" and "."? (RFC 5321
 * 4.1.2 without quoted strings, routes and literals.) */
bool compose_mailbox_is_plain(const char *mailbox);

/* In the arena.  -1 with *why when the facts do not make a mail.  Mode xarf
 * falls back to consolidated when there are more sources than xarf_max, or
 * some that are not listed: no event may be left out of all mails. */
int compose_mails(const struct compose_facts *f, struct arena *a,
    struct composed *out, const char **why)
    __attribute__((warn_unused_result));

#endif
