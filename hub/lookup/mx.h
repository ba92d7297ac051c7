/*
 * Which host takes the mail of a domain, by the answer to its MX question
 * (message.h).  For caps only: mail itself goes by what our mail server finds
 * when it sends.  Pure: no network, no c-ares.
 */
#ifndef PLAINTIFF_LOOKUP_MX_H
#define PLAINTIFF_LOOKUP_MX_H

#include <stddef.h>

struct arena;

enum mx_result {
	MX_HOST,    /* there is one */
	MX_NO_MAIL, /* the domain says that it takes no mail (RFC 7505) */
	MX_FAILED,  /* no answer that could be used */
};

/* Reads the answer to the MX question for domain.  *host: of the records of the
 * best preference the one whose name comes first by bytes, so that the server's
 * order does not count, in lower case without a dot at its end, in the arena;
 * domain itself where there are none (RFC 5321 5.1); otherwise NULL.
 * *why, static, is set unless there is one. */
enum mx_result mx_parse(struct arena *a, const void *message, size_t n,
    const char *domain, const char **host, const char **why);

#endif
