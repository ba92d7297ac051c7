/*
 * How fast each server may be asked: so many transfers at once, so long
 * between two, not before a pause that it asked for is over, and not for a
 * while after it failed three times in a row.  Pure: the caller says what
 * time it is.  Called by web.c.
 */
#ifndef PLAINTIFF_LOOKUP_PACE_H
#define PLAINTIFF_LOOKUP_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct pace;

/* A transfer under way keeps its host's place: hosts beyond so many at once
 * are a mistake of the caller. */
enum { PACE_HOSTS = 64, PACE_FAILURES = 3 };

enum pace_turn {
	PACE_NOW,
	PACE_WAIT, /* until then, or (INT64_MAX) until a transfer has ended */
	PACE_HELD, /* the host is left alone until then */
};

struct pace_rule {
	uint32_t parallel;    /* transfers at once to one host */
	uint32_t interval_ms; /* between the begin of two */
	uint32_t rest_ms;     /* after PACE_FAILURES in a row */
};

struct pace *pace_open(const struct pace_rule *rule);
/* NULL is legal. */
void pace_close(struct pace *p);

/* May a transfer to host begin?  *until_ms is set for WAIT and HELD. */
enum pace_turn pace_ask(struct pace *p, const char *host, int64_t now_ms,
    int64_t *until_ms);

/* A transfer begins, has ended (did the server answer at all?). */
void pace_begin(struct pace *p, const char *host, int64_t now_ms);
void pace_end(struct pace *p, const char *host, bool answered, int64_t now_ms);

/* The server wants to be left alone until then; call it before pace_end. */
void pace_hold(struct pace *p, const char *host, int64_t until_ms);

#endif
