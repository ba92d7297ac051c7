/*
 * What mail servers say in words, folded as words.h folds: the causes that a
 * status does not tell, and by what a bounce without a delivery report is
 * recognised.  Used by dsn alone.
 */
#ifndef PLAINTIFF_DSN_WORDS_H
#define PLAINTIFF_DSN_WORDS_H

/* No such mailbox or domain. */
extern const char *const dsn_words_nobody[];
/* Full, busy, not now, loops: theirs to mend. */
extern const char *const dsn_words_later[];
/* Spam, lists, authentication, size, content: ours to mend. */
extern const char *const dsn_words_refused[];
/* The same in words that are also said of mailboxes that are not there. */
extern const char *const dsn_words_denied[];
/* Still tried. */
extern const char *const dsn_words_delayed[];
/* Subjects and first words of bounces. */
extern const char *const dsn_words_subject[];
extern const char *const dsn_words_opening[];
/* Who sends them: local parts. */
extern const char *const dsn_words_sender[];
/* Behind these begins our own mail. */
extern const char *const dsn_words_copy[];

#endif
