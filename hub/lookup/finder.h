/*
 * The child of lookup that faces the network.  All hostile bytes are behind
 * it; it has no database, no settings file and no environment.
 */
#ifndef PLAINTIFF_LOOKUP_FINDER_H
#define PLAINTIFF_LOOKUP_FINDER_H

/* The descriptor that lookup hands to the child. */
enum { FINDER_FD = 3 };

#endif
