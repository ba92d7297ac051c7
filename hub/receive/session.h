/*
 * receive's side that talks to the database, through outages: the session
 * with its reconnects, what is kept of the database in memory (agents, days,
 * names), and storing with its retries.  Knows no socket.
 */
#ifndef PLAINTIFF_SESSION_H
#define PLAINTIFF_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct agent;
struct agents;
struct greet_hello;
struct group_batch;
struct session;
struct wire_counters;
struct worker_context;

enum session_result {
	SESSION_DONE,    /* committed */
	SESSION_REFUSED, /* the database will not have it; logged */
	SESSION_LATER,   /* away or busy; it may be stored all the same */
};

struct session *session_open(struct worker_context *c);
/* NULL is legal; the context's db stays open. */
void session_close(struct session *s);

/* Waits until the database is there and all that must be known of it is
 * read.  False: a stop came or it is hopeless; *code is the exit code. */
bool session_first(struct session *s, int *code);
/* What is due by now: a try to reconnect, notifications, tables read again,
 * other stages woken.  False: hopeless, as for session_first. */
bool session_look_after(struct session *s);
/* Once after a reconnect: has the database forgotten what was acknowledged?
 * (It was restored, or another server took its place.) */
bool session_is_older(struct session *s);
bool session_is_away(const struct session *s);

/* The active agents as last read; replaced by session_look_after and
 * session_refresh, and only then. */
const struct agents *session_agents(const struct session *s);
/* Reads the agents again when they are older than storing may rely on.
 * False: they still are, and nothing may be stored now. */
bool session_refresh(struct session *s) __attribute__((warn_unused_result));

/* See receive_rows.h. */
enum session_result session_hellos(struct session *s,
    struct greet_hello *hellos, size_t n) __attribute__((warn_unused_result));
/* Once a second an agent, over time, so that it cannot do much; a few may
 * follow each other: the last one before it ends may be right behind another.
 * The rest is left to the next. */
void session_counters(struct session *s, struct agent *agent,
    const struct wire_counters *counters);
/* Sets aside all events of a batch that cannot be read. */
enum session_result session_malformed(struct session *s,
    const struct agent *agent, uint64_t batch, size_t events, const char *why)
    __attribute__((warn_unused_result));
/* Judges and stores n batches (sorted in place) in one transaction. */
enum session_result session_store(struct session *s,
    struct group_batch *batches, size_t n)
    __attribute__((warn_unused_result));

#endif
