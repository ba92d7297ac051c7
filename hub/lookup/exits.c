/* Single addresses that Tor's zone is asked about; see exits.h. */
#include "hub/lookup/exits.h"

#include "hub/lookup/ask.h"
#include "hub/lookup/tor.h"
#include "proto/base/arena.h"
#include "proto/base/log.h"

enum db_result
exits_next(struct arena *a, const struct hub_conf *conf, struct db *db,
    struct exits_want *out)
{
	const struct tor_wants *w = &out->wants;
	enum db_result r;

	*out = (struct exits_want){.n = 0};
	r = tor_rows_wanted(db, a, conf, EXITS_MOST, &out->wants);
	if (r != DB_OK || w->n == 0)
		return r;
	out->ask = arena_array(a, 1 + w->controls_n + w->n, sizeof *out->ask);
	out->ask[out->n++] = (struct addr){.family = 4,
	    .bytes = {127, 0, 0, 1}};
	for (size_t i = 0; i < w->controls_n; i++)
		out->ask[out->n++] = w->controls[i];
	for (size_t i = 0; i < w->n; i++)
		out->ask[out->n++] = w->at[i];
	return DB_OK;
}

static enum tor_verdict
verdict_of(const struct ask_answer *answer)
{
	switch (answer->state) {
	case ASK_FOUND:
		return TOR_EXIT;
	case ASK_NONE:
		return TOR_NO;
	case ASK_FAILED:
	case ASK_REFUSED:
	case ASK_STATES:
		break;
	}
	return TOR_UNKNOWN;
}

enum db_result
exits_store(struct arena *a, const struct hub_conf *conf, struct db *db,
    const struct exits_want *want, const struct ask_answer *answers)
{
	const struct tor_wants *w = &want->wants;
	const struct ask_answer *wanted = answers + 1 + w->controls_n;
	struct tor_said *said = arena_array(a, w->n, sizeof *said);
	enum tor_verdict controls[TOR_CONTROLS];
	const char *why = NULL;
	bool works;

	for (size_t i = 0; i < w->controls_n; i++)
		controls[i] = verdict_of(&answers[1 + i]);
	works = tor_zone_works(verdict_of(&answers[0]), controls,
	    w->controls_n, &why);
	if (!works)
		log_warning("zone of Tor's exits not believed: %s", why);
	for (size_t i = 0; i < w->n; i++) {
		said[i] = (struct tor_said){.address = w->at[i],
		    .verdict = works ? verdict_of(&wanted[i]) : TOR_UNKNOWN,
		    .why = why};
		if (said[i].verdict == TOR_UNKNOWN && works)
			said[i].why = wanted[i].why.n == 0
			    ? "no answer"
			    : arena_printf(a, "%.*s", (int)wanted[i].why.n,
			          wanted[i].why.at);
	}
	return tor_rows_answers(db, a, conf, w->now_us, said, w->n);
}
