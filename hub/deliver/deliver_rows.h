/*
 * deliver's side of the database: who owns what, and the moves between the
 * states of a report.  The statements are in schema/stmts/deliver.sql.
 */
#ifndef PLAINTIFF_DELIVER_ROWS_H
#define PLAINTIFF_DELIVER_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "hub/db.h"

struct arena;
struct hub_conf;

enum {
	DELIVER_TOKEN_BYTES = 64,
	DELIVER_SAID_BYTES = 400,
};

/* Does this session own the name? */
enum deliver_own {
	DELIVER_OWN_HELD,
	DELIVER_OWN_TAKEN, /* since this very call */
	DELIVER_OWN_BUSY,  /* another session has it */
};

/* A report that was claimed.  The token is the beginning of its quiet time:
 * no other claim of the same row has the same. */
struct deliver_claim {
	int64_t report;
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

/* A report that may go. */
struct deliver_next {
	int64_t report; /* 0: none */
	const char *uuid;
	const char *recipient;
	struct addr unreportable; /* one of its addresses that must not be
	                             reported; family 0: none */
};

/* A report that was in this name's hands when its last session ended. */
struct deliver_left {
	struct deliver_claim claim;
	const char *uuid;
	const char *plan; /* as given to deliver_rows_claim */
};

enum db_result deliver_rows_own(struct db *db, struct arena *a,
    const char *name, enum deliver_own *own)
    __attribute__((warn_unused_result));
enum db_result deliver_rows_left(struct db *db, struct arena *a,
    const char *name, struct deliver_left **list, size_t *n)
    __attribute__((warn_unused_result));
enum db_result deliver_rows_next(struct db *db, struct arena *a,
    const struct hub_conf *conf, struct deliver_next *next)
    __attribute__((warn_unused_result));
/* ready -> held. */
enum db_result deliver_rows_hold(struct db *db, struct arena *a,
    int64_t report, const char *why) __attribute__((warn_unused_result));
/* Not now: another mail to the contact is too near. */
enum db_result deliver_rows_put_off(struct db *db, struct arena *a,
    int64_t report) __attribute__((warn_unused_result));

/* ready -> sending, committed; mail in the arena.  claim->report stays 0
 * when the row was not ready any more.  After DB_LOST, claim->report != 0
 * means that the claim may stand. */
enum db_result deliver_rows_claim(struct db *db, struct arena *a,
    const struct hub_conf *conf, int64_t report, const char *plan,
    struct deliver_claim *claim, struct text *mail)
    __attribute__((warn_unused_result));

/* The claim's end. */
enum db_result deliver_rows_move(struct db *db, struct arena *a,
    const struct deliver_claim *claim, enum deliver_move move,
    const char *said) __attribute__((warn_unused_result));

#endif
