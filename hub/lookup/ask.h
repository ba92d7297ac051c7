/*
 * What lookup and its child finder say to each other: one message a packet of
 * a SOCK_SEQPACKET pair.  Both ends are one program, yet each reads the other
 * as it would a stranger: finder talks to the internet, lookup to the
 * database.  Pure: bytes in, structs out.
 *
 *   lookup -> finder  SETUP once, then ASK after ASK
 *   finder -> lookup  for each ASK one ANSWER an address, in any order
 */
#ifndef PLAINTIFF_LOOKUP_ASK_H
#define PLAINTIFF_LOOKUP_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/addr.h"
#include "proto/base/text.h"

struct arena;
struct buf;

enum {
	ASK_MOST = 256,           /* addresses in one ASK */
	ASK_MAILBOXES_MOST = 16,
	ASK_SERVERS_MOST = 16,
	ASK_SAID_BYTES = 1000,
	ASK_WHY_BYTES = 200,
	ASK_MESSAGE_BYTES = 8192, /* no message is longer */
};

enum ask_kind { ASK_NOTHING, ASK_SETUP, ASK_ASK, ASK_ANSWER };

/* Which contact source an answer is from. */
enum ask_method { ASK_ABUSIX = 1, ASK_METHODS };

enum ask_state {
	ASK_FOUND = 1, /* at least one mailbox */
	ASK_NONE,      /* the source says that there is nobody */
	ASK_FAILED,    /* not known: to be asked again */
	ASK_REFUSED,   /* only mailboxes that nobody should mail */
	ASK_STATES
};

struct ask_server {
	struct addr addr;
	uint16_t port;
};

struct ask_setup {
	const char *zone; /* as txt_zone gives it */
	uint32_t timeout_ms, tries, parallel;
	struct ask_server servers[ASK_SERVERS_MOST]; /* none: resolv.conf */
	size_t servers_n;
};

struct ask {
	uint32_t batch;       /* repeated in the answers */
	uint32_t deadline_ms; /* from receipt, for the whole batch */
	struct addr addresses[ASK_MOST];
	size_t n;
};

struct ask_answer {
	uint32_t batch;
	uint16_t index;      /* in the ask */
	struct addr address; /* the same address again; checked */
	enum ask_method method;
	enum ask_state state;
	uint32_t ttl_s;      /* of FOUND and REFUSED */
	struct text mailboxes[ASK_MAILBOXES_MOST]; /* FOUND: good ones; else
	                                              none */
	size_t mailboxes_n;
	struct text said;    /* as answered, made harmless; absent: nothing */
	struct text why;     /* a sentence; absent for FOUND */
};

/* Words as in SQL. */
const char *ask_method_name(enum ask_method m);
const char *ask_state_name(enum ask_state s);

/* A server as in the settings: address, address:port, [address]:port. */
bool ask_server_parse(const char *s, struct ask_server *out);

/* Each replaces what is in out.  Texts over their limits are cut. */
void ask_pack_setup(struct buf *out, const struct ask_setup *m);
void ask_pack_ask(struct buf *out, const struct ask *m);
void ask_pack_answer(struct buf *out, const struct ask_answer *m);

/* What a message is; ASK_NOTHING: of no version or kind of ours. */
enum ask_kind ask_kind(const void *bytes, size_t n);
/* False unless every field is in its limits and nothing is left over.
 * Texts are copied into the arena. */
bool ask_unpack_setup(struct arena *a, const void *bytes, size_t n,
    struct ask_setup *out) __attribute__((warn_unused_result));
bool ask_unpack_ask(const void *bytes, size_t n, struct ask *out)
    __attribute__((warn_unused_result));
bool ask_unpack_answer(struct arena *a, const void *bytes, size_t n,
    struct ask_answer *out) __attribute__((warn_unused_result));

#endif
