/*
 * Everything the agent needs from files before it can run, loaded or
 * refused as a whole: settings, rules, keys.  run.c reloads by loading a
 * second one beside the first.
 */
#ifndef PLAINTIFF_SETUP_H
#define PLAINTIFF_SETUP_H

#include "proto/curve.h"

struct agent_conf;
struct arena;
struct rules;

struct setup {
	struct arena *arena; /* of conf */
	const struct agent_conf *conf;
	struct rules *rules;
	struct curve_key key;
};

/* NULL when anything is wrong; all of it is logged. */
struct setup *setup_open(const char *conf_path);
void setup_close(struct setup *s);

#endif
