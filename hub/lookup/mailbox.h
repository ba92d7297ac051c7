/*
 * Abuse mailboxes as contact sources write them: who may be mailed at all,
 * and which spellings are one mailbox.  A text that is not exactly a mailbox
 * is rejected, never repaired.  Pure: no files, no network, no settings.
 */
#ifndef PLAINTIFF_LOOKUP_MAILBOX_H
#define PLAINTIFF_LOOKUP_MAILBOX_H

#include <stdbool.h>

#include "proto/base/text.h"

struct arena;

/* Longest mailbox (RFC 5321 4.5.3.1.3, without the brackets). */
enum { MAILBOX_BYTES = 254 };

enum mailbox_result {
	MAILBOX_GOOD,
	MAILBOX_REFUSED,   /* a mailbox, but in a domain that is not public;
	                      who else is refused: refusal.h */
	MAILBOX_MALFORMED, /* not a mailbox */
};

struct mailbox {
	const char *address; /* where mail goes: local part as written, domain
	                        in lower-case A-labels; ASCII */
	const char *key;     /* one for all spellings: lower case, without
	                        "+tag" */
	const char *domain;  /* of key */
};

/* Reads one mailbox: ASCII dot-atom (RFC 5322 3.2.3) without % and !, of at
 * most 64 bytes and not beginning with "-", one @, a domain of letters,
 * digits and hyphens, or U-labels by IDNA 2008 (RFC 5891).  *out, in the
 * arena, is set for GOOD and REFUSED; *why, static, for all but GOOD. */
enum mailbox_result mailbox_parse(struct arena *a, struct text t,
    struct mailbox *out, const char **why) __attribute__((warn_unused_result));

/* Is the mailbox within this domain or one below it?  Case does not count;
 * an empty domain holds nothing. */
bool mailbox_is_within(const struct mailbox *m, const char *domain);

#endif
