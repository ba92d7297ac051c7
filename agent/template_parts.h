/*
 * The inside of a template, shared by its compiler (template.c) and its
 * matcher (template_match.c) and by nobody else.
 */
#ifndef PLAINTIFF_TEMPLATE_PARTS_H
#define PLAINTIFF_TEMPLATE_PARTS_H

#include <stddef.h>

#include "agent/field.h"
#include "agent/template.h"

struct part {
	enum field field;
	struct text text; /* of a literal; else the label, "to" in {path:to} */
	size_t refers_to; /* {again}: the part it repeats */
	uint32_t step; /* equal in templates that are the same up to here; 0:
	                  not in the head, or not numbered yet */
};

struct template
{
	enum client_form client;
	size_t n;
	size_t head; /* parts [0, head) are read from the left */
	size_t tail; /* parts [tail, n) are read from the right */
	bool accuses_back; /* the address is one of these */
	size_t opening; /* parts up to the accused, if read from the left */
	uint64_t said; /* a bit for each part of the head, but the accused,
	                  that a match says */
	struct text must; /* the longest literal text behind the head */
	uint32_t must_id; /* equal for equal texts; 0: not numbered yet */
	struct part parts[];
};

_Static_assert(TEMPLATE_PARTS <= 64, "a part each has a bit");

/* What delimits the part i: the first byte of the literal behind it, -1 when
 * there is none. */
static inline int
template_next_byte(const struct template *t, size_t i)
{
	return i + 1 < t->n && t->parts[i + 1].field == FIELD_LITERAL
	           ? (unsigned char)t->parts[i + 1].text.at[0]
	           : -1;
}

#endif
