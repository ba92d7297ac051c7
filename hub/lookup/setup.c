/* What finder is told at its start; see setup.h. */
#include "hub/lookup/setup.h"

#include <string.h>

#include "hub/conf.h"
#include "hub/lookup/ask.h"
#include "hub/lookup/txt.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"

/* A zone of the settings, or "" for none. */
static const char *
zone_of(struct arena *a, const char *setting, const char *value,
    const char **wrong)
{
	const char *zone, *why;

	if (value[0] == '\0')
		return "";
	zone = txt_zone(a, value, &why);
	if (zone == NULL)
		*wrong = arena_printf(a, "%s \"%s\": %s", setting, value, why);
	return zone;
}

static int
add_server(struct arena *a, const char *s, struct ask_setup *out,
    const char **wrong)
{
	if (out->servers_n == ASK_SERVERS_MOST) {
		*wrong = arena_printf(a, "lookup.server: over %d servers",
		    ASK_SERVERS_MOST);
		return -1;
	}
	if (!ask_server_parse(s, &out->servers[out->servers_n])) {
		*wrong = arena_printf(a, "lookup.server \"%s\" is neither "
		                         "address, address:port nor "
		                         "[address]:port",
		    s);
		return -1;
	}
	out->servers_n++;
	return 0;
}

/* All words, one blank between two. */
static const char *
joined(struct arena *a, const struct conf_texts *words)
{
	struct buf b = {0};
	const char *s;

	for (size_t i = 0; i < words->n; i++)
		buf_printf(&b, "%s%s", i == 0 ? "" : " ", words->at[i]);
	s = b.n == 0 ? "" : arena_printf(a, "%.*s", (int)b.n, b.data);
	buf_free(&b);
	return s;
}

static int
web_of(const struct hub_conf *conf, struct arena *a, struct ask_setup *out,
    const char **wrong)
{
	out->agent = conf->report_from;
	out->web_parallel = (uint32_t)conf->lookup_web_parallel;
	out->web_gap_ms = (uint32_t)conf->lookup_web_gap_ms;
	out->ca_file = conf->lookup_web_ca;
	out->hosts = joined(a, &conf->lookup_web_hosts);
	out->inside_n = conf->lookup_web_inside.n;
	*wrong = arena_printf(a, "lookup.web_inside: over %d prefixes",
	    ASK_INSIDE_MOST);
	if (out->inside_n > ASK_INSIDE_MOST)
		return -1;
	*wrong = "lookup.web_hosts: over 1,000 bytes";
	if (strlen(out->hosts) > ASK_TEXT_BYTES)
		return -1;
	if (out->inside_n != 0)
		memcpy(out->inside, conf->lookup_web_inside.at,
		    out->inside_n * sizeof out->inside[0]);
	return 0;
}

int
setup_of(const struct hub_conf *conf, struct arena *a, struct ask_setup *out,
    const char **wrong)
{
	*out = (struct ask_setup){
	    .timeout_ms = (uint32_t)conf->lookup_timeout_ms,
	    .tries = (uint32_t)conf->lookup_tries,
	    .parallel = (uint32_t)conf->lookup_parallel,
	    .exits = ""};
	out->zone = zone_of(a, "lookup.zone", conf->lookup_zone, wrong);
	if (out->zone == NULL)
		return -1;
	out->origin4 = zone_of(a, "lookup.origin_zone",
	    conf->lookup_origin_zone, wrong);
	out->origin6 = zone_of(a, "lookup.origin6_zone",
	    conf->lookup_origin6_zone, wrong);
	if (out->origin4 == NULL || out->origin6 == NULL)
		return -1;
	if (conf->tor_list[0] != '\0')
		out->exits = zone_of(a, "tor.zone", conf->tor_zone, wrong);
	if (out->exits == NULL)
		return -1;
	for (size_t i = 0; i < conf->lookup_server.n; i++)
		if (add_server(a, conf->lookup_server.at[i], out, wrong) < 0)
			return -1;
	return web_of(conf, a, out, wrong);
}
