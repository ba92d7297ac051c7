/*
 * One line on stderr a record: "<6>receive: batch stored agent=mx1 seq=81".
 * The "<N>" is journald's priority and is left out on a terminal.  Phrases
 * are fixed, greppable and listed in docs/operating.md; key=value follows.
 * The whole finished record passes text_neuter, so that foreign text in it
 * can neither break the line nor steer a terminal.
 */
#ifndef PLAINTIFF_LOG_H
#define PLAINTIFF_LOG_H

#include <stdarg.h>

/* Names the process in each record; the string must live on. */
void log_open(const char *name);
/* Drops records below notice (quiet) or keeps all (default). */
void log_quiet(int quiet);

void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_notice(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* As log_error, for va_list. */
void log_verror(const char *fmt, va_list ap)
    __attribute__((format(printf, 1, 0)));

#endif
