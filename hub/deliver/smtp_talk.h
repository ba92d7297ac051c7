/*
 * One mail over an open SMTP session (RFC 5321, with RFC 2920 where the
 * server has it): what to write, what a reply means, and what is certain at
 * the end.  Pure: bytes in, bytes out; the connection is smtp_pool's.
 *
 * What may go together is given out together: with PIPELINING all that comes
 * before the mail, and the mail with its end (the line with a dot).  Until
 * the first byte of the end was written, no server may take the mail.
 */
#ifndef PLAINTIFF_SMTP_TALK_H
#define PLAINTIFF_SMTP_TALK_H

#include <stdbool.h>
#include <stddef.h>

#include "hub/deliver/smtp.h"
#include "proto/base/text.h"

struct arena;

/* In the order in which they go.  Each but the mail has a reply. */
enum smtp_part {
	SMTP_PART_RSET, /* only when the session had a mail that failed */
	SMTP_PART_MAIL,
	SMTP_PART_RCPT,
	SMTP_PART_DATA,
	SMTP_PART_BODY,
	SMTP_PART_END,
	SMTP_PART_COUNT,
};

struct smtp_talk {
	bool pipelining;
	struct text parts[SMTP_PART_COUNT];
	enum smtp_part write; /* the part being written */
	size_t at;            /* so much of it is written */
	enum smtp_part reply; /* the part whose reply comes next */
	bool ended;  /* the end of the mail may have been seen */
	bool failed; /* the outcome is known, replies to it are still due */
	bool over;   /* the outcome is in done */
	bool usable; /* when over: the session can take another mail */
	bool reset;  /* and needs RSET for that */
	size_t line_n;
	char line[SMTP_SAID_BYTES]; /* of a reply, as it comes */
	struct smtp_done done;
};

/* A mail begins.  The texts live in the arena as long as the talk. */
void smtp_talk_begin(struct smtp_talk *t, const struct smtp_ask *ask,
    bool pipelining, bool reset, struct arena *a);

/* What can be written now; absent: a reply is to come first. */
struct text smtp_talk_out(const struct smtp_talk *t);
/* It is about to be written: from here on it may have gone... */
void smtp_talk_writing(struct smtp_talk *t);
/* ...until it is known that n bytes of it were (0: none), and no more;
 * smtp_talk_out goes on behind them. */
void smtp_talk_wrote(struct smtp_talk *t, size_t n);

/* The server said something. */
void smtp_talk_in(struct smtp_talk *t, const char *bytes, size_t n);

/* The connection is gone, or given up: the outcome is known then. */
void smtp_talk_cut(struct smtp_talk *t, const char *why);

/* Has the mail itself begun to go? */
bool smtp_talk_has_begun(const struct smtp_talk *t);

#endif
