/*
 * The words a report uses.  Those that people read come from texts/ in the
 * report's language; those that programs look for are the same in all.  Pure;
 * called by compose and its parts.  Nothing that a log line said comes out of
 * here: services are recognised and named in words of ours, or not named.
 */
#ifndef PLAINTIFF_WORDING_H
#define PLAINTIFF_WORDING_H

#include <stdint.h>

#include "hub/report/language.h"
#include "proto/base/text.h"
#include "proto/kind.h"

struct buf;

enum wording {
#define WORDING(name, fields) WORDING_##name,
#define WORDING_MACHINE(name, fields) WORDING_##name,
#define WORDING_PLURAL(name, fields) WORDING_##name, WORDING_##name##_many,
#include "hub/report/wording.def"
#undef WORDING
#undef WORDING_MACHINE
#undef WORDING_PLURAL
	WORDING_COUNT /* not a wording */
};

/* The texts, with their {fields}; made from texts/ at build time. */
extern const char *const wording_texts[LANGUAGE_COUNT][WORDING_COUNT];

struct wording_field {
	const char *name; /* NULL ends a list */
	const char *value;
};

/* What stands for the {fields} of a wording: WORDING_FIELDS({"n", s}). */
#define WORDING_FIELDS(...) \
	((const struct wording_field[]){__VA_ARGS__, {NULL, NULL}})

/* Appends the wording with its fields filled in; fields NULL: it has none.
 * Values are not looked into: "{" in one is just a character. */
void wording_say(struct buf *out, enum language l, enum wording w,
    const struct wording_field *fields);
/* The same for a wording for one and for several, whose only field is {n}. */
void wording_say_count(struct buf *out, enum language l, enum wording plural,
    int64_t n);
/* "12 login failures, 2 relay attempts". */
void wording_say_kinds(struct buf *out, enum language l,
    const int64_t counts[KIND_COUNT]);

/* One word for tables, the same in every language: "login", "relay". */
const char *wording_kind(enum kind k);
/* For people who do not run mail servers; its field {word} is the above. */
enum wording wording_explain(enum kind k);
/* What the subject says in front of " from ...", by the kinds in it (counts
 * indexed by kind). */
enum wording wording_subject(const int64_t counts[KIND_COUNT]);
/* Protocol by the service as logged, else by our port; "-" if neither is
 * known. */
const char *wording_service(struct text service, uint16_t port);

#endif
