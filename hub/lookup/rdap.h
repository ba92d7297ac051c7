/*
 * What an RDAP server says of an address (RFC 9083 5.4, 6): the registered
 * range, and whom to tell about abuse.  Pure: bytes in, struct out.  Called by
 * finder.
 *
 * Only mailboxes of entities with the role "abuse" are taken.  Where there is
 * none, nobody is: a registrant, a technical contact or a mailbox in a remark
 * has not agreed to be told.
 */
#ifndef PLAINTIFF_LOOKUP_RDAP_H
#define PLAINTIFF_LOOKUP_RDAP_H

#include <stddef.h>
#include <stdint.h>

#include "proto/base/addr.h"
#include "proto/base/text.h"

struct arena;
struct ask_answer;

enum {
	RDAP_MAILBOXES_MOST = 16,
	RDAP_HANDLE_BYTES = 100,
	RDAP_NAME_BYTES = 100,
};

/* For Accept, and what an answer may be (RFC 7480 4.2; some servers say the
 * latter). */
#define RDAP_TYPES "application/rdap+json, application/json"

enum rdap_result {
	RDAP_FOUND,  /* there is a mailbox, to be judged by judge_texts */
	RDAP_NONE,   /* the registry says that there is nobody to tell */
	RDAP_FAILED, /* not an answer for this address: to be asked again */
};

struct rdap {
	struct addr start, end; /* the registered range, which holds the
	                           address asked for; family 0: none known */
	char country[3];        /* two capitals, or "" */
	uint32_t asn;           /* origin of the range; 0: not said */
	struct text handle, name; /* made harmless; absent: not said */
	struct text mailboxes[RDAP_MAILBOXES_MOST]; /* as written, the best
	                                               first */
	size_t mailboxes_n;
	struct text said; /* all mail of abuse entities, also what was not
	                     taken, made harmless; absent: none */
};

/* Reads the body of an answer with HTTP status 200 or 404.  The range must
 * hold asked and must be no wider than an IPv4 /8 or an IPv6 /13, which is
 * more than anybody was given: what is wider speaks for a registry.  Texts are
 * in the arena; *why is set for NONE and FAILED.  Of FAILED nothing is left
 * in *out. */
enum rdap_result rdap_read(struct arena *a, int status, const void *bytes,
    size_t n, const struct addr *asked, struct rdap *out, const char **why);

/* Sets state, mailboxes, said and why of *out: what rdap_read found, judged
 * as all mailboxes are. */
void rdap_judge(struct arena *a, enum rdap_result result,
    const struct rdap *rdap, const char *why, struct ask_answer *out);

#endif
