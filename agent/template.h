/*
 * One message form as a template: literal text and typed fields, matched
 * without backtracking.  docs/rules.md describes the language.
 *
 * A template has up to three regions.  The head is matched from the left end
 * of the message; the tail from the right end; what a client may write
 * freely is between them.  The accused address has to be in the head or the
 * tail, and so has all literal text that makes a message this form and no
 * other: template_compile refuses anything else, because there a client
 * could write the address, or the text, itself.
 */
#ifndef PLAINTIFF_TEMPLATE_H
#define PLAINTIFF_TEMPLATE_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/addr.h"
#include "proto/base/text.h"

struct arena;
struct template;

/* The form in which a daemon writes who its client is. */
enum client_form {
	CLIENT_NONE,     /* {client} may not be used */
	CLIENT_POSTFIX,  /* name[address] or name[address]:port */
	CLIENT_EXIM,     /* [name ][(helo) ][address][:port][ I=[local]:port]
	                    [ Ci=number] */
	CLIENT_SENDMAIL, /* [name ][address][ (may be forged)] */
	CLIENT_DOVECOT,  /* rip=address[, lip=address][, TLS, session ...] */
	CLIENT_DOVECOT_AUTH, /* address[,[<session>]] */
};

/* What a match found; texts lie in the message, absent ones have no at. */
struct match {
	struct addr source;
	uint16_t source_port; /* 0 if the message does not say */
	struct addr local;    /* family 0 if it does not say */
	uint16_t local_port;
	struct text ptr; /* absent for "unknown" */
	struct text login;
	struct text mechanism;
	struct text qid; /* of the queue or the session; absent without {qid} */
	struct text session; /* of Dovecot; absent if it does not say */
	size_t stopped; /* no match: the byte where it ended */
	bool past_head; /* no match, but the head did */
};

/* Reads a template.  NULL with *why (in the arena or static) when it is
 * malformed or could be forged.  The template lives in the arena. */
struct template *template_compile(struct arena *a, struct text source,
    enum client_form client, const char **why);

/* The same for a line that says what happened in a session whose client
 * another line names: a {qid} at the left, unless it is about the whole
 * process, and no address. */
struct template *template_compile_session(
    struct arena *a, struct text source, bool with_id, const char **why);

/* Does the whole message have this form?  Fills *m either way. */
bool template_match(
    const struct template *t, struct text message, struct match *m);

enum { TEMPLATE_PARTS = 40, TEMPLATE_ASKED = 8 };

/* What templates have in common is looked at once in a message: the parts
 * with which they begin, and a literal text that must be in it.  {.n = 0} for
 * the first template. */
struct template_found {
	size_t n; /* parts of the last template that fitted from the left */
	uint32_t step[TEMPLATE_PARTS]; /* which they were */
	uint32_t end[TEMPLATE_PARTS];  /* where each of them ends */
	uint32_t stopped; /* that behind them, which did not fit; 0: none */
	struct template_asked { /* texts that were searched for */
		uint32_t id, from;
		const char *at; /* NULL: it is not there */
	} asked[TEMPLATE_ASKED];
	struct match accused; /* what the part with the address said */
	struct match other;   /* what others said: of no use */
};

/* Notes what t has in common with a template that was numbered before. */
void template_share(struct template *t, const struct template *earlier);
/* Numbers from *next on what it has in common with none. */
void template_number(struct template *t, uint32_t *next);
/* Nothing is found yet. */
void template_begin(struct template_found *found);
/* What is left to match when the first parts, so many, are found: see
 * template_match_more in template_parts.h. */
bool template_match_rest(const struct template *t, struct text message,
    struct match *m, struct template_found *found, size_t shared);

/* The literal text with which each message of this form begins, or, with
 * *after_queue_id, which follows its queue id; may be empty. */
struct text template_lead(const struct template *t, bool *after_queue_id);

/* CLIENT_NONE when there is no such name. */
enum client_form template_client_of_name(struct text name);

#endif
