/*
 * The fields of templates: their names, who writes them, and where each
 * begins and ends when it is read from the left or from the right.
 */
#ifndef PLAINTIFF_FIELD_H
#define PLAINTIFF_FIELD_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/template.h"
#include "proto/base/text.h"

enum field {
	FIELD_LITERAL,
	FIELD_CLIENT,
	FIELD_IP,
	FIELD_PORT,
	FIELD_LOCAL,
	FIELD_HOST,
	FIELD_WORD,
	FIELD_NUM,
	FIELD_QID,
	FIELD_MECH,
	FIELD_HELO,
	FIELD_PATH,
	FIELD_PLAIN,
	FIELD_AGAIN,
	FIELD_NOTE,
	FIELD_GIVEN,
	FIELD_BLANKS,
	FIELD_SID,
	FIELD_ACCOUNT,
	FIELD_USER,
	FIELD_SAID,
	FIELD_REST,
	FIELD_TWICE,
	FIELD_COUNT, /* not a field */
};

#define FIELD_NOWHERE ((size_t)-1)

/* FIELD_LITERAL when there is no such name. */
enum field field_of_name(struct text name);
const char *field_nearest(const char *name);
/* Can it hold anything, so that only what follows it ends it? */
static inline bool
field_is_unbounded(enum field f)
{
	return f == FIELD_USER || f == FIELD_SAID || f == FIELD_REST ||
	       f == FIELD_TWICE;
}
/* Does a client write it, in a way that only the right end of the message
 * can delimit? */
bool field_is_open(enum field f);

/* Reads a field that begins at from and ends before limit at the latest;
 * stop is the first byte of the literal behind it, or -1.  Returns where it
 * ends, or FIELD_NOWHERE; what it says goes to *m.  Not for literals,
 * {again} and unbounded fields. */
size_t field_read(enum field f, enum client_form form, struct text message,
    size_t from, size_t limit, int stop, struct match *m);

/* The same from the right: the field ends at to and begins at from at the
 * earliest; stop is the last byte of the literal in front of it, or -1.
 * Returns where it begins. */
size_t field_read_back(enum field f, enum client_form form, struct text message,
    size_t from, size_t to, int stop, struct match *m);

/* Says once more in *m what field_read found these bytes to be; not for
 * {client}. */
void field_say(enum field f, struct text bytes, struct match *m);

/* Is plain the mail address quoted without the quoting (RFC 5321 4.1.2) of
 * its local part?  Daemons log an address both ways in one line. */
bool field_path_says(struct text quoted, struct text plain);
/* Length of the address without its quoting. */
size_t field_path_length(struct text quoted);

#endif
