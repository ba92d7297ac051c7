/* The agent's settings; conf.def declares each of them once. */
#ifndef PLAINTIFF_AGENT_CONF_H
#define PLAINTIFF_AGENT_CONF_H

#include "proto/base/conf.h"

struct agent_zone {
	const char *source; /* a name of source.file, or a pattern for some */
	const char *zone;
};

struct agent_conf {
#define CONF CONF_FIELD
#include "agent/conf.def"
#undef CONF
	/* made of the above */
	const struct addr *addresses; /* agent.address */
	size_t address_count;
	const char *key_path;         /* key.file or its default */
	bool from_end;
	const struct agent_zone *zones; /* source.zone_of */
	size_t zone_count;
};

extern const struct conf_table agent_conf_table;

/* Settings from path (NULL: defaults) in the arena, with what the rows
 * cannot say checked too; NULL when refused, with every error logged. */
const struct agent_conf *agent_conf_load(const char *path, struct arena *a);

/* The zone of the source of this name. */
const char *agent_conf_zone(const struct agent_conf *c, const char *source);

#endif
