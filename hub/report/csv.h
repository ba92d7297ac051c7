/*
 * report.csv (RFC 4180, LF here: the mail makes it CRLF): a row for each
 * listed event, with the totals of its address behind; a listed address
 * without a listed event has one row with the totals alone.  Pure; called by
 * compose.
 */
#ifndef PLAINTIFF_CSV_H
#define PLAINTIFF_CSV_H

struct buf;
struct compose_facts;

/* f->entries must be there. */
void csv_write(struct buf *out, const struct compose_facts *f);

/* One cell: quoted when it must be, control bytes as blanks, and never the
 * beginning of a spreadsheet's formula. */
void csv_cell(struct buf *out, const char *s);

#endif
