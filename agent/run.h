/*
 * `plaintiff-agent run`: the one loop over hub, sources and signals, and the
 * order of starting and stopping.  And what it needs checked beforehand,
 * `-t`.  Called by main.c.
 */
#ifndef PLAINTIFF_RUN_H
#define PLAINTIFF_RUN_H

#include <stdint.h>

/* Runs until SIGTERM, or until standard input has ended and all of it is at
 * the hub.  With once_ms (else NULL): reads and commits what is there now,
 * sends for at most so long (0: does not even connect) and ends; EX_TEMPFAIL
 * when not everything was read and acknowledged.  A sysexits code. */
int run_agent(const char *conf_path, const int64_t *once_ms);
/* Checks settings, key, rules and log files, saying everything that is
 * wrong.  EX_OK or EX_CONFIG. */
int run_check(const char *conf_path);

#endif
