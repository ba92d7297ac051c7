/*
 * One DNS message (RFC 1035) as it came from the network: is it an answer to
 * the question asked, and what data are in it?  Every length is checked;
 * whatever is not plainly an answer to the question is a failure, never
 * "nothing there".  Pure: no network, no c-ares.  What the data mean is the
 * caller's: txt for contacts, tor for exits.
 */
#ifndef PLAINTIFF_LOOKUP_MESSAGE_H
#define PLAINTIFF_LOOKUP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/* Longest name in text form, with the NUL. */
#define MESSAGE_NAME_BYTES 256
/* Types of records that are asked for. */
enum { MESSAGE_A = 1, MESSAGE_MX = 15, MESSAGE_TXT = 16 };

enum message_result {
	MESSAGE_ANSWERED,  /* there is at least one record */
	MESSAGE_NO_NAME,   /* the server says: no such name (RFC 8020) */
	MESSAGE_NO_RECORD, /* the server says: none of that type (RFC 2308
	                      2.2) */
	MESSAGE_FAILED,    /* no answer that could be used */
};

/* What one record holds; bytes of the message. */
struct message_data {
	const uint8_t *at;
	size_t n;
};

struct message_answer {
	struct message_data *at; /* in the server's order */
	size_t n;
	uint32_t ttl_s; /* smallest of the records and aliases used */
};

/* Reads the answer to the question for records of that type, class IN, at
 * name (absolute, without a dot at its end).  *why, static, is set unless
 * ANSWERED. */
enum message_result message_parse(struct arena *a, const void *bytes,
    size_t n, const char *name, uint16_t type, struct message_answer *out,
    const char **why);

/* Reads the name that fills what d, a record of this message, holds behind
 * `skip` bytes; it may be compressed (RFC 3597 4).  In text form without a dot
 * at its end, the root is ""; bytes that no text name shows plainly are
 * escaped. */
bool message_name(const void *bytes, size_t n, const struct message_data *d,
    size_t skip, char out[MESSAGE_NAME_BYTES])
    __attribute__((warn_unused_result));

#endif
