/* What the two halves of ask share; see ask.h. */
#ifndef PLAINTIFF_LOOKUP_ASK_INSIDE_H
#define PLAINTIFF_LOOKUP_ASK_INSIDE_H

enum { ASK_VERSION = 2 };

#endif
