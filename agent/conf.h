/* The agent's settings; conf.def declares each of them once. */
#ifndef PLAINTIFF_AGENT_CONF_H
#define PLAINTIFF_AGENT_CONF_H

#include "proto/base/conf.h"

struct agent_conf {
#define CONF CONF_FIELD
#include "agent/conf.def"
#undef CONF
	/* made of the above */
	const struct addr *addresses; /* agent.address */
	size_t address_count;
	const char *key_path;         /* key.file or its default */
	bool from_end;
};

extern const struct conf_table agent_conf_table;

/* Settings from path (NULL: defaults) in the arena, with what the rows
 * cannot say checked too; NULL when refused, with every error logged. */
const struct agent_conf *agent_conf_load(const char *path, struct arena *a);

#endif
