/*
 * What lists are printed with: aligned columns for people, JSON for programs.
 * Every cell may be foreign text: for people it passes text_neuter, on a
 * terminal or not, and in JSON it is escaped.  Called by the commands.
 */
#ifndef PLAINTIFF_CTL_TABLE_H
#define PLAINTIFF_CTL_TABLE_H

#include <stddef.h>

struct buf;
struct db_rows;

/* Appends the rows as aligned columns under their names; columns beyond the
 * first `columns` are left out (0: all).  No rows: "none". */
void table_text(struct buf *out, const struct db_rows *rows, size_t columns);

/* Appends the rows as a JSON array with an object a row; times as RFC 3339,
 * null where there is no value. */
void table_json(struct buf *out, const struct db_rows *rows);
/* One row as an object without its braces. */
void table_json_members(struct buf *out, const struct db_rows *rows,
    size_t row);

/* Appends foreign text so that it cannot steer a terminal. */
void table_neuter(struct buf *out, const char *s, size_t n);

/* Writes the buffer to standard output and frees it. */
void table_flush(struct buf *out);

#endif
