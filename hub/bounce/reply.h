/*
 * What an answer to a report says, by its words in English, German, French
 * and Spanish.  Pure.  Called by bounce for what is no bounce.
 *
 * What it quotes is cut off first, and every line that our own report has:
 * our words must not be taken for theirs.  "Fixed" has consequences, so only
 * a sentence that plainly says so counts, in a mail that no program wrote;
 * all that is not plain is for a person to read.
 */
#ifndef PLAINTIFF_REPLY_H
#define PLAINTIFF_REPLY_H

#include "proto/base/text.h"

struct arena;
struct parsed;

enum reply_kind {
	REPLY_RECEIPT,   /* a program says that it has arrived */
	REPLY_AWAY,      /* a program says that nobody is there */
	REPLY_FORM,      /* they want a form filled in */
	REPLY_NOT_OURS,  /* the address is not theirs */
	REPLY_FORWARDED, /* given on to their customer */
	REPLY_FIXED,     /* they say that it is mended */
	REPLY_HUMAN,     /* anything else */
};
enum { REPLY_KINDS = REPLY_HUMAN + 1 };

struct reply {
	enum reply_kind kind;
	struct text ticket; /* absent when it names none */
	struct text url;    /* of the form; absent unless kind is FORM */
	struct text text;   /* what they say, without what they quote */
};

/* ours: the text of the report it answers; may be absent. */
void reply_judge(struct arena *a, const struct parsed *m, struct text ours,
    struct reply *out);

/* As in the database and in commands: "receipt" and so on. */
const char *reply_kind_name(enum reply_kind kind);

#endif
