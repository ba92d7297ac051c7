/*
 * The inside of line_parse, shared by the files line*.c and by nobody else.
 */
#ifndef PLAINTIFF_LINE_INSIDE_H
#define PLAINTIFF_LINE_INSIDE_H

#include "agent/line.h"

/* Length of the stamp (with one blank behind it) with which the line of n
 * bytes at s begins, and its form; 0 when it begins with none.  n >= 16. */
size_t line_stamp_length(const char *s, size_t n, enum line_form *form);

/* From the host on, behind the stamp and its blank; out->form and out->stamp
 * are set. */
bool line_parse_behind(struct text rest, struct line *out);
/* A line that begins with no such stamp.  line.n >= 16. */
bool line_parse_rare(struct text line, struct line *out);
bool line_parse_without_stamp(struct text line, struct line *out);

/* Does Dovecot's own "process: Level: " or "process(" stand at the beginning
 * of t? */
bool line_is_dovecot(struct text t);
/* The message of Dovecot, from its process name on, is in out->message: the
 * process goes to the program. */
void line_take_dovecot(struct line *out);
/* The message of Exim is in out->message: its stamp, pid and the mark of a
 * split record are taken off. */
void line_take_exim(struct line *out);

/* Takes off what the daemon put in front of its message, if out->program is
 * one of those that do. */
static inline void
line_take_daemon(struct line *out)
{
	struct text p = out->program;

	if (p.at[0] == 'd' && text_is(p, "dovecot"))
		line_take_dovecot(out);
	else if (p.at[0] == 'e' && p.n >= 4 && p.at[1] == 'x' &&
	         p.at[2] == 'i' && p.at[3] == 'm')
		line_take_exim(out);
}

#endif
