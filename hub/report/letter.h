/*
 * A case and the settings together make mails: greeting, sender, limits, key
 * of tokens, a new random id, the time.  What is impure about composing is
 * here.  Called by report and by previews.
 */
#ifndef PLAINTIFF_LETTER_H
#define PLAINTIFF_LETTER_H

#include <stdbool.h>

#include "hub/bounce/verp.h"
#include "hub/report/compose.h"

struct arena;
struct greetings;
struct hub_conf;
struct report_case;

/* What the mails of a round have in common; conf and greetings are the
 * caller's. */
struct letter {
	const struct hub_conf *conf;
	const struct greetings *greetings;
	unsigned char secret[COMPOSE_SECRET_BYTES];
	bool listens; /* bounces come to an address with a token */
	struct verp_key verp;
};

/* Reads the key of tokens, and makes it when there is none.  -1: it cannot be
 * used, logged; nothing must be sent with tokens of another.  strict false is
 * for previews: a key that cannot be used is replaced by a random one, with a
 * warning. */
int letter_load(const struct hub_conf *conf, const struct greetings *greetings,
    bool strict, struct letter *out) __attribute__((warn_unused_result));

/* Completes c->facts with what the settings say, a new random id and the
 * time, and composes its mails to that mailbox.  A greeting that is in the
 * facts stays.  -1: logged. */
int letter_write(const struct letter *l, struct arena *a,
    struct report_case *c, const char *to, struct composed *out)
    __attribute__((warn_unused_result));

#endif
