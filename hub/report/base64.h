/*
 * Base64 (RFC 4648), for evidence and attachments: a mail has dozens of
 * kilobytes of it, and libsodium's, made for secrets, takes its time.  Pure.
 */
#ifndef PLAINTIFF_BASE64_H
#define PLAINTIFF_BASE64_H

#include <stddef.h>

struct buf;

/* Appends n bytes encoded, all in one line. */
void base64_add(struct buf *out, const void *bytes, size_t n);
/* The same in lines of 76 characters that end in CRLF, for MIME. */
void base64_add_lines(struct buf *out, const void *bytes, size_t n);

#endif
