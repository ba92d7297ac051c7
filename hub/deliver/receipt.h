/*
 * What one line of a mail server's log says about mails that it was given.
 * Pure.  Only text that the daemons write decides; what a client may choose
 * (names, addresses) is never searched.  Called by receipt_book.
 */
#ifndef PLAINTIFF_RECEIPT_H
#define PLAINTIFF_RECEIPT_H

#include <stdint.h>

#include "proto/base/text.h"

enum receipt_kind {
	RECEIPT_NONE,
	/* Postfix */
	RECEIPT_CONNECT,    /* smtpd pid: a session begins */
	RECEIPT_DISCONNECT, /* smtpd pid: it ends */
	RECEIPT_CLIENT,     /* smtpd pid: it has begun a mail, queue */
	RECEIPT_CUT,        /* smtpd pid: it broke within that mail */
	RECEIPT_ID,         /* queue has the Message-ID id: no receipt, since a
	                       mail that is cut off has this line, too */
	RECEIPT_REJECTED,   /* queue was refused while it was read */
	RECEIPT_ACTIVE,     /* queue is in the queue: taken */
	RECEIPT_DIED,       /* pid is no more */
	RECEIPT_RESTART,    /* no session from before goes on */
	/* Exim */
	RECEIPT_TAKEN,      /* the mail with Message-ID id was taken */
	/* any */
	RECEIPT_GAP,        /* lines were left out here */
};

struct receipt {
	enum receipt_kind kind;
	int64_t pid;
	struct text queue; /* inside the line */
	struct text id;    /* without the brackets; inside the line */
};

/* line without its end; syslog's, RFC 3339's or Exim's own form. */
struct receipt receipt_read(struct text line);

#endif
