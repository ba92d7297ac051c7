/*
 * Languages that reports are written in; their words are in texts/.  Pure;
 * called by compose and by who reads contacts from the database.
 */
#ifndef PLAINTIFF_LANGUAGE_H
#define PLAINTIFF_LANGUAGE_H

#include <stdbool.h>

enum language {
	LANGUAGE_EN, /* also for everybody without one */
	LANGUAGE_DE,
	LANGUAGE_FR,
	LANGUAGE_COUNT /* not a language */
};

/* "en", "de", "fr". */
const char *language_name(enum language l);
bool language_of_name(const char *name, enum language *out);
/* What people at a network's abuse desk in that country (ISO 3166, two
 * letters, either case) surely read.  English unless one of ours is the
 * language of nearly everybody there. */
enum language language_of_country(const char *country);
/* A contact's language: as somebody set it, else by its country.  Both may
 * be NULL, empty or unknown. */
enum language language_choose(const char *set, const char *country);

#endif
