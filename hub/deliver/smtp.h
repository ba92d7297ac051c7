/*
 * One mail to the local mail server (RFC 5321), and what is certain
 * afterwards.  A service: no database, no decision what to do next.  Called
 * by transport.
 */
#ifndef PLAINTIFF_SMTP_H
#define PLAINTIFF_SMTP_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/text.h"

struct arena;

enum smtp_result {
	SMTP_SENT,    /* the server took it: a 2xx for the end of the mail */
	SMTP_LATER,   /* certainly not taken; another try may work */
	SMTP_REFUSED, /* certainly not taken, and never will be: a 5xx for
	                 sender, recipient or mail */
	SMTP_UNSURE,  /* the end of the mail was handed over and no answer
	                 came: it may have been taken or not */
};

struct smtp_ask {
	const char *relay;   /* smtp://host:port or smtps://host:port */
	const char *hello;   /* our name in EHLO */
	const char *sender;  /* envelope sender, a plain mailbox */
	const char *recipient; /* the only one, a plain mailbox */
	struct text mail;    /* RFC 5322 with CRLF; dots are doubled here */
	int64_t timeout_s;   /* for each answer of the server, the last too */
	int stop_fd;         /* readable: give up if the mail has not begun to
	                        be taken; -1: none */
};

/* Once before the first mail, in a process without threads; dies when
 * libcurl does not start. */
void smtp_open(void);
/* At the end of the process. */
void smtp_close(void);

/* Is this a relay that smtp_send can use?  *why otherwise. */
bool smtp_relay_is_good(const char *relay, const char **why);

/* *said: the server's last words or what went wrong, one line of printable
 * text in the arena. */
enum smtp_result smtp_send(const struct smtp_ask *ask, struct arena *a,
    const char **said);

#endif
