/*
 * Stage tidy: keeps a partition for each day that events may come for, and
 * removes what is past its time.  Nobody else has the right to.
 */
#include "hub/conf.h"
#include "hub/tidy/tidy_rows.h"
#include "hub/worker.h"

static int64_t
every_ms(const struct hub_conf *conf)
{
	return conf->tidy_every * 1000;
}

static enum worker_step
step(struct worker_context *c, void *state)
{
	(void)state;
	return tidy_rows_partitions(c->db, c->arena, c->conf) == 0
	    ? WORKER_IDLE
	    : WORKER_LOST;
}

const struct worker worker_tidy = {
    .name = "tidy",
    .what = "makes room for coming days, removes what is past its time",
    .every_ms = every_ms,
    .step = step,
};
