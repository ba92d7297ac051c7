/* The hub's settings; conf.def declares each of them once. */
#ifndef PLAINTIFF_HUB_CONF_H
#define PLAINTIFF_HUB_CONF_H

#include "proto/base/conf.h"

struct hub_conf {
#define CONF CONF_FIELD
#include "hub/conf.def"
#undef CONF
};

extern const struct conf_table hub_conf_table;

/* Settings from path (NULL: defaults) in the arena, with what the rows
 * cannot say checked too; NULL when refused, with every error logged. */
const struct hub_conf *hub_conf_load(const char *path, struct arena *a);

/* May an event with this source address be stored or reported? */
bool hub_conf_reportable(const struct hub_conf *c, const struct addr *source);

#endif
