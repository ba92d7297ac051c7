/*
 * Where a literal text stands in a message.  memmem() prepares a table for
 * each search, which for texts of our length costs more than the search.
 */
#ifndef PLAINTIFF_SEARCH_H
#define PLAINTIFF_SEARCH_H

#include "proto/base/text.h"

/* The first place in the text, or NULL; what is not empty. */
const char *search(struct text in, struct text what);
/* The last place. */
const char *search_last(struct text in, struct text what);

#endif
