/*
 * deliver's side of the database: who owns what, and the moves between the
 * states of a report and its mails.  The statements are in
 * schema/stmts/deliver.sql.
 */
#ifndef PLAINTIFF_DELIVER_ROWS_H
#define PLAINTIFF_DELIVER_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hub/db.h"

struct arena;
struct hub_conf;

enum {
	DELIVER_TOKEN_BYTES = 40,
	DELIVER_STATUS_BYTES = 16,
	DELIVER_SAID_BYTES = 400,
};

/* Does this session own the name? */
enum deliver_own {
	DELIVER_OWN_HELD,
	DELIVER_OWN_TAKEN, /* since this very call */
	DELIVER_OWN_BUSY,  /* another session has it */
};

/* A mail in hand.  The token is the time of the claim: no other claim of the
 * same mail has the same. */
struct deliver_claim {
	int64_t report;
	int64_t n; /* of the report's mails */
	char token[DELIVER_TOKEN_BYTES];
};

/* What came of a claim. */
enum deliver_move {
	DELIVER_MOVE_SENT,
	DELIVER_MOVE_LATER, /* ready again, after a wait */
	DELIVER_MOVE_BACK,  /* ready again: it was never tried */
	DELIVER_MOVE_FAILED,
	DELIVER_MOVE_UNKNOWN,
};

struct deliver_end {
	struct deliver_claim claim;
	enum deliver_move move;
	bool refused; /* failed because of its recipient */
	char status[DELIVER_STATUS_BYTES]; /* RFC 3463, with refused; or "" */
	char said[DELIVER_SAID_BYTES];     /* of printable text */
};

/* A mail to hand over. */
struct deliver_mail {
	struct deliver_claim claim;
	const char *uuid; /* of its report */
	const char *recipient;
	const char *sender; /* NULL: report.from */
	struct text mail;
};

/* A report that must not go. */
struct deliver_held {
	int64_t report;
	struct addr address; /* the one that must not be reported */
};

struct deliver_batch {
	struct deliver_mail *mails;
	size_t n;
	struct deliver_held *held;
	size_t held_count;
	bool rest; /* there may be more of the reports being sent */
	const char *stopped; /* why nothing was claimed; NULL: it was not */
};

/* A mail that was in this name's hands when its last session ended. */
struct deliver_left {
	struct deliver_claim claim;
	const char *uuid;
	const char *plan; /* as given with the claim */
};

/* A mail of which nobody knows whether it was taken. */
struct deliver_unknown {
	struct deliver_claim claim;
	const char *message_id;
	const char *log_from; /* as given with the claim; NULL: unknown */
	int64_t age_ms;       /* in that state */
};

/* How to claim. */
struct deliver_terms {
	size_t most;          /* mails; 0: none */
	bool fresh_only;      /* nothing that is left of reports being sent */
	const char *plan;     /* how they are going to be sent */
	const char *log_from; /* place in the relay's log; NULL: unknown */
};

/* What came of a claim, in words that are cut and made printable. */
struct deliver_end deliver_end_of(const struct deliver_claim *claim,
    enum deliver_move move, const char *said);

enum db_result deliver_rows_own(struct db *db, struct arena *a,
    const char *name, enum deliver_own *own)
    __attribute__((warn_unused_result));
/* What another name has had in its hands for a day, while no session holds
 * that name, becomes this one's.  *mails: how many. */
enum db_result deliver_rows_adopt(struct db *db, struct arena *a,
    const char *name, size_t *mails) __attribute__((warn_unused_result));
enum db_result deliver_rows_left(struct db *db, struct arena *a,
    const char *name, struct deliver_left **list, size_t *n)
    __attribute__((warn_unused_result));

enum db_result deliver_rows_unknown(struct db *db, struct arena *a,
    const char *name, struct deliver_unknown **list, size_t *n)
    __attribute__((warn_unused_result));

/* In one transaction: what came of claims, and new claims (ready -> sending;
 * what must not be reported is held instead).  Mails in the arena.  After
 * DB_LOST, batch->mails are those whose claims may stand. */
enum db_result deliver_rows_turn(struct db *db, struct arena *a,
    const struct hub_conf *conf, const struct deliver_end *ends, size_t n,
    const struct deliver_terms *terms, struct deliver_batch *batch)
    __attribute__((warn_unused_result));

/* After DB_CONFLICT: the report that is next in line waits a little. */
enum db_result deliver_rows_put_off(struct db *db, struct arena *a)
    __attribute__((warn_unused_result));

#endif
