/*
 * Which messages surely have no form of a view: told from four of their
 * bytes, so that most lines of a log need no walk through its leads.
 */
#ifndef PLAINTIFF_RULES_FILTER_H
#define PLAINTIFF_RULES_FILTER_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct rules_view;

enum {
	RULES_FILTER_BYTES = 4,  /* that are looked at */
	RULES_FILTER_COLON = 2,  /* ": " of a queue id, which all have */
	RULES_FILTER_WORDS = 32, /* a bit for each of 1,024 hashes */
};

struct rules_filter {
	uint32_t starts[RULES_FILTER_WORDS]; /* of a message */
	/* behind the colon of a queue id, and the blank behind that */
	uint32_t behind[RULES_FILTER_WORDS];
};

/* NULL for the view of a program without forms will do. */
const struct rules_filter *rules_view_filter(const struct rules_view *v);

static inline uint32_t
rules_filter_hash(const char *s)
{
	uint32_t w;

	memcpy(&w, s, RULES_FILTER_BYTES);
	return w * UINT32_C(0x9e3779b1) >> 22;
}

static inline uint32_t
rules_filter_has(const uint32_t set[RULES_FILTER_WORDS], const char *s)
{
	uint32_t h = rules_filter_hash(s);

	return set[h / 32] >> h % 32 & 1;
}

/* May a message have a form?  behind: where the bytes behind its first colon
 * and a blank are, if it has one. */
static inline bool
rules_filter_passes(
    const struct rules_filter *f, const char *message, const char *behind)
{
	return (rules_filter_has(f->starts, message) |
		   rules_filter_has(f->behind, behind)) != 0;
}

#endif
