/*
 * Which hub: the list in an order that each agent's key makes for itself, so
 * that the agents of a dead hub spread over all the others; the next one
 * after misses; and back to the first, once it answers again, on a second
 * connection that is tried beside the one in use.  See uplink.h.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "agent/uplink_inside.h"
#include "proto/base/clock.h"
#include "proto/base/die.h"
#include "proto/base/log.h"

enum {
	BACK_MS = 60000,      /* the first hub is tried so often */
	PROBE_MS = 5000,      /* and given so long */
	PROBE_LOOK_MS = 100,
};

struct weighed {
	unsigned char weight[crypto_generichash_BYTES];
	const char *name;
};

static int
heavier_first(const void *a, const void *b)
{
	const struct weighed *x = a, *y = b;
	int r = memcmp(y->weight, x->weight, sizeof x->weight);

	return r != 0 ? r : strcmp(x->name, y->name);
}

void
uplink_hubs_order(const char *key, const char *const *hubs, size_t n,
    const char **out)
{
	struct weighed *all = calloc(n, sizeof *all);

	if (all == NULL)
		die(EX_OSERR, "out of memory");
	for (size_t i = 0; i < n; i++) {
		all[i].name = hubs[i];
		(void)crypto_generichash(all[i].weight,
		    sizeof all[i].weight, (const unsigned char *)hubs[i],
		    strlen(hubs[i]), (const unsigned char *)key,
		    strlen(key));
	}
	qsort(all, n, sizeof *all, heavier_first);
	for (size_t i = 0; i < n; i++)
		out[i] = all[i].name;
	free(all);
}

static int64_t
back_after(const struct uplink *u)
{
	int64_t ms = u->o.back_ms == 0 ? BACK_MS : u->o.back_ms;

	return clock_mono_ms() + ms +
	    (int64_t)randombytes_uniform((uint32_t)ms + 1);
}

void
uplink_hubs_next(struct uplink *u)
{
	u->misses = u->busies = 0;
	if (u->o.hub_count < 2)
		return;
	u->hub = (u->hub + 1) % u->o.hub_count;
	u->back_ms = back_after(u);
	log_notice("uplink: next hub=%s", u->hubs[u->hub]);
}

static void
end_probe(struct uplink *u)
{
	uplink_socket_close(&u->probe);
	u->back_ms = back_after(u);
}

bool
uplink_hubs_probe(struct uplink *u)
{
	int64_t now = clock_mono_ms();
	const char *why;

	if (u->probe.socket == NULL) {
		if (u->hub == 0 || u->state != UP || now < u->back_ms)
			return false;
		if (!uplink_socket_open(&u->probe, u->o.context, u->hubs[0],
		        u->o.hub_key, &u->key, &why))
			end_probe(u);
		u->probe_ms = now + PROBE_MS;
		return false;
	}
	switch (uplink_socket_news(&u->probe)) {
	case LINK_CONNECTED:
		log_notice("uplink: back to hub=%s", u->hubs[0]);
		return true;
	case LINK_REFUSED:
	case LINK_BROKEN:
	case LINK_LOST:
		end_probe(u);
		return false;
	case LINK_NOTHING:
		break;
	}
	if (u->hub == 0 || now >= u->probe_ms)
		end_probe(u);
	return false;
}

int64_t
uplink_hubs_due_ms(const struct uplink *u)
{
	if (u->probe.socket != NULL)
		return clock_mono_ms() + PROBE_LOOK_MS;
	return u->hub == 0 || u->state != UP ? INT64_MAX : u->back_ms;
}
