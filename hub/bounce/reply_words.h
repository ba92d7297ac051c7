/*
 * What people and ticket systems write, folded as words.h folds.  Used by
 * reply alone.
 */
#ifndef PLAINTIFF_REPLY_WORDS_H
#define PLAINTIFF_REPLY_WORDS_H

extern const char *const reply_words_away[];
extern const char *const reply_words_receipt[];
extern const char *const reply_words_form[];
/* Nothing but the form is read. */
extern const char *const reply_words_only[];
extern const char *const reply_words_not_ours[];
extern const char *const reply_words_forwarded[];
extern const char *const reply_words_fixed[];
/* Make a sentence say less: not, if, will, please, ... */
extern const char *const reply_words_guard[];
/* Make it a mere possibility. */
extern const char *const reply_words_if[];
/* Behind these begins what is quoted. */
extern const char *const reply_words_quote[];
/* In front of a ticket's number. */
extern const char *const reply_words_ticket[];

#endif
