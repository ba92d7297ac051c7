/*
 * Who announces an address: the answer of a zone in Team Cymru's form, whose
 * texts read "64500 | 192.0.2.0/24 | DE | ripencc | 2012-02-29".  Pure; run
 * by finder, since its input is hostile.
 */
#ifndef PLAINTIFF_LOOKUP_ORIGIN_H
#define PLAINTIFF_LOOKUP_ORIGIN_H

#include <stddef.h>

#include "proto/base/text.h"

struct addr;
struct ask_origin;

/* The most specific of n texts that is in this form and whose prefix holds
 * the address; of several systems the first.  out->known is false when there
 * is none. */
void origin_read(const struct text *texts, size_t n,
    const struct addr *address, struct ask_origin *out);

#endif
