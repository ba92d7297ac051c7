/*
 * Looking for phrases in what people and mail servers write: text folded to
 * small letters without accents, and lists of phrases in that form.  Pure.
 * Called by dsn and reply.
 */
#ifndef PLAINTIFF_WORDS_H
#define PLAINTIFF_WORDS_H

#include <stdbool.h>

#include "proto/base/text.h"

struct arena;

/* Small letters, accents of Western Europe removed ("ß" is "ss"), every
 * run of blanks and line ends one blank, typographic quotes plain.  NUL-
 * terminated in the arena. */
struct text words_fold(struct arena *a, struct text t);

/* Does one of the phrases, a list that ends with NULL, stand in the folded
 * text at the beginning of a word?  A phrase that ends with "*" may go on
 * inside a word; any other ends where a word ends.  Returns the place behind
 * it, or NULL. */
const char *words_find(struct text folded, const char *const *phrases);

static inline bool
words_have(struct text folded, const char *const *phrases)
{
	return words_find(folded, phrases) != NULL;
}

#endif
