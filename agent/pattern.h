/*
 * Patterns of log files, as "/var/log/mail*.log": which files they name now.
 * What rotation made of a log is never one of them.  Called by intake_feeds.c
 * and setup.c.
 */
#ifndef PLAINTIFF_PATTERN_H
#define PLAINTIFF_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* Is it a path with * ? or [ in it?  Else it names one source. */
bool pattern_is(const char *s);
/* The paths it names, in order, in the arena; how many. */
size_t pattern_list(const char *s, struct arena *a, const char ***paths);
/* Would it name this path, if it were there? */
bool pattern_names(const char *s, const char *path);

#endif
