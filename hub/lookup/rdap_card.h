/*
 * Mail in the contact cards of RDAP entities (jCard, RFC 7095).  Pure; called
 * by rdap.c.  A card that is malformed in any way has no mail.
 */
#ifndef PLAINTIFF_LOOKUP_RDAP_CARD_H
#define PLAINTIFF_LOOKUP_RDAP_CARD_H

#include <stddef.h>

#include "proto/base/text.h"

struct arena;
struct json_t;

enum { RDAP_CARD_MAILS_MOST = 32 };

/* What was gathered from several cards, in this order. */
struct rdap_mail {
	struct text at[RDAP_CARD_MAILS_MOST]; /* as written */
	size_t n;
	size_t entities;  /* cards looked at */
	const char *why;  /* static: why the first text that was left out was;
	                     NULL: none was */
	char *said;       /* all texts, made harmless; NULL: none */
	size_t said_n;
};

/* Adds the mail of one card, those of type "abuse" first, then by their
 * preference (RFC 6350 5.3), then as they stand.  Left out are words of a
 * registrar in place of a mailbox, and lists: a card has one mailbox in each
 * property, and we do not take lists apart. */
void rdap_card_take(struct arena *a, const struct json_t *card,
    struct rdap_mail *out);

#endif
