/*
 * The settings reader that agent and hub share.  A program declares each of
 * its settings once, in a conf.def of rows
 *
 *   CONF(section, name, TYPE, default, min, max, unit, "description")
 *
 * and expands it twice: CONF_FIELD makes the members of its struct, CONF_ROW
 * the table for conf_load.  --help, sample files and man pages are printed
 * from the same table.  Files: "key = value" under "[section]", "#" comments
 * at the start of a line or behind blanks ("key = #x" is a value: keys may
 * begin so); lists repeat their key.
 */
#ifndef PLAINTIFF_CONF_H
#define PLAINTIFF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "proto/base/addr.h"

struct arena;

enum conf_type {
	CONF_TYPE_TEXT,     /* const char *; "" when unset */
	CONF_TYPE_PATH,     /* const char *; absolute, or "" when unset */
	CONF_TYPE_FLAG,     /* bool; yes, no */
	CONF_TYPE_COUNT,    /* int64_t */
	CONF_TYPE_SECONDS,  /* int64_t; 90, 90s, 5m, 2h, 7d */
	CONF_TYPE_BYTES,    /* int64_t; 4096, 64K, 10M, 1G */
	CONF_TYPE_TEXTS,    /* struct conf_texts; repeatable */
	CONF_TYPE_PREFIXES, /* struct prefixes; repeatable; "special" stands
	                       for all of IANA's special ranges, "none" for
	                       nothing (and replaces the default) */
};

struct conf_texts {
	const char **at;
	size_t n;
	size_t cap;
};

typedef const char *conf_c_TEXT;
typedef const char *conf_c_PATH;
typedef bool conf_c_FLAG;
typedef int64_t conf_c_COUNT;
typedef int64_t conf_c_SECONDS;
typedef int64_t conf_c_BYTES;
typedef struct conf_texts conf_c_TEXTS;
typedef struct prefixes conf_c_PREFIXES;

struct conf_row {
	const char *section;
	const char *name;
	enum conf_type type;
	size_t at;            /* offset in the program's struct */
	const char *fallback; /* the default, in the file's own notation;
	                         for lists separated by blanks */
	int64_t min, max;     /* numbers only */
	const char *unit;     /* for people; "" if none */
	const char *what;     /* one or two sentences */
};

/* The member section_name of the program's struct. */
#define CONF_FIELD(section, name, TYPE, fallback, min, max, unit, what)        \
	conf_c_##TYPE section##_##name;
/* The row of the table; CONF_STRUCT names the struct. */
#define CONF_ROW(section, name, TYPE, fallback, min, max, unit, what)          \
	{#section, #name, CONF_TYPE_##TYPE,                                    \
	    offsetof(CONF_STRUCT, section##_##name), fallback, min, max, unit, \
	    what},

struct conf_table {
	const char *program; /* "plaintiff-agent" */
	const struct conf_row *rows;
	size_t count;
};

/* Fills the program's struct (defaults first) from path; NULL or "" loads
 * only defaults.  Each error is logged with file, line and the nearest right
 * name; all errors of the file are logged, then -1.  Memory: the arena. */
int conf_load(const struct conf_table *t, const char *path, struct arena *a,
    void *out) __attribute__((warn_unused_result));

/* A commented file with every setting at its default. */
void conf_print_sample(const struct conf_table *t, FILE *to);
/* The settings chapter of a man page, in scdoc's notation. */
void conf_print_scdoc(const struct conf_table *t, FILE *to);
/* The value in force of each setting as "section.name = value". */
void conf_print_values(const struct conf_table *t, const void *conf, FILE *to);

#endif
