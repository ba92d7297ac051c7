/*
 * The grammar of a settings file, apart from what the settings mean: a pure
 * function over bytes, and a fuzz target.
 */
#ifndef PLAINTIFF_CONF_PARSE_H
#define PLAINTIFF_CONF_PARSE_H

#include "proto/base/text.h"

struct arena;

enum conf_line_kind {
	CONF_LINE_SECTION, /* section */
	CONF_LINE_SETTING, /* section, key, value */
	CONF_LINE_BAD,     /* why */
};

struct conf_line {
	enum conf_line_kind kind;
	unsigned number; /* 1-based */
	const char *section;
	const char *key;
	const char *value;
	const char *why;
};

/* Calls on_line for each line that says something, in order.  Strings live
 * in the arena. */
void conf_parse_bytes(struct text bytes, struct arena *a,
    void (*on_line)(void *ctx, const struct conf_line *line), void *ctx);

#endif
