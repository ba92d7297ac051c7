/*
 * XARF 4.2 documents: one about each source address, valid alone.  A login
 * attack when the source port is known, which that type demands;
 * reconnaissance when it is not; a vulnerability scan for relay probes.
 * Pure; called by compose.
 */
#ifndef PLAINTIFF_XARF_H
#define PLAINTIFF_XARF_H

#include <stddef.h>

#include "proto/base/text.h"

struct arena;
struct compose_facts;

#define XARF_VERSION "4.2.0"

/* The document about the source with that index, which is a listed one: UTF-8
 * JSON in the arena, a member a line, LF; ASCII when the organisation's name
 * is.  Every line begins with a blank or a bracket. */
struct text xarf_document(const struct compose_facts *f, size_t source,
    struct arena *a);

#endif
