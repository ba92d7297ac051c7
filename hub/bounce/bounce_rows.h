/*
 * bounce's side of the database: which report a message is about, what is
 * kept of it, and what follows for the contact.  The statements are in
 * schema/stmts/bounce.sql.  The caller makes one transaction a message.
 */
#ifndef PLAINTIFF_BOUNCE_ROWS_H
#define PLAINTIFF_BOUNCE_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "hub/db.h"

struct arena;
struct dsn;
struct reply;

enum { BOUNCE_HASH_BYTES = 32 };

/* The report that a message is about. */
struct bounce_report {
	int64_t report; /* 0: none */
	int64_t contact;
	const char *recipient;
	const char *mailbox; /* of the contact */
	bool sent;           /* it has gone, or may have */
	int64_t age_s;       /* since then */
};

/* A message as it is kept. */
struct bounce_message {
	unsigned char hash[BOUNCE_HASH_BYTES];
	int64_t received_us;
	bool verified, automatic;
	struct text sender, subject;
};

/* What was left alone, as table heard names it. */
enum bounce_heard {
	BOUNCE_NO_TOKEN,
	BOUNCE_BAD_TOKEN,
	BOUNCE_UNKNOWN,
	BOUNCE_UNSENT,
	BOUNCE_LATE,
	BOUNCE_AGAIN,
};

enum bounce_effect {
	BOUNCE_KNOWN, /* nothing was stored: it is there already */
	BOUNCE_NONE,
	BOUNCE_COUNTED,
	BOUNCE_HELD,
	BOUNCE_SUSPENDED,
};

/* By the first digits of its uuid, or all of them; the contact is locked
 * until the transaction ends. */
enum db_result bounce_rows_report(struct db *db, struct arena *a,
    const char *digits, struct bounce_report *out)
    __attribute__((warn_unused_result));
/* The mails of a report, which an answer may quote. */
enum db_result bounce_rows_mail(struct db *db, struct arena *a,
    int64_t report, struct text *mail) __attribute__((warn_unused_result));

/* A bounce and its effect; in_a_row: so many hold the contact. */
enum db_result bounce_rows_bounce(struct db *db, struct arena *a,
    const struct bounce_report *r, const struct bounce_message *m,
    const struct dsn *dsn, int64_t in_a_row, enum bounce_effect *effect)
    __attribute__((warn_unused_result));

/* An answer and its effect; *stored false: it is there already. */
enum db_result bounce_rows_reply(struct db *db, struct arena *a,
    const struct bounce_report *r, const struct bounce_message *m,
    const struct reply *reply, bool *stored)
    __attribute__((warn_unused_result));

/* What the relay said of a contact's mailbox when a report was to be handed
 * over. */
struct bounce_refusal {
	int64_t event; /* 0: none */
	struct bounce_report report; /* .report 0: it is gone */
	struct text status, said;
	int64_t at_us;
};
enum db_result bounce_rows_refusal(struct db *db, struct arena *a,
    struct bounce_refusal *out) __attribute__((warn_unused_result));
/* Draws what follows: suspends when dsn says that the mailbox is gone. */
enum db_result bounce_rows_judged(struct db *db, struct arena *a,
    const struct bounce_refusal *refusal, const struct dsn *dsn,
    bool *suspended) __attribute__((warn_unused_result));

enum db_result bounce_rows_heard(struct db *db, struct arena *a,
    enum bounce_heard what) __attribute__((warn_unused_result));

/* Contacts that left so many reports without an answer while the abuse went
 * on: past whom lookup is to go.  How many are new. */
enum db_result bounce_rows_escalate(struct db *db, struct arena *a,
    int64_t after, int64_t *n) __attribute__((warn_unused_result));

const char *bounce_effect_name(enum bounce_effect effect);

#endif
