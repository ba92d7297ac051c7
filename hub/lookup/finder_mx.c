/* Which hosts take the mail of domains; see finder_mx.h. */
#include "hub/lookup/finder_mx.h"

#include "hub/lookup/ask.h"
#include "hub/lookup/dns.h"
#include "hub/lookup/message.h"
#include "hub/lookup/mx.h"
#include "proto/base/arena.h"

struct round {
	struct arena *arena;   /* of the hosts */
	struct arena *scratch; /* of reading one message */
	const struct ask_domains *ask;
	struct ask_host *hosts;
};

static void
got(void *ctx, size_t i, const void *message, size_t bytes, const char *why)
{
	struct round *r = ctx;
	struct ask_host *out = &r->hosts[i];
	enum mx_result result = MX_FAILED;
	const char *host = NULL;

	if (message != NULL)
		result = mx_parse(r->scratch, message, bytes, r->ask->at[i],
		    &host, &why);
	switch (result) {
	case MX_HOST:
		out->state = ASK_FOUND;
		out->host = arena_string(r->arena, host);
		break;
	case MX_NO_MAIL:
		out->state = ASK_NONE;
		break;
	case MX_FAILED:
		out->state = ASK_FAILED;
		break;
	}
	out->why = text_of(why);
	arena_reset(r->scratch);
}

void
finder_mx(struct arena *a, const struct ask_setup *setup,
    const struct ask_domains *ask, int64_t deadline_ms,
    struct ask_host *hosts)
{
	struct round r = {.arena = a, .scratch = arena_open(0), .ask = ask,
	    .hosts = hosts};
	struct dns_run run = {.names = ask->at, .n = ask->n,
	    .type = MESSAGE_MX, .got = got, .ctx = &r};

	for (size_t i = 0; i < ask->n; i++)
		hosts[i] = (struct ask_host){.batch = ask->batch,
		    .index = (uint16_t)i, .domain = ask->at[i],
		    .state = ASK_FAILED, .host = ""};
	dns_run(setup, &run, deadline_ms);
	arena_close(r.scratch);
}
