/*
 * The end of a process that cannot go on: out of memory, misconfigured.
 * Nothing that a peer, a log line or a full disk can cause may come here.
 */
#ifndef PLAINTIFF_DIE_H
#define PLAINTIFF_DIE_H

/* Logs the reason and exits with code (sysexits.h; 78 for configuration). */
_Noreturn void die(int code, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
