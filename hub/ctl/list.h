/* A statement's rows on standard output, as a table or as JSON.  Called by
 * the commands that only list. */
#ifndef PLAINTIFF_CTL_LIST_H
#define PLAINTIFF_CTL_LIST_H

#include <stddef.h>

struct ctl;
struct db_rows;

/* The first for_people columns for people, all of them as JSON.  The exit
 * code. */
int list_show(struct ctl *c, const char *statement, size_t for_people);
/* The same with rows that are there already; frees them. */
void list_rows(const struct ctl *c, struct db_rows *rows, size_t for_people);

#endif
