/*
 * The grammar of the command line: finds the sentence of commands.def that
 * the words say.  A sentence is literal words and holes:
 *
 *   agent      that word              <name>     any value, required
 *   sent|lost  one of these words     [contact]  a value that may be absent
 *   --to-me    that flag, required    [--check]  a flag that may be absent
 *
 * Flags may stand anywhere behind the first word.  Values are typed by their
 * hole's name: id and number are numbers, name an agent's name, key a public
 * CURVE key; any other hole takes any text.  Pure: no output, no database.
 */
#ifndef PLAINTIFF_CTL_SENTENCE_H
#define PLAINTIFF_CTL_SENTENCE_H

#include <stddef.h>

struct arena;

enum { SENTENCE_MOST_ARGS = 8, SENTENCE_MOST_WORDS = 16 };

/* Does the command line say this sentence?  args gets the values of holes,
 * alternatives and flags in the sentence's order, NULL for absent ones.
 * 0, or -1 with *why in the arena. */
int sentence_read(const char *sentence, const char *const *words, size_t n,
    const char *args[SENTENCE_MOST_ARGS], struct arena *a, const char **why);

/* How many literal words at the beginning of both are the same. */
size_t sentence_shared(const char *sentence, const char *const *words,
    size_t n);

/* The index of the sentence that is meant, by its literal words: the one
 * that shares most of them, counted only when all of its leading literal
 * words are there.  -1: none; *why in the arena says what stands where a
 * command's word should, and the nearest right one. */
int sentence_find(const char *const *sentences, size_t count,
    const char *const *words, size_t n, struct arena *a, const char **why);

#endif
