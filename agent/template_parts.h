/*
 * The inside of a template, shared by its compiler (template.c) and its
 * matcher (template_match.c) and by nobody else.
 */
#ifndef PLAINTIFF_TEMPLATE_PARTS_H
#define PLAINTIFF_TEMPLATE_PARTS_H

#include <stddef.h>

#include "agent/field.h"
#include "agent/template.h"

enum { TEMPLATE_PARTS = 40 };

struct part {
	enum field field;
	struct text text; /* of a literal; else the label, "to" in {path:to} */
	size_t refers_to; /* {again}: the part it repeats */
};

struct template
{
	enum client_form client;
	size_t n;
	size_t head; /* parts [0, head) are read from the left */
	size_t tail; /* parts [tail, n) are read from the right */
	bool accuses_back; /* the address is one of these */
	size_t opening; /* parts up to the accused, if read from the left */
	struct part parts[];
};

#endif
