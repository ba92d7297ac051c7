/*
 * Which messages surely have no form of a view: told from a few of their
 * bytes, so that most lines of a log need no walk through its leads.
 */
#ifndef PLAINTIFF_RULES_FILTER_H
#define PLAINTIFF_RULES_FILTER_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct rules_view;

enum {
	RULES_FILTER_BYTES = 8,  /* at most, that are looked at */
	RULES_FILTER_COLON = 2,  /* ": " of a queue id, which all have */
	RULES_FILTER_WORDS = 32, /* a bit for each of 1,024 hashes */
};

struct rules_filter_set {
	uint64_t mask; /* the bytes that all forms have */
	uint32_t has[RULES_FILTER_WORDS];
};

struct rules_filter {
	struct rules_filter_set starts; /* of a message */
	/* behind the colon of a queue id, and the blank behind that */
	struct rules_filter_set behind;
};

/* NULL for the view of a program without forms will do. */
const struct rules_filter *rules_view_filter(const struct rules_view *v);

/* Of the bytes in the mask; so many can be read as RULES_FILTER_BYTES. */
static inline uint32_t
rules_filter_hash(const struct rules_filter_set *set, const char *s)
{
	uint64_t w;

	_Static_assert(sizeof w == RULES_FILTER_BYTES, "bytes are a word");
	memcpy(&w, s, sizeof w);
	return (uint32_t)(
	    (w & set->mask) * UINT64_C(0x9e3779b97f4a7c15) >> 54);
}

static inline uint32_t
rules_filter_has(const struct rules_filter_set *set, const char *s)
{
	uint32_t h = rules_filter_hash(set, s);

	return set->has[h / 32] >> h % 32 & 1;
}

/* May a message have a form?  behind: where the bytes behind its first colon
 * and a blank are, if it has one. */
static inline bool
rules_filter_passes(
    const struct rules_filter *f, const char *message, const char *behind)
{
	return (rules_filter_has(&f->starts, message) |
		   rules_filter_has(&f->behind, behind)) != 0;
}

#endif
