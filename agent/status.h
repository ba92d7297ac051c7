/*
 * What the agent says of itself: to systemd while it runs, and to people
 * who ask (`plaintiff-agent status`), from the outbox.
 */
#ifndef PLAINTIFF_STATUS_H
#define PLAINTIFF_STATUS_H

#include <stdbool.h>
#include <stdint.h>

struct agent_conf;

/* Sends "READY=1" and the like to $NOTIFY_SOCKET, if there is one
 * (sd_notify(3)). */
void status_notify(const char *state);
/* How often systemd wants WATCHDOG=1, halved; 0: never. */
int64_t status_watchdog_ms(void);

/* Prints the counters and how far each log was read.  A sysexits code. */
int status_print(const struct agent_conf *conf, bool json);

#endif
