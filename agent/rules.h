/*
 * The message forms that the agent knows: read from *.rules files, checked
 * against the samples in them, and looked up by program and first bytes, so
 * that a line without a hit costs next to nothing.
 *
 * Loading is all or nothing: a file with one bad block is refused as a
 * whole, with every complaint, since a rule that does not do what its
 * samples say may accuse the wrong party.
 */
#ifndef PLAINTIFF_RULES_H
#define PLAINTIFF_RULES_H

#include <stddef.h>

#include "agent/template.h"
#include "proto/base/buf.h"
#include "proto/kind.h"

struct rules;
struct rules_view;

/* What a line of this form does for its session (session.h): an event comes
 * only from RULE_ALONE, RULE_INSIDE, RULE_MARKED and RULE_EXCUSED. */
enum rule_session {
	RULE_ALONE,
	RULE_BEGINS, /* names the client */
	RULE_INSIDE, /* an event, if another line named the client */
	RULE_MARKS,  /* says what the client did */
	RULE_MARKED, /* an event, if another line marked the session */
	RULE_ENDS,
	/* without an id, of the whole process: */
	RULE_AWAY,    /* our own login server does not answer it */
	RULE_EXCUSED, /* an event; our own failure, if it just said so */
};

/* Which of the lines that tell of one login attempt it is (attempt.h). */
enum rule_attempt {
	RULE_NO_ATTEMPT,
	RULE_FIRST_LINE,   /* another can follow, with a session */
	RULE_ONE_ATTEMPT,  /* one of its session's */
	RULE_ALL_ATTEMPTS, /* the end of a session, with all of its attempts */
};

/* What a rules file calls a block. */
struct rule {
	const char *name; /* "postfix.sasl-failed" */
	enum kind kind; /* KIND_NONE where no event comes from it */
	enum rule_session session;
	enum rule_attempt attempt;
	const char *file;
	unsigned line;        /* of the block's head */
	struct text no_login; /* a {user} that means none; absent if none */
	struct text service;  /* absent: the program; may end in "*" */
};

struct rules_counts {
	size_t files, rules, templates, samples;
};

/* An empty set; rules_close frees it and everything it handed out. */
struct rules *rules_new(void);
void rules_close(struct rules *r);

/* Adds the blocks in bytes, which are copied; file is for messages.  Each
 * complaint goes to errors as "file:line: what\n"; -1 if there was one. */
int rules_add(struct rules *r, const char *file, struct text bytes,
    struct buf *errors) __attribute__((warn_unused_result));
/* Runs all samples; to be called once, after the last rules_add. */
int rules_check(struct rules *r, struct buf *errors)
    __attribute__((warn_unused_result));

/* Reads and checks all *.rules of folder dir, in order of their names.  dir
 * NULL: the folder in the environment's PLAINTIFF_RULES, else the installed
 * rules and, if there are any, those of the administrator in /etc.  NULL
 * when anything was refused. */
struct rules *rules_open(const char *dir, struct buf *errors);

struct rules_counts rules_count(const struct rules *r);

/* The forms that concern a program; NULL when there are none.  A view must
 * be closed before its rules. */
struct rules_view *rules_view_open(const struct rules *r, struct text program);
/* The same without the forms of inner kinds (kind.h), but for those in front
 * of another form that their messages might have. */
struct rules_view *rules_view_open_outer(
    const struct rules *r, struct text program);
void rules_view_close(struct rules_view *v);

/* The rule whose form the message has, or NULL; *m as template_match. */
const struct rule *rules_find(
    const struct rules_view *v, struct text message, struct match *m);

struct rules_nearest {
	const struct rule *rule; /* NULL: no rule concerns the program */
	unsigned line;           /* of the template in its file */
	size_t stopped;          /* bytes of the message that fitted */
};

/* For a message that rules_find does not know: the form that fits furthest. */
struct rules_nearest rules_explain(
    const struct rules_view *v, struct text message);

#endif
