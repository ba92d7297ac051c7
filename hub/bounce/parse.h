/*
 * A message that came to the bounce mailbox, in the pieces that are judged:
 * whom it was addressed to, what a delivery report in it says (RFC 3464),
 * its text.  Foreign bytes to a struct, through GMime; nothing is believed
 * and nothing decided here.  Pure.  Called by bounce, and for the text of our
 * own reports.
 */
#ifndef PLAINTIFF_PARSE_H
#define PLAINTIFF_PARSE_H

#include <stdbool.h>

#include "proto/base/text.h"

struct arena;

enum {
	PARSE_MAILBOXES_MOST = 16,
	PARSE_IDS_MOST = 24,
	PARSE_GROUPS_MOST = 16,
	PARSE_TEXT_BYTES = 65536, /* of the text, at most */
	PARSE_LINE_BYTES = 1000,  /* of any other piece */
};

/* What a multipart/report is about (RFC 6522). */
enum parse_report {
	PARSE_NO_REPORT,
	PARSE_DELIVERY,    /* delivery-status */
	PARSE_DISPOSITION, /* read, deleted: RFC 8098 */
	PARSE_FEEDBACK,    /* RFC 5965 */
};

/* One recipient of a delivery report (RFC 3464 2.3), without the type in
 * front ("rfc822;"); absent where it does not say. */
struct parse_group {
	struct text original, final, action, status, diagnostic;
};

/* All texts are valid UTF-8 in the arena. */
struct parsed {
	/* whom it was delivered to, best first: Delivered-To, X-Original-To,
	 * Envelope-To, To, Cc */
	struct text mailboxes[PARSE_MAILBOXES_MOST];
	size_t mailboxes_n;
	/* Message-IDs in In-Reply-To, References and of a mail inside */
	struct text ids[PARSE_IDS_MOST];
	size_t ids_n;
	struct text from;    /* as for people */
	struct text sender;  /* its mailbox */
	struct text subject;
	struct text failed;  /* X-Failed-Recipients */
	bool null_sender;    /* Return-Path: <> */
	bool automatic;      /* says so: RFC 3834 and its forerunners */
	bool away;           /* says that a person is away */
	enum parse_report report;
	struct parse_group groups[PARSE_GROUPS_MOST];
	size_t groups_n;
	struct text text;    /* what a person would read, the mail inside not */
};

/* Once in a process. */
void parse_open(void);

/* Any bytes. */
void parse_message(struct arena *a, struct text bytes, struct parsed *out);

#endif
