/*
 * Stage tidy: keeps a partition for each day that events may come for, and
 * removes what is past its time.  Nobody else has the right to.  A step does
 * one bounded piece of each kind, so that nobody waits long behind it.
 */
#include "hub/conf.h"
#include "hub/tidy/tidy_rows.h"
#include "hub/worker.h"
#include "proto/base/log.h"

static const struct chore {
	enum db_result (*run)(struct db *db, struct arena *a,
	    const struct hub_conf *conf, int64_t *n);
	const char *phrase;
} chores[] = {
    /* room first: without it receive sets events aside */
    {tidy_rows_partitions, "partitions made"},
    {tidy_rows_drop, "partitions dropped"},
    {tidy_rows_set_aside, "set-aside events folded"},
    {tidy_rows_answers, "answers removed"},
    {tidy_rows_tallies, "tallies removed"},
    {tidy_rows_logins, "tallies without logins"},
    {tidy_rows_outages, "outages removed"},
    {tidy_rows_reports, "reports removed"},
    {tidy_rows_tor, "times of Tor exits removed"},
};
enum { CHORES = sizeof chores / sizeof chores[0], MAKING = 0 };

static int64_t
every_ms(const struct hub_conf *conf)
{
	return conf->tidy_every * 1000;
}

static enum worker_step
step(struct worker_context *c, void *state)
{
	enum worker_step result = WORKER_IDLE;

	(void)state;
	for (size_t i = 0; i < CHORES; i++) {
		enum db_result r;
		int64_t n;

		r = chores[i].run(c->db, c->arena, c->conf, &n);
		if (r == DB_LOST)
			return WORKER_LOST;
		if (r != DB_OK)
			result = WORKER_WAIT; /* the others go on */
		if (n == 0)
			continue;
		log_notice("%s count=%lld", chores[i].phrase, (long long)n);
		if (i != MAKING && result == WORKER_IDLE)
			result = WORKER_MORE;
	}
	return result;
}

const struct worker worker_tidy = {
    .name = "tidy",
    .what = "makes room for coming days, removes what is past its time",
    .every_ms = every_ms,
    .step = step,
};
