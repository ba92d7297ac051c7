/*
 * `plaintiff-agent run`: the one loop over hub, sources and signals, and the
 * order of starting and stopping.  And what it needs checked beforehand,
 * `-t`.  Called by main.c.
 */
#ifndef PLAINTIFF_RUN_H
#define PLAINTIFF_RUN_H

/* Runs until SIGTERM, or until standard input has ended and all of it is at
 * the hub.  A sysexits code. */
int run_agent(const char *conf_path);
/* Checks settings, key, rules and log files, saying everything that is
 * wrong.  EX_OK or EX_CONFIG. */
int run_check(const char *conf_path);

#endif
