/*
 * What became of some mails, by the lines of the relay's log from before
 * their hand-over on.  Pure; the log's files are relay_log's.
 *
 * Taken: Postfix's queue manager names the queue id of a mail with our
 * Message-ID, or Exim says that it took it.  Not taken, which only Postfix's
 * log can show: no session that can have brought it is open any more, and
 * every queue id with our Message-ID was cut off.  That nothing is missing at
 * the log's end is shown by a session that began and ended behind the mark.
 * Otherwise nobody knows.
 */
#ifndef PLAINTIFF_RECEIPT_BOOK_H
#define PLAINTIFF_RECEIPT_BOOK_H

#include <stddef.h>

#include "proto/base/text.h"

struct arena;
struct receipt_book;

enum receipt_fate {
	RECEIPT_FATE_TAKEN,
	RECEIPT_FATE_NOT_TAKEN,
	RECEIPT_FATE_UNKNOWN,
};

/* For the mails with these Message-IDs, all handed over before the mark and
 * behind the place where the lines begin. */
struct receipt_book *receipt_book_open(struct arena *a,
    const char *const *ids, size_t n);
/* The next line, without its end. */
void receipt_book_line(struct receipt_book *book, struct text line);
/* The lines that follow are from after all the hand-overs were over. */
void receipt_book_mark(struct receipt_book *book);
/* Of the i-th mail; *queue is its queue id when it was taken. */
enum receipt_fate receipt_book_fate(const struct receipt_book *book, size_t i,
    struct text *queue);

#endif
