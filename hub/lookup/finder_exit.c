/* Which addresses are exits of Tor now; see finder_exit.h. */
#include "hub/lookup/finder_exit.h"

#include "hub/lookup/ask.h"
#include "hub/lookup/dns.h"
#include "hub/lookup/message.h"
#include "hub/lookup/tor.h"
#include "hub/lookup/txt.h"
#include "proto/base/arena.h"

struct round {
	struct arena *scratch; /* of one message's parsing */
	const char **names;
	struct ask_answer *answers;
};

static void
got(void *ctx, size_t i, const void *message, size_t bytes, const char *why)
{
	struct round *r = ctx;
	struct ask_answer *out = &r->answers[i];
	enum tor_verdict verdict = TOR_UNKNOWN;

	if (message != NULL)
		verdict = tor_judge(r->scratch, message, bytes, r->names[i],
		    &why);
	arena_reset(r->scratch);
	switch (verdict) {
	case TOR_EXIT:
		out->state = ASK_FOUND;
		out->why = (struct text){0};
		return;
	case TOR_NO:
		out->state = ASK_NONE;
		out->why = (struct text){0};
		return;
	case TOR_UNKNOWN:
		out->state = ASK_FAILED;
		out->why = text_of(why);
	}
}

void
finder_exit(struct arena *a, const struct ask_setup *setup,
    const struct ask *ask, int64_t deadline_ms, struct ask_answer *answers)
{
	struct round r = {.scratch = arena_open(0),
	    .names = arena_array(a, ask->n, sizeof *r.names),
	    .answers = answers};
	struct dns_run run = {.names = r.names, .n = ask->n,
	    .type = MESSAGE_A, .got = got, .ctx = &r};

	for (size_t i = 0; i < ask->n; i++) {
		char name[TXT_NAME_BYTES];

		r.names[i] = arena_string(a,
		    txt_question(name, &ask->addresses[i], setup->exits));
	}
	if (setup->exits[0] != '\0')
		dns_run(setup, &run, deadline_ms);
	arena_close(r.scratch);
}
