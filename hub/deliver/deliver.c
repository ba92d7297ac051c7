/* Stage deliver. */
#include "hub/worker.h"

static int64_t
every_ms(const struct hub_conf *conf)
{
	(void)conf;
	return 1000;
}

static enum worker_step
step(struct worker_context *c, void *state)
{
	(void)c;
	(void)state;
	return WORKER_IDLE;
}

const struct worker worker_deliver = {
    .name = "deliver",
    .what = "",
    .every_ms = every_ms,
    .step = step,
};
