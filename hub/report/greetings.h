/*
 * The operator's greetings, one a language, and others for reports in which
 * all logins tried are of one domain.  Read whole, so that a file that will
 * not do is found before a mail is made.  Called by report, previews and the
 * check of settings; greeting.h says what is in a file.
 */
#ifndef PLAINTIFF_GREETINGS_H
#define PLAINTIFF_GREETINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "hub/report/language.h"
#include "proto/base/text.h"

struct arena;
struct compose_facts;
struct hub_conf;

/* Longest domain, with the NUL. */
enum { GREETINGS_DOMAIN_BYTES = 254 };

struct greeting_of {
	const char *domain;
	enum language language; /* LANGUAGE_EN: of all without their own */
	struct text text;
};

struct greetings {
	struct text general[LANGUAGE_COUNT]; /* absent: the built-in one */
	const struct greeting_of *of; /* by domain, then language */
	size_t n;
};

/* Reads report.greeting, greeting_de, greeting_fr and the files in
 * report.greetings into the arena.  -1: one of them cannot be used, logged. */
int greetings_load(const struct hub_conf *conf, struct arena *a,
    struct greetings *out) __attribute__((warn_unused_result));

/* DOMAIN.txt, DOMAIN_de.txt, DOMAIN_fr.txt, as in that folder.  False: the
 * name of no greeting. */
bool greetings_file(const char *name, char domain[GREETINGS_DOMAIN_BYTES],
    enum language *language);

/* The domain (behind the last @, in lower case) of all logins that have one.
 * False: none has, there are several, it is no name of a domain, or not all
 * events of the report are listed, so that it is not known. */
bool greetings_domain(const struct compose_facts *f,
    char domain[GREETINGS_DOMAIN_BYTES]);

/* The greeting for these facts; absent: the built-in one. */
struct text greetings_choose(const struct greetings *g,
    const struct compose_facts *f);

#endif
