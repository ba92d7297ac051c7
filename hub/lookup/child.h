/*
 * lookup's side of its child finder: starts it, hands it questions, collects
 * the answers, ends it.  Whatever the child does, each question gets exactly
 * one answer, and only one that is for its own address.
 */
#ifndef PLAINTIFF_LOOKUP_CHILD_H
#define PLAINTIFF_LOOKUP_CHILD_H

#include <stddef.h>

struct arena;
struct ask;
struct ask_answer;
struct ask_domains;
struct ask_fetch;
struct ask_host;
struct ask_whole;
struct ask_setup;
struct child;

enum child_result {
	CHILD_ANSWERED,  /* everything is set */
	CHILD_STOPPED,   /* a stop signal came first; it is pending again */
	CHILD_NOT_THERE, /* it could not be started; logged */
};

/* Whose child it is, and what it is told at its start. */
struct child_terms {
	const char *program; /* its stage finder is started when there is no
	                        child, and anew when the setup is another */
	const struct ask_setup *setup;
	int signals;         /* the process's signalfd, or -1 */
};

/* No process yet; never NULL. */
struct child *child_open(void);
/* Ends the process too.  NULL is legal. */
void child_close(struct child *c);

/* Asks; ask->batch is set here.  An address without an answer after
 * ask->deadline_ms (and a second of grace), or because the child ended, is
 * FAILED.  Answers, one for each address, live in the arena. */
enum child_result child_ask(struct child *c, struct arena *a,
    const struct child_terms *terms, struct ask *ask,
    struct ask_answer *answers) __attribute__((warn_unused_result));

/* Asks for hosts; as child_ask. */
enum child_result child_hosts(struct child *c, struct arena *a,
    const struct child_terms *terms, struct ask_domains *ask,
    struct ask_host *hosts) __attribute__((warn_unused_result));

/* Fetches a list of at most `most` items into the arena; fetch->batch is set
 * here. */
enum child_result child_fetch(struct child *c, struct arena *a,
    const struct child_terms *terms, struct ask_fetch *fetch, size_t most,
    struct ask_whole *out) __attribute__((warn_unused_result));

#endif
