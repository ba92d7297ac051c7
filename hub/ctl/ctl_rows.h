/* The administrator's side of the database; the statements are in
 * schema/stmts/ctl.sql.  Lists come straight from views. */
#ifndef PLAINTIFF_CTL_ROWS_H
#define PLAINTIFF_CTL_ROWS_H

#include <stdbool.h>
#include <stdint.h>

struct ctl;
struct db_rows;

/* A statement without arguments whose rows are wanted: 0, or -1 (logged). */
int ctl_rows_list(struct ctl *c, const char *statement, struct db_rows **out);

/* The same with a number, or a text, as the only argument. */
int ctl_rows_number(struct ctl *c, const char *statement, int64_t number,
    struct db_rows **out);
int ctl_rows_string(struct ctl *c, const char *statement, const char *s,
    struct db_rows **out);

/* Agents with this name or this key: name, key, state.  0 or -1. */
int ctl_rows_agent_find(struct ctl *c, const char *name, const char *key,
    struct db_rows **out);
/* Adds an agent and tells the receive stages.  0 or -1. */
int ctl_rows_agent_add(struct ctl *c, const char *name, const char *key);
/* Ends an agent's quarantine and gives its events their places in the order
 * of storing; how many.  Broken off, it may be called again.  0 or -1. */
int ctl_rows_agent_release(struct ctl *c, const char *name, int64_t *events);
/* Revokes an agent and tells the receive stages; *done false when
 * there is none of that name to revoke.  0 or -1. */
int ctl_rows_agent_revoke(struct ctl *c, const char *name, bool *done);

/* One report: its number and state.  0 or -1. */
int ctl_rows_report(struct ctl *c, int64_t report, struct db_rows **out);
/* Its mails, or only the n-th (NULL: all): number, state, subject,
 * Message-ID, what was said of it, the mail.  0 or -1. */
int ctl_rows_report_mails(struct ctl *c, int64_t report, const char *n,
    struct db_rows **out);
/* Gives a report in hand to that hub; *done false when it is in nobody's
 * hands, the hub's already, or its hub's deliver runs.  0 or -1. */
int ctl_rows_report_adopt(struct ctl *c, int64_t report, const char *hub,
    bool *done);
/* Moves a report from one state to another and tells deliver; *done false
 * when it is not in the first state.  said: NULL leaves what is there.  A
 * report that becomes ready or held loses its week, which is over or never
 * began; one that is lost in part goes on being sent.  0 or -1. */
int ctl_rows_report_move(struct ctl *c, int64_t report, const char *from,
    const char *to, const char *said, bool *done);

/* Says what kind an answer is, with what follows; *fixed: addresses that it
 * says are mended.  *done false when there is no such answer.  0 or -1. */
int ctl_rows_reply_classify(struct ctl *c, int64_t reply, const char *kind,
    bool *done, int64_t *fixed);

#endif
