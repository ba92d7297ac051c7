/*
 * What lookup and its child finder say to each other: one message a packet of
 * a SOCK_SEQPACKET pair.  Both ends are one program, yet each reads the other
 * as it would a stranger: finder talks to the internet, lookup to the
 * database.  Pure: bytes in, structs out.
 *
 *   lookup -> finder  SETUP once, then ASK, FETCH or DOMAINS, one at a time
 *   finder -> lookup  for an ASK one ANSWER an address, in any order;
 *                     for a FETCH any number of ITEMS, then one FETCHED;
 *                     for DOMAINS one HOST a domain, in any order
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
	ASK_MOST = 1024,           /* addresses in one ASK */
	ASK_MAILBOXES_MOST = 16,
	ASK_SERVERS_MOST = 16,
	ASK_BASES_MOST = 32,       /* RDAP servers in one ASK */
	ASK_INSIDE_MOST = 16,
	ASK_ITEMS_MOST = 512,      /* in one ITEMS */
	ASK_DOMAINS_MOST = 200,    /* in one DOMAINS */
	ASK_NAME_BYTES = 253,      /* of a domain, a host (RFC 1035 2.3.4) */
	ASK_TEXT_BYTES = 1000,     /* of a setting, a URL */
	ASK_SAID_BYTES = 1000,
	ASK_WHY_BYTES = 200,
	ASK_HANDLE_BYTES = 100,
	ASK_MESSAGE_BYTES = 65536, /* no message is longer */
};

enum ask_kind {
	ASK_NOTHING,
	ASK_SETUP,
	ASK_ASK,
	ASK_ANSWER,
	ASK_FETCH,
	ASK_ITEMS,
	ASK_FETCHED,
	ASK_DOMAINS,
	ASK_HOST,
};

/* Which source is asked. */
enum ask_method {
	ASK_ABUSIX = 1, /* the contact zone; with it the origin zones */
	ASK_RDAP,
	ASK_DNSEL,      /* is it a Tor exit now?  FOUND: yes, NONE: no */
	ASK_METHODS
};

enum ask_state {
	ASK_FOUND = 1, /* at least one mailbox */
	ASK_NONE,      /* the source says that there is nobody */
	ASK_FAILED,    /* not known: to be asked again */
	ASK_REFUSED,   /* only mailboxes that nobody should mail */
	ASK_STATES
};

/* Lists that finder fetches whole. */
enum ask_list {
	ASK_TOR_EXITS = 1, /* items: address, time */
	ASK_BOOTSTRAP,     /* items: prefix, URL */
	ASK_LISTS
};

struct ask_server {
	struct addr addr;
	uint16_t port;
};

struct ask_setup {
	const char *zone; /* of contacts, as txt_zone gives it; "": none */
	const char *origin4, *origin6; /* of networks; "": not asked */
	const char *exits; /* of Tor exits; "": not asked */
	uint32_t timeout_ms, tries, parallel;
	struct ask_server servers[ASK_SERVERS_MOST]; /* none: resolv.conf */
	size_t servers_n;
	const char *agent;  /* mailbox for User-Agent; "": none */
	uint32_t web_parallel; /* connections at once */
	uint32_t web_gap_ms;   /* between two requests to one server */
	const char *ca_file;   /* "": the system's */
	/* addresses that are not public and may be connected to all the same */
	struct prefix inside[ASK_INSIDE_MOST];
	size_t inside_n;
	const char *hosts; /* "name:port:address ..." in place of asking for
	                      these names; "": none */
};

struct ask {
	uint32_t batch;       /* repeated in the answers */
	uint32_t deadline_ms; /* from receipt, for the whole batch */
	enum ask_method method;
	const char *bases[ASK_BASES_MOST]; /* RDAP: servers */
	size_t bases_n;
	struct addr addresses[ASK_MOST];
	uint8_t base[ASK_MOST];            /* RDAP: which, below bases_n */
	size_t n;
};

/* A registered range (RFC 9083 5.4). */
struct ask_network {
	struct addr first, last; /* family 0: none */
	struct text handle;      /* made harmless; absent: none */
	char country[3];         /* "": not said */
	uint32_t asn;            /* that announces it; 0: not said */
};

/* Who announces an address. */
struct ask_origin {
	bool known;
	uint32_t asn;
	struct prefix route;
	char country[3]; /* "": not said */
};

struct ask_answer {
	uint32_t batch;
	uint16_t index;      /* in the ask */
	struct addr address; /* the same address again; checked */
	enum ask_method method;
	enum ask_state state;
	uint32_t ttl_s;      /* of FOUND and REFUSED; 0: not said */
	uint32_t later_s;    /* FAILED: the server wants no question for so
	                        long; 0: does not say */
	struct text mailboxes[ASK_MAILBOXES_MOST]; /* FOUND: good ones; else
	                                              none */
	size_t mailboxes_n;
	struct text said;    /* as answered, made harmless; absent: nothing */
	struct text why;     /* a sentence; absent for FOUND */
	struct ask_network network;
	struct ask_origin origin;
};

struct ask_fetch {
	uint32_t batch;
	uint32_t deadline_ms;
	enum ask_list list;
	int64_t now_us;  /* Tor: time by the database */
	uint32_t least;  /* Tor: a list of fewer addresses is refused */
	const char *url;
};

struct ask_item {
	struct prefix prefix; /* of a Tor exit the address, all bits */
	int64_t first_us, last_us; /* Tor: when it was seen; else 0 */
	struct text url;      /* bootstrap: its server; else absent */
};

struct ask_items {
	uint32_t batch;
	size_t n;
	struct ask_item at[ASK_ITEMS_MOST];
};

struct ask_fetched {
	uint32_t batch;
	bool good;         /* all items were sent */
	int64_t newest_us; /* good, Tor: how new the list is */
	bool timed;        /* good, Tor: it says when each was seen */
	uint32_t later_s;  /* not good: as in ask_answer */
	struct text why;   /* not good: a sentence */
};

/* A list as it was put together from ITEMS and FETCHED. */
struct ask_whole {
	bool good;
	struct ask_item *at; /* good: all of it */
	size_t n;
	int64_t newest_us;   /* good: as ask_fetched says */
	bool timed;          /* likewise */
	uint32_t later_s;    /* not good: likewise */
	struct text why;     /* not good: a sentence */
};

/* Which host takes the mail of each domain? */
struct ask_domains {
	uint32_t batch;
	uint32_t deadline_ms;
	const char *at[ASK_DOMAINS_MOST]; /* as text_is_domain */
	size_t n;
};

struct ask_host {
	uint32_t batch;
	uint16_t index;       /* in the domains */
	const char *domain;   /* the same domain again; checked */
	enum ask_state state; /* FOUND; NONE: it takes no mail; FAILED */
	const char *host;     /* FOUND: as text_is_domain; else "" */
	struct text why;      /* a sentence; absent for FOUND */
};

/* Words as in SQL. */
const char *ask_method_name(enum ask_method m);
const char *ask_state_name(enum ask_state s);

/* Moves the texts of an answer into the arena, cut to their limits. */
void ask_answer_keep(struct arena *a, struct ask_answer *answer);

/* A server as in the settings: address, address:port, [address]:port. */
bool ask_server_parse(const char *s, struct ask_server *out);

/* Each replaces what is in out.  Texts over their limits are cut. */
void ask_pack_setup(struct buf *out, const struct ask_setup *m);
void ask_pack_ask(struct buf *out, const struct ask *m);
void ask_pack_answer(struct buf *out, const struct ask_answer *m);
void ask_pack_fetch(struct buf *out, const struct ask_fetch *m);
void ask_pack_items(struct buf *out, const struct ask_items *m);
void ask_pack_fetched(struct buf *out, const struct ask_fetched *m);
void ask_pack_domains(struct buf *out, const struct ask_domains *m);
void ask_pack_host(struct buf *out, const struct ask_host *m);
/* Would this many items and bytes of their texts still fit one message? */
bool ask_items_fit(size_t items, size_t text_bytes);

/* What a message is; ASK_NOTHING: of no version or kind of ours. */
enum ask_kind ask_kind(const void *bytes, size_t n);
/* False unless every field is in its limits and nothing is left over.
 * Texts are copied into the arena. */
bool ask_unpack_setup(struct arena *a, const void *bytes, size_t n,
    struct ask_setup *out) __attribute__((warn_unused_result));
bool ask_unpack_ask(struct arena *a, const void *bytes, size_t n,
    struct ask *out) __attribute__((warn_unused_result));
bool ask_unpack_answer(struct arena *a, const void *bytes, size_t n,
    struct ask_answer *out) __attribute__((warn_unused_result));
bool ask_unpack_fetch(struct arena *a, const void *bytes, size_t n,
    struct ask_fetch *out) __attribute__((warn_unused_result));
bool ask_unpack_items(struct arena *a, const void *bytes, size_t n,
    struct ask_items *out) __attribute__((warn_unused_result));
bool ask_unpack_fetched(struct arena *a, const void *bytes, size_t n,
    struct ask_fetched *out) __attribute__((warn_unused_result));
bool ask_unpack_domains(struct arena *a, const void *bytes, size_t n,
    struct ask_domains *out) __attribute__((warn_unused_result));
bool ask_unpack_host(struct arena *a, const void *bytes, size_t n,
    struct ask_host *out) __attribute__((warn_unused_result));

#endif
