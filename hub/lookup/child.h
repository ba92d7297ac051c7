/*
 * lookup's side of its child finder: starts it, hands it questions, collects
 * the answers, ends it.  Whatever the child does, each question gets exactly
 * one answer, and only one that is for its own address.
 */
#ifndef PLAINTIFF_LOOKUP_CHILD_H
#define PLAINTIFF_LOOKUP_CHILD_H

#include <stddef.h>
#include <stdint.h>

struct addr;
struct arena;
struct ask_answer;
struct ask_setup;
struct child;

enum child_result {
	CHILD_ANSWERED,  /* answers[0..n-1] are all set */
	CHILD_STOPPED,   /* a stop signal came first; it is pending again */
	CHILD_NOT_THERE, /* it could not be started; logged */
};

/* No process yet; never NULL. */
struct child *child_open(void);
/* Ends the process too.  NULL is legal. */
void child_close(struct child *c);

/* Asks for n addresses (at most ASK_MOST).  The child is program's stage
 * finder; it is started when there is none, and anew when the setup is
 * another one.  An address without an answer after deadline_ms (and a second
 * of grace), or because the child ended, is FAILED.  Answers live in the
 * arena.  signals is the process's signalfd, or -1. */
enum child_result child_ask(struct child *c, struct arena *a,
    const char *program, const struct ask_setup *setup,
    const struct addr *addresses, size_t n, uint32_t deadline_ms, int signals,
    struct ask_answer *answers) __attribute__((warn_unused_result));

#endif
