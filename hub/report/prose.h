/*
 * Laying out text for people: lines of 75 columns where words allow it (so
 * that quoted-printable needs no break of its own), headings, labels.  UTF-8,
 * LF.  Pure; called by the parts of body.
 */
#ifndef PLAINTIFF_PROSE_H
#define PLAINTIFF_PROSE_H

#include <stddef.h>

#include "hub/report/wording.h"

struct buf;

/* Characters of UTF-8, not bytes. */
size_t prose_columns(const char *s, size_t n);
/* One line of text, broken at blanks; every line begins with indent.  A blank
 * at the text's own beginning stays; a word is never cut. */
void prose_wrap(struct buf *out, const char *s, size_t n, const char *indent);
/* A wording as a wrapped line or several. */
void prose_say(struct buf *out, enum language l, enum wording w,
    const struct wording_field *fields, const char *indent);
/* An empty line, the wording, and a line under it. */
void prose_heading(struct buf *out, enum language l, enum wording w);
/* The wording, padded with blanks to so many columns. */
void prose_label(struct buf *out, enum language l, enum wording w,
    size_t columns);

#endif
