/*
 * Mailboxes that nobody should mail, whoever names them: patterns of the
 * table contact_refusal.  Pure; used by lookup, and by the administrator's
 * command to say what is no pattern.
 *
 *   local@domain   that mailbox, in any spelling of one key
 *   @domain        every mailbox in that domain or one below it
 *   local@         that local part in any domain
 */
#ifndef PLAINTIFF_LOOKUP_REFUSAL_H
#define PLAINTIFF_LOOKUP_REFUSAL_H

#include <stddef.h>

struct arena;
struct mailbox;

struct refusal {
	const char *pattern;
	const char *why;
};

/* The pattern as it is stored: lower case, the domain in A-labels; into the
 * arena.  NULL with *why, static, when it is none. */
const char *refusal_pattern(struct arena *a, const char *s, const char **why);

/* Why the mailbox is refused, or NULL. */
const char *refusal_why(const struct refusal *list, size_t n,
    const struct mailbox *m);

#endif
