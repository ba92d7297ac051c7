/* What the files of parse share; see parse.h. */
#ifndef PLAINTIFF_PARSE_INSIDE_H
#define PLAINTIFF_PARSE_INSIDE_H

#include "proto/base/text.h"

struct arena;
struct buf;
struct parsed;

/* The fields of a message/delivery-status (RFC 3464 2.1): groups of headers
 * with empty lines between them, the first about the message. */
void parse_status(struct arena *a, struct text t, struct parsed *out);

/* The Message-ID among the headers of a mail. */
void parse_ids_of_headers(struct arena *a, struct text t, struct parsed *out);

/* Appends HTML as text: without tags, styles and scripts, with the entities
 * that mails use, links behind their words. */
void parse_html(struct buf *out, struct text html);

#endif
