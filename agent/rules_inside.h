/*
 * The inside of struct rules, shared by the files rules*.c and by nobody
 * else.
 */
#ifndef PLAINTIFF_RULES_INSIDE_H
#define PLAINTIFF_RULES_INSIDE_H

#include <stdbool.h>

#include "agent/leads.h"
#include "agent/rules.h"
#include "agent/rules_filter.h"

struct arena;

enum { RULES_PROGRAMS = 16 };

struct block {
	struct rule rule; /* first: what rules_find hands out */
	enum client_form client;
	const char *programs[RULES_PROGRAMS]; /* "*" stands for anything */
	size_t program_count;
	size_t hits;  /* of its newest template */
	bool refused; /* its mistakes are known, samples would only echo */
};

struct form {
	size_t block;
	unsigned line;
	const struct template *template;
};

/* What a hit has to say; absent texts: nothing may be said. */
struct sample {
	bool is_hit;
	unsigned line;
	size_t block;
	size_t form; /* hits: the template it stands below */
	struct text message;
	struct text ip, port, ptr, login, mechanism, local, local_port;
};

struct rules {
	struct arena *arena;
	struct block *blocks;
	size_t block_count, block_cap;
	struct form *forms;
	size_t form_count, form_cap;
	struct sample *samples;
	size_t sample_count, sample_cap;
	size_t file_count;
	uint32_t next_number; /* of what templates have in common, from 1 */
};

/* The forms of one program. */
struct entry {
	const struct template *template;
	const struct rule *rule;
	size_t form;
};

struct rules_view {
	const struct rules *rules;
	struct entry *entries;
	uint32_t n;
	struct leads *by_start;
	struct leads *behind_queue_id; /* NULL: no form begins with one */
	bool is_apart; /* no message in by_start begins with one */
	struct rules_filter filter;
};

/* Room for one more element behind the last. */
void *rules_grow(void *array, size_t count, size_t *cap, size_t element);

/* Does its line name the client?  Else another line of the session does. */
bool rule_has_address(const struct rule *r);

/* Does the program's name fit the pattern? */
bool rules_fits(const char *pattern, struct text program);

/* As rules_find, and which form it was. */
const struct rule *rules_find_form(const struct rules_view *v,
    struct text message, struct match *m, size_t *form);

#endif
