/*
 * What scan prints for people: one line for each address and kind, the most
 * frequent first.
 */
#ifndef PLAINTIFF_SCAN_TABLE_H
#define PLAINTIFF_SCAN_TABLE_H

#include <stdio.h>

struct event;
struct scan_table;

struct scan_table *scan_table_open(void);
void scan_table_close(struct scan_table *t);
void scan_table_add(struct scan_table *t, const struct event *e);
/* Sorts and prints; nothing when nothing was added. */
void scan_table_print(struct scan_table *t, FILE *to);

#endif
