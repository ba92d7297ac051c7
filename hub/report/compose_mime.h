/*
 * A mail from its headers and parts: the only place that knows GMime, which
 * writes the headers of more than one word and quoted-printable.  Pure;
 * called by compose.
 */
#ifndef PLAINTIFF_COMPOSE_MIME_H
#define PLAINTIFF_COMPOSE_MIME_H

#include <stddef.h>
#include <stdint.h>

#include "proto/base/text.h"

struct arena;

enum compose_part_form {
	COMPOSE_PART_TEXT,     /* shown; UTF-8 with LF */
	COMPOSE_PART_INLINE,   /* shown, ASCII with LF, as it is */
	COMPOSE_PART_ATTACHED, /* text/..., attached; UTF-8 with LF */
	COMPOSE_PART_DOCUMENT, /* attached, LF: as it is where every system
	                          takes it so, else base64 */
	COMPOSE_PART_BASE64,   /* attached */
};

struct compose_part {
	const char *type; /* "text/plain" */
	enum compose_part_form form;
	const char *name; /* of the file; NULL for what is shown */
	struct text content;
};

struct compose_envelope {
	const char *name, *from; /* name: UTF-8, one line, or "" */
	const char *reply_to, *to; /* like from plain (RFC 5321 dot-atoms) */
	const char *subject, *message_id;
	int64_t made_us;
	const char *multipart; /* "mixed", "report"; NULL: one part alone */
	const char *report_type; /* of multipart/report; else NULL */
	const char *boundary;
};

/* RFC 5322 with CRLF, in the arena. */
struct text compose_mime_write(const struct compose_envelope *e,
    const struct compose_part *parts, size_t n, struct arena *a);

#endif
