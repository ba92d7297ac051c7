/* Contacts and networks by DNS; see finder_zone.h. */
#include "hub/lookup/finder_zone.h"

#include "hub/lookup/ask.h"
#include "hub/lookup/dns.h"
#include "hub/lookup/judge.h"
#include "hub/lookup/message.h"
#include "hub/lookup/origin.h"
#include "hub/lookup/txt.h"
#include "proto/base/arena.h"

/* What a name was asked for. */
struct name {
	struct ask_answer *answer;
	bool origin; /* else the contact */
};

struct round {
	struct arena *arena;   /* of the answers */
	struct arena *scratch; /* of reading one message */
	const char **names;
	struct name *about;    /* beside names */
	size_t n;
};

static void
contact(struct arena *a, enum txt_result result, const struct txt *txt,
    const char *why, struct ask_answer *out)
{
	switch (result) {
	case TXT_ANSWERED:
		out->ttl_s = txt->ttl_s;
		judge_texts(a, txt->at, txt->n, out);
		return;
	case TXT_ABSENT:
		out->state = ASK_NONE;
		break;
	case TXT_FAILED:
		out->state = ASK_FAILED;
		break;
	}
	out->why = text_of(why);
}

static void
got(void *ctx, size_t i, const void *message, size_t bytes, const char *why)
{
	struct round *r = ctx;
	struct ask_answer *out = r->about[i].answer;
	enum txt_result result = TXT_FAILED;
	struct txt txt = {0};

	if (message != NULL)
		result = txt_parse(r->scratch, message, bytes, r->names[i],
		    &txt, &why);
	if (!r->about[i].origin) {
		contact(r->scratch, result, &txt, why, out);
		/* all that a hostile zone can make us keep */
		ask_answer_keep(r->arena, out);
	} else if (result == TXT_ANSWERED) {
		origin_read(txt.at, txt.n, &out->address, &out->origin);
	}
	arena_reset(r->scratch);
}

/* Appends a name to ask for; "" is no zone. */
static void
add(struct round *r, struct ask_answer *answer, const char *zone, bool origin)
{
	char name[TXT_NAME_BYTES];

	if (zone[0] == '\0')
		return;
	r->names[r->n] = arena_string(r->arena,
	    txt_question(name, &answer->address, zone));
	r->about[r->n++] = (struct name){.answer = answer, .origin = origin};
}

void
finder_zone(struct arena *a, const struct ask_setup *setup,
    const struct ask *ask, int64_t deadline_ms, struct ask_answer *answers)
{
	struct round r = {.arena = a, .scratch = arena_open(0),
	    .names = arena_array(a, 2 * ask->n, sizeof *r.names),
	    .about = arena_array(a, 2 * ask->n, sizeof *r.about)};
	struct dns_run run = {.names = r.names, .type = MESSAGE_TXT,
	    .got = got, .ctx = &r};

	/* contacts first: if time runs out, it is the origins that suffer */
	for (size_t i = 0; i < ask->n; i++) {
		answers[i].state = ASK_NONE;
		answers[i].why = TEXT("no contact zone is set");
		add(&r, &answers[i], setup->zone, false);
	}
	for (size_t i = 0; i < ask->n; i++)
		add(&r, &answers[i],
		    answers[i].address.family == 4 ? setup->origin4
		                                   : setup->origin6,
		    true);
	run.n = r.n;
	if (r.n != 0)
		dns_run(setup, &run, deadline_ms);
	arena_close(r.scratch);
}
