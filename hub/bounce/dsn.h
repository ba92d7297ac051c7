/*
 * What a bounce means: a delivery report (RFC 3464, statuses of RFC 3463) or
 * one of the forms that are older than it or know it not (qmail, Exchange,
 * Gmail, forwarders).  Pure.  Called by bounce, once the token has been
 * checked.
 *
 * Wrongly hard would silence a contact that reads its mail, so a status that
 * says so counts only while the words beside it do not say otherwise: full,
 * busy, blocked, too large.
 */
#ifndef PLAINTIFF_DSN_H
#define PLAINTIFF_DSN_H

#include <stdbool.h>

#include "proto/base/text.h"

struct arena;
struct parsed;

enum dsn_class {
	DSN_NO_BOUNCE, /* somebody's answer, or nothing */
	DSN_HARD,      /* 5.1.x, 5.2.1: no such mailbox or domain, closed */
	DSN_SOFT,      /* 4.x, 5.2.2, and what is broken on the way */
	DSN_POLICY,    /* 5.7.x, and what they refuse in our mail */
	DSN_DELAYED,   /* still tried */
	DSN_RELAYED,   /* delivered, relayed, expanded */
};
enum { DSN_CLASSES = DSN_RELAYED + 1 };

struct dsn {
	enum dsn_class class;
	bool own; /* speaks of the recipient we wrote to, or of nobody */
	struct text status;    /* x.y.z; absent when there is none */
	struct text recipient; /* absent when it names none */
	struct text diagnostic;
};

/* recipient: the mailbox that the report went to. */
void dsn_judge(struct arena *a, const struct parsed *m, struct text recipient,
    struct dsn *out);

/* As in the database: "hard" and so on; NULL for DSN_NO_BOUNCE. */
const char *dsn_class_name(enum dsn_class class);

#endif
