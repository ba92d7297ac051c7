/*
 * One message, from its bytes to its effect, in one transaction.  Called by
 * stage bounce for each file of its Maildir and by `plaintiff bounce`.
 * Nothing is sent, ever, whatever a message says.
 */
#ifndef PLAINTIFF_HEAR_H
#define PLAINTIFF_HEAR_H

#include <stdbool.h>
#include <stdint.h>

#include "hub/bounce/verp.h"
#include "hub/db.h"
#include "proto/base/text.h"

struct arena;
struct hub_conf;

struct hear {
	const struct hub_conf *conf;
	struct verp_key key;
};

struct hear_message {
	struct text bytes;
	struct text recipient; /* of the envelope; absent: the headers tell */
	int64_t received_us;
};

/* Reads the key and checks the place of the settings.  -1: logged. */
int hear_open(struct hear *h, const struct hub_conf *conf)
    __attribute__((warn_unused_result));

/* The place of the tokens. */
struct verp_place hear_place(const struct hub_conf *conf);

/* DB_OK: committed, the message may go.  DB_REFUSED: this message will never
 * do; logged. */
enum db_result hear_one(struct db *db, struct arena *a, const struct hear *h,
    const struct hear_message *message) __attribute__((warn_unused_result));

/* One mailbox that the relay refused, as deliver noted it: as good as a
 * bounce.  *any: there was one. */
enum db_result hear_refusal(struct db *db, struct arena *a, bool *any)
    __attribute__((warn_unused_result));

#endif
