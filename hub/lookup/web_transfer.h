/*
 * One request to one server by libcurl, without following redirects: every
 * safe setting is here.  The parts of web.c that need no memory of other
 * requests; called by web.c only.
 */
#ifndef PLAINTIFF_LOOKUP_WEB_TRANSFER_H
#define PLAINTIFF_LOOKUP_WEB_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/buf.h"
#include "proto/base/text.h"

struct arena;
struct curl_slist;
struct prefixes;
struct web_transfer;

struct web_transfer_ask {
	const char *url;
	const char *accept; /* NULL: any */
	const char *agent;
	const char *ca_file; /* NULL: the system's */
	const struct prefixes *inside;
	struct curl_slist *resolve;
	uint16_t port; /* beside 443, the one port that may be connected to */
	int64_t connect_ms, total_ms;
	size_t max_bytes;
	size_t *header_lines, *header_bytes; /* had so far; added to */
	void *whose; /* for web_transfer_whose */
};

/* What came of it; texts in the arena that was given. */
struct web_transfer_end {
	bool answered;        /* there is a whole answer with a status */
	int status;           /* 0: none */
	const char *why;      /* when not answered */
	const char *type;     /* Content-Type, made harmless; NULL: none */
	const char *redirect; /* an absolute URL; NULL: none */
	struct text retry_after; /* absent: not said */
};

/* Adds a transfer to libcurl's multi handle. */
struct web_transfer *web_transfer_begin(void *multi,
    const struct web_transfer_ask *ask);

/* The ask's whose, by libcurl's easy handle. */
void *web_transfer_whose(void *easy);

/* What came of it by libcurl's result code; the body is moved to *body. */
void web_transfer_finish(struct web_transfer *t, int result, struct arena *a,
    struct web_transfer_end *out, struct buf *body);

/* Takes it out of the multi handle, whatever its state.  NULL is legal. */
void web_transfer_close(void *multi, struct web_transfer *t);

/* Host, in lower case, and port of a URL; false when it is none. */
bool web_transfer_host(struct arena *a, const char *url, const char **host,
    uint16_t *port);

#endif
