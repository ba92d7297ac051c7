/*
 * In which year a log file with RFC 3164 stamps begins: lines from places
 * all over it are looked at before the first is read, so that a log of
 * several years has the right ones.  Called by scan.c.
 */
#ifndef PLAINTIFF_SCAN_ORDER_H
#define PLAINTIFF_SCAN_ORDER_H

struct detect;
struct scan_file;

/* To be called behind detect_set_now and before the first line.  Does
 * nothing for files that cannot be read at any place (compressed, pipes). */
void scan_order(const struct scan_file *f, struct detect *d);

#endif
