/*
 * The inside of struct detect, shared by detect.c (one line) and
 * detect_lines.c (many) and by nobody else.
 */
#ifndef PLAINTIFF_DETECT_INSIDE_H
#define PLAINTIFF_DETECT_INSIDE_H

#include "agent/detect.h"
#include "agent/line_again.h"
#include "agent/rules.h"
#include "agent/stamp.h"

struct attempts;
struct ordinals;
struct pieces;
struct rules_filter;
struct rules_view;
struct sessions;
struct zone;

enum {
	DETECT_VIEWS = 512, /* slots; a power of two */
	DETECT_PROGRAM_BYTES = 128,
	DETECT_PROCESSES = 64, /* a power of two */
	DETECT_PROCESS_BYTES = 16,
};

/* The view of a program seen before; at most programs have none. */
struct detect_known {
	struct rules_view *view;
	const struct rules_filter *filter;
	size_t n; /* length of the name, 0: a free slot */
	char program[DETECT_PROGRAM_BYTES];
};

/* Which program a process of Dovecot is, by its name in front of a message:
 * one place each. */
struct detect_process {
	const struct detect_known *known;
	size_t n; /* length of the name, 0: a free place */
	char name[2 * DETECT_PROCESS_BYTES]; /* so much is loaded at once */
};

struct detect {
	const struct rules *rules;
	struct zone *zone;
	char *site, *host;
	bool brief, outer_only;
	struct line_again again;
	struct stamp_clock stamps;
	struct ordinals *ordinals;
	struct pieces *pieces;
	struct attempts *attempts;
	struct sessions *sessions;
	uint64_t read_bytes; /* in this life, and SESSION_BYTES more */
	struct detect_known *views; /* DETECT_VIEWS */
	size_t view_count;
	struct detect_process processes[DETECT_PROCESSES];
	/* of the line at hand, if it looked like nothing at first */
	const struct rule *rule;
	struct match match;
	bool excused; /* it says that we could not answer */
	bool is_ascii; /* all of it is known to be, without NUL */
	char dovecot[2 * DETECT_PROCESS_BYTES]; /* the name, to be loaded */
};

/* The slot in which a program's search begins: names differ at their ends,
 * postfix/smtpd, postfix/smtp.  first and last are its first and last eight
 * bytes; of a shorter name all, with zeros behind, and none. */
static inline size_t
detect_slot(size_t n, uint64_t first, uint64_t last)
{
	uint64_t h = (n ^ last ^ first * 31) * UINT64_C(0x9e3779b97f4a7c15);

	_Static_assert(
	    DETECT_VIEWS == 1 << (64 - 55), "a hash fills the table");
	return (size_t)(h >> 55);
}

static inline size_t
detect_process_slot(size_t n, uint64_t first)
{
	_Static_assert(
	    DETECT_PROCESSES == 1 << (64 - 58), "a hash fills the table");
	return (size_t)((n ^ first * 31) * UINT64_C(0x9e3779b97f4a7c15) >> 58);
}

/* Keeps which program the process of Dovecot is whose name, of n bytes, the
 * message begins with. */
void detect_keep_process(struct detect *d, struct text message, size_t n);

/* What becomes of a line that fits d->rule, with d->match. */
enum detect_result detect_take(struct detect *d, const struct line *parsed,
    struct arena *a, struct event *out);

#endif
