/*
 * Numbers of names (hosts, services, mechanisms, rules) that the database
 * has given, kept in memory.  Holds committed names only.  Bounded: what does
 * not fit is forgotten and asked for again.
 */
#ifndef PLAINTIFF_NAMES_H
#define PLAINTIFF_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "proto/base/text.h"

struct names;

enum { NAMES_MOST = 65536 };

struct names *names_open(void);
/* NULL is legal. */
void names_close(struct names *t);
/* 0: not known here. */
int32_t names_get(const struct names *t, struct text name);
void names_put(struct names *t, struct text name, int32_t number);
/* Makes sure that n more fit, if need be by forgetting all. */
void names_make_room(struct names *t, size_t n);

#endif
