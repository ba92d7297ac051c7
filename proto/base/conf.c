/*
 * Reading a settings file against a table of rows; see conf.h.  Pure but for
 * the log; the bytes are parsed by conf_parse_bytes, the fuzz target.
 */
#include "proto/base/conf.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/arena.h"
#include "proto/base/conf_parse.h"
#include "proto/base/file.h"
#include "proto/base/log.h"
#include "proto/base/text.h"

enum { MOST_FILE_BYTES = 1 << 20, MOST_NAMES = 256 };

/* What is known while one file is read. */
struct reading {
	const struct conf_table *table;
	const char *path;
	unsigned line;
	struct arena *arena;
	void *out;
	bool *seen; /* one a row: set in this file */
	int errors;
};

static void *
member(void *out, const struct conf_row *row)
{
	return (char *)out + row->at;
}

/* Number with a unit letter out of units ("smhd" or "KMG"), each worth
 * factor[i]. */
static bool
parse_number(const char *s, const char *units, const int64_t *factor,
    int64_t *out)
{
	const char *unit;
	char *end;

	errno = 0;
	*out = strtoll(s, &end, 10);
	if (end == s || errno != 0)
		return false;
	if (*end == '\0')
		return true;
	unit = strchr(units, *end);
	if (unit == NULL || end[1] != '\0')
		return false;
	return !__builtin_mul_overflow(*out, factor[unit - units], out);
}

static void
texts_add(struct arena *a, struct conf_texts *list, const char *s)
{
	if (list->n == list->cap) {
		size_t cap = list->cap == 0 ? 8 : list->cap * 2;
		const char **at = arena_array(a, cap, sizeof *at);

		if (list->n != 0)
			memcpy(at, list->at, list->n * sizeof *at);
		list->at = at;
		list->cap = cap;
	}
	list->at[list->n++] = arena_string(a, s);
}

static const char *
add_prefix(struct arena *a, struct prefixes *list, const char *value)
{
	struct prefix p;
	const char *why;

	if (strcmp(value, "none") == 0)
		return NULL;
	if (strcmp(value, "special") == 0) {
		prefixes_add_special(a, list);
		return NULL;
	}
	if (!prefix_parse(value, &p, &why))
		return why;
	prefixes_add(a, list, p);
	return NULL;
}

/* Stores one value; returns NULL or why it will not do. */
static const char *
set_value(const struct conf_row *row, struct arena *a, void *out,
    const char *value)
{
	static const int64_t seconds[] = {1, 60, 3600, 86400};
	static const int64_t bytes[] = {1 << 10, 1 << 20, 1 << 30};
	void *m = member(out, row);
	int64_t number = 0;
	bool ok = true;

	switch (row->type) {
	case CONF_TYPE_PATH:
		if (value[0] != '\0' && value[0] != '/')
			return "a path must begin with /";
		*(const char **)m = arena_string(a, value);
		return NULL;
	case CONF_TYPE_TEXT:
		*(const char **)m = arena_string(a, value);
		return NULL;
	case CONF_TYPE_FLAG:
		if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
			return "must be yes or no";
		*(bool *)m = value[0] == 'y';
		return NULL;
	case CONF_TYPE_TEXTS:
		texts_add(a, m, value);
		return NULL;
	case CONF_TYPE_PREFIXES:
		return add_prefix(a, m, value);
	case CONF_TYPE_COUNT:
		ok = parse_number(value, "", NULL, &number);
		break;
	case CONF_TYPE_SECONDS:
		ok = parse_number(value, "smhd", seconds, &number);
		break;
	case CONF_TYPE_BYTES:
		ok = parse_number(value, "KMG", bytes, &number);
		break;
	}
	if (!ok)
		return row->type == CONF_TYPE_COUNT ? "not a whole number"
		    : row->type == CONF_TYPE_SECONDS
		    ? "not a time; write 90, 90s, 5m, 2h or 7d"
		    : "not a size; write 4096, 64K, 10M or 1G";
	if (number < row->min || number > row->max)
		return arena_printf(a, "out of range, %lld to %lld",
		    (long long)row->min, (long long)row->max);
	*(int64_t *)m = number;
	return NULL;
}

static bool
is_list(const struct conf_row *row)
{
	return row->type == CONF_TYPE_TEXTS || row->type == CONF_TYPE_PREFIXES;
}

static void
clear_list(const struct conf_row *row, void *out)
{
	if (row->type == CONF_TYPE_TEXTS)
		*(struct conf_texts *)member(out, row) =
		    (struct conf_texts){0};
	else
		*(struct prefixes *)member(out, row) = (struct prefixes){0};
}

static void
set_defaults(const struct conf_table *t, struct arena *a, void *out)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct conf_row *row = &t->rows[i];
		const char *why = NULL;

		if (is_list(row)) {
			char *copy = arena_string(a, row->fallback), *save;

			clear_list(row, out);
			for (char *w = strtok_r(copy, " ", &save);
			     w != NULL && why == NULL;
			     w = strtok_r(NULL, " ", &save))
				why = set_value(row, a, out, w);
		} else {
			why = set_value(row, a, out, row->fallback);
		}
		/* a default that will not do is our mistake */
		assert(why == NULL);
	}
}

static void
complain(struct reading *r, const char *what, const char *name,
    const char *near)
{
	r->errors++;
	if (near != NULL)
		log_error("%s:%u: %s \"%s\"; did you mean \"%s\"?", r->path,
		    r->line, what, name, near);
	else
		log_error("%s:%u: %s \"%s\"", r->path, r->line, what, name);
}

static bool
section_known(const struct conf_table *t, const char *section)
{
	for (size_t i = 0; i < t->count; i++)
		if (strcmp(t->rows[i].section, section) == 0)
			return true;
	return false;
}

/* Names of the sections, or of the keys of one section, for text_nearest. */
static const char *
nearest(const struct conf_table *t, const char *section, const char *word)
{
	const char *names[MOST_NAMES];
	size_t n = 0;

	for (size_t i = 0; i < t->count && n < MOST_NAMES; i++) {
		if (section == NULL)
			names[n++] = t->rows[i].section;
		else if (strcmp(t->rows[i].section, section) == 0)
			names[n++] = t->rows[i].name;
	}
	return text_nearest(word, names, n);
}

static void
on_setting(struct reading *r, const char *section, const char *key,
    const char *value)
{
	const struct conf_row *row = NULL;
	const char *why;
	size_t i;

	for (i = 0; i < r->table->count && row == NULL; i++)
		if (strcmp(r->table->rows[i].section, section) == 0 &&
		    strcmp(r->table->rows[i].name, key) == 0)
			row = &r->table->rows[i];
	if (row == NULL) {
		complain(r, "unknown setting", key,
		    nearest(r->table, section, key));
		return;
	}
	i = (size_t)(row - r->table->rows);
	if (r->seen[i] && !is_list(row)) {
		complain(r, "set twice:", key, NULL);
		return;
	}
	if (!r->seen[i] && is_list(row))
		clear_list(row, r->out);
	r->seen[i] = true;
	why = set_value(row, r->arena, r->out, value);
	if (why != NULL) {
		r->errors++;
		log_error("%s:%u: %s = %s: %s", r->path, r->line, key, value,
		    why);
	}
}

static void
on_line(void *ctx, const struct conf_line *l)
{
	struct reading *r = ctx;

	r->line = l->number;
	switch (l->kind) {
	case CONF_LINE_BAD:
		r->errors++;
		log_error("%s:%u: %s", r->path, l->number, l->why);
		return;
	case CONF_LINE_SECTION:
		if (!section_known(r->table, l->section))
			complain(r, "unknown section", l->section,
			    nearest(r->table, NULL, l->section));
		return;
	case CONF_LINE_SETTING:
		/* an unknown section was complained of once already */
		if (section_known(r->table, l->section))
			on_setting(r, l->section, l->key, l->value);
		return;
	}
}

int
conf_load(const struct conf_table *t, const char *path, struct arena *a,
    void *out)
{
	struct reading r = {.table = t, .path = path, .arena = a, .out = out};
	struct text bytes;
	const char *why;

	set_defaults(t, a, out);
	if (path == NULL || path[0] == '\0')
		return 0;
	if (file_read(a, path, MOST_FILE_BYTES, &bytes, &why) < 0) {
		log_error("cannot read %s: %s", path, why);
		return -1;
	}
	r.seen = arena_array(a, t->count, sizeof *r.seen);
	conf_parse_bytes(bytes, a, on_line, &r);
	return r.errors == 0 ? 0 : -1;
}
