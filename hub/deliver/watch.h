/*
 * What became of mails that nobody answered for, by the relay's log: when to
 * look, and what is certain then.  No database; deliver acts on it.
 *
 * A mail counts as not taken only deliver.lost_after after its try was over,
 * and behind a mark that was set in the log then: the log must show a later
 * session of the relay, and the end of every earlier one.  deliver visits the
 * relay when a mark was set, so that there is such a session.
 */
#ifndef PLAINTIFF_WATCH_H
#define PLAINTIFF_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hub/deliver/receipt_book.h"

struct arena;
struct hub_conf;

enum { WATCH_MARK_BYTES = 160 };

struct watch {
	int64_t next_ms; /* not before then */
	int64_t mark_ms; /* when the mark was set; 0: none */
	char mark[WATCH_MARK_BYTES];
	bool failed_logged;
};

struct watch_mail {
	const char *message_id;
	const char *log_from; /* NULL: unknown */
	int64_t age_ms;       /* since its try was over */
	/* set: */
	enum receipt_fate fate;
	const char *queue; /* when it was taken */
};

/* The place of now in the relay's log, for a claim; NULL: none, logged. */
const char *watch_place(struct watch *w, const struct hub_conf *conf,
    struct arena *a);

bool watch_is_due(const struct watch *w, const struct hub_conf *conf);
/* Sets a mark when one of the mails needs it: visit the relay then. */
bool watch_marks(struct watch *w, const struct hub_conf *conf,
    const struct watch_mail *mails, size_t n);
/* Reads the log and sets the fates. */
void watch_look(struct watch *w, const struct hub_conf *conf, struct arena *a,
    struct watch_mail *mails, size_t n);

#endif
