/* What the files of reply share; see reply.h. */
#ifndef PLAINTIFF_REPLY_INSIDE_H
#define PLAINTIFF_REPLY_INSIDE_H

#include <stdbool.h>

#include "proto/base/text.h"

struct arena;

/* What they wrote, without quotes, signature and lines of ours.  Empty lines
 * are kept. */
struct text reply_cut(struct arena *a, struct text body, struct text ours);

/* The number of a ticket, as written; absent when there is none.  anywhere:
 * not only behind a word for it, "#123" in brackets will do. */
struct text reply_ticket(struct arena *a, struct text t, bool anywhere);

/* The web address most likely to be a form; absent when there is none. */
struct text reply_url(struct arena *a, struct text t);

#endif
