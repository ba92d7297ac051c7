/* The relay's log, of which clients choose parts.  What is read lies inside
 * its line; a mail counts as taken only by a line of the queue manager or of
 * Exim, and as not taken only when a session ended behind the mark. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hub/deliver/receipt.h"
#include "hub/deliver/receipt_book.h"
#include "proto/base/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const ids[] = {"our@x"};

static void
must(int fact)
{
	if (!fact)
		abort();
}

static bool
has(struct text line, const char *s)
{
	return memmem(line.at, line.n, s, strlen(s)) != NULL;
}

static void
inside(struct text part, struct text line)
{
	must(part.n == 0 ||
	    (part.at >= line.at && part.at + part.n <= line.at + line.n));
}

/* What must stand in a line of that kind, found without the parser. */
static void
check_line(struct text line)
{
	struct receipt r = receipt_read(line);

	inside(r.queue, line);
	inside(r.id, line);
	if (r.kind == RECEIPT_ACTIVE)
		must(has(line, "qmgr[") && has(line, "(queue active)"));
	if (r.kind == RECEIPT_ID)
		must(has(line, "cleanup[") && has(line, ": message-id="));
	if (r.kind == RECEIPT_TAKEN)
		must(has(line, " <= ") && has(line, " id="));
	if (r.kind == RECEIPT_CUT || r.kind == RECEIPT_DISCONNECT)
		must(has(line, "smtpd["));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_open(0);
	struct receipt_book *b = receipt_book_open(a, ids, 1);
	bool active = false, ours = false, marked = false, ended = false;
	struct text queue;
	enum receipt_fate fate;

	for (size_t at = 0; at < size;) {
		const char *s = (const char *)data + at;
		const char *end = memchr(s, '\n', size - at);
		struct text line = {.at = s,
		    .n = end == NULL ? size - at : (size_t)(end - s)};

		at += line.n + 1;
		if (line.n == 1 && s[0] == '|') {
			receipt_book_mark(b);
			marked = true;
			continue;
		}
		check_line(line);
		receipt_book_line(b, line);
		ours |= has(line, "our@x");
		active |= has(line, "(queue active)") || has(line, " <= ");
		ended |= marked && has(line, "disconnect from ");
	}
	fate = receipt_book_fate(b, 0, &queue);
	must((fate == RECEIPT_FATE_TAKEN) == (queue.n != 0));
	must(fate != RECEIPT_FATE_TAKEN || (ours && active));
	must(fate != RECEIPT_FATE_NOT_TAKEN || ended);
	arena_close(a);
	return 0;
}
