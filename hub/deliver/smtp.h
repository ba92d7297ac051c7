/*
 * Mails to the relay (RFC 5321), several at once over connections that are
 * used again, and what is certain of each afterwards.  A service: no
 * database, no decision what to do next.  Called by transport and deliver.
 */
#ifndef PLAINTIFF_SMTP_H
#define PLAINTIFF_SMTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/text.h"

struct smtp_pool;

enum smtp_result {
	SMTP_SENT,    /* the server took it: a 2xx for the end of the mail */
	SMTP_LATER,   /* certainly not taken; another try may work */
	SMTP_REFUSED, /* certainly not taken, and never will be: a 5xx for
	                 sender, recipient or mail */
	SMTP_UNSURE,  /* the end of the mail was handed over and no answer
	                 came: it may have been taken or not */
};

enum { SMTP_SAID_BYTES = 400, SMTP_STATUS_BYTES = 16 };

struct smtp_relay {
	const char *url;      /* smtp://host:port or smtps://host:port */
	const char *hello;    /* our name in EHLO */
	bool starttls;        /* with smtp://: nothing is sent without TLS */
	const char *ca;       /* file of certificates; "": the system's */
	const char *user;     /* "": no authentication */
	const char *password;
	int64_t timeout_s;    /* for each answer of the server, the last too */
};

struct smtp_ask {
	const char *sender;    /* envelope sender, a plain mailbox */
	const char *recipient; /* the only one, a plain mailbox */
	struct text mail;      /* RFC 5322 with CRLF; dots are doubled here */
	size_t tag;            /* comes back in smtp_done */
};

struct smtp_done {
	size_t tag;
	enum smtp_result result;
	bool recipient; /* refused because of the recipient */
	char status[SMTP_STATUS_BYTES]; /* RFC 3463 code of the reply, or "" */
	char said[SMTP_SAID_BYTES]; /* the server's last words or what went
	                               wrong: one line of printable text */
};

/* Once before the first mail, in a process without threads; dies when
 * libcurl does not start. */
void smtp_open(void);
/* At the end of the process. */
void smtp_close(void);

/* Is this a relay that can be used?  *why otherwise. */
bool smtp_relay_is_good(const char *url, const char **why);

/* For up to `most` mails at once.  Copies the relay's texts. */
struct smtp_pool *smtp_pool_open(const struct smtp_relay *relay, size_t most);
/* NULL is legal.  Nothing may be under way. */
void smtp_pool_close(struct smtp_pool *pool);
/* How many more mails it can take now, and how many are under way. */
size_t smtp_pool_room(const struct smtp_pool *pool);
size_t smtp_pool_busy(const struct smtp_pool *pool);
/* Begins a mail; everything in ask is copied.  There must be room. */
void smtp_pool_add(struct smtp_pool *pool, const struct smtp_ask *ask);
/* For who waits for something else meanwhile: the mails under way can go on
 * when this is readable, by smtp_pool_go, which waits for nothing. */
int smtp_pool_fd(const struct smtp_pool *pool);
void smtp_pool_go(struct smtp_pool *pool);
/* Waits until some mail is over, wait_ms have passed or stop_fd (-1: none)
 * is readable; then mails that have not begun to be taken are given up, and
 * the others waited for.  Fills done[] with at most `most` mails that are
 * over; returns how many. */
size_t smtp_pool_wait(struct smtp_pool *pool, int wait_ms, int stop_fd,
    struct smtp_done *done, size_t most);

/* Says EHLO and goes again: nothing but a trace in the relay's log. */
void smtp_visit(const struct smtp_relay *relay);

#endif
