/*
 * The words a report uses for what happened.  Pure; called by compose and
 * body.  Nothing that a log line said comes out of here: services are
 * recognised and named in words of ours, or not named.
 */
#ifndef PLAINTIFF_WORDING_H
#define PLAINTIFF_WORDING_H

#include <stdint.h>

#include "proto/base/text.h"
#include "proto/kind.h"

struct buf;

/* One word for the last column of the table: "login", "relay". */
const char *wording_kind(enum kind k);
/* "login failures", "login failure": for "12 login failures". */
const char *wording_count(enum kind k, int64_t count);
/* A sentence or two for people who do not run mail servers; NULL when the
 * count says it all. */
const char *wording_explain(enum kind k);
/* What the subject says in front of " from ...", by the kinds in it
 * (counts indexed by kind).  Never begins with "re:". */
const char *wording_subject(const int64_t counts[KIND_COUNT]);
/* Protocol by the service as logged, else by our port; "-" if neither is
 * known. */
const char *wording_service(struct text service, uint16_t port);
/* "12 login failures, 2 relay attempts". */
void wording_counts(struct buf *out, const int64_t counts[KIND_COUNT]);

#endif
