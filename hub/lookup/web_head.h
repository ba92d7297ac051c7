/*
 * The few header fields of an HTTP answer that are read: when to come again,
 * and what the body is.  Pure.
 */
#ifndef PLAINTIFF_LOOKUP_WEB_HEAD_H
#define PLAINTIFF_LOOKUP_WEB_HEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/text.h"

/* Retry-After (RFC 9110 10.2.3): seconds, or a date in any of the three forms
 * of 5.6.7.  *out_s is clamped to 1..most_s; false when it is neither. */
bool web_head_retry_after(struct text value, int64_t now_s, uint32_t most_s,
    uint32_t *out_s);

/* Is this media type, without its parameters, one of the list? */
bool web_head_type_is(const char *type, const char *list);

/* The value when the line is the field of that name, else absent. */
struct text web_head_value(struct text line, const char *name);

#endif
