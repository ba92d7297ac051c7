/*
 * What would be reported now, without storing or sending anything: for
 * `plaintiff report preview` and `plaintiff report send --to-me`.  Works on
 * a session of ctl, which prepares report's reading statements.  Events
 * still in a transaction of receive are not waited for.
 */
#ifndef PLAINTIFF_PREVIEW_H
#define PLAINTIFF_PREVIEW_H

#include <stddef.h>
#include <stdint.h>

#include "hub/db.h"
#include "proto/base/text.h"

struct arena;
struct hub_conf;

struct preview_ask {
	/* All who are due; or one mailbox, then also when its week is not
	 * over: what has come together for it so far. */
	const char *mailbox; /* NULL: all */
	const char *to;      /* NULL: as the report; else every mail to there */
};

struct preview_mail {
	const char *mailbox; /* the contact, whatever the To says */
	const char *to;      /* in To: the envelope recipient to use */
	const char *uuid;    /* of this preview, never stored; "-2", "-3" ...
	                        behind it for the further mails of a case */
	const char *subject;
	struct text mail;    /* RFC 5322, CRLF */
	size_t sources;
	int64_t events;
};

/* Calls on_mail for each; what it gets lives until it returns.  DB_REFUSED
 * (logged) also when the greeting or a setting will not do, or no contact
 * has that mailbox.  *count: how many mails; 0 when nothing is due. */
enum db_result preview_reports(struct db *db, const struct hub_conf *conf,
    const struct preview_ask *ask,
    void (*on_mail)(void *ctx, const struct preview_mail *mail), void *ctx,
    size_t *count) __attribute__((warn_unused_result));

#endif
