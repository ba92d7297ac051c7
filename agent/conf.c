/* The agent's settings; see conf.h. */
#include "agent/conf.h"

#include <fnmatch.h>
#include <string.h>

#include "agent/source.h"
#include "proto/base/arena.h"
#include "proto/base/log.h"
#include "proto/curve.h"
#include "proto/event.h"

#define CONF_STRUCT struct agent_conf
static const struct conf_row rows[] = {
#define CONF CONF_ROW
#include "agent/conf.def"
#undef CONF
};

const struct conf_table agent_conf_table = {
    .program = "plaintiff-agent",
    .rows = rows,
    .count = sizeof rows / sizeof rows[0],
};

static int
read_addresses(struct agent_conf *c, const char *path, struct arena *a)
{
	struct addr *at = arena_array(a, c->agent_address.n + 1, sizeof *at);
	int errors = 0;

	for (size_t i = 0; i < c->agent_address.n; i++) {
		const char *s = c->agent_address.at[i];

		if (addr_parse(text_of(s), &at[i]))
			continue;
		log_error("%s: agent.address: not an address: %s", path, s);
		errors++;
	}
	c->addresses = at;
	c->address_count = c->agent_address.n;
	return errors;
}

static int
check_sources(const struct agent_conf *c, const char *path)
{
	const struct conf_texts *files = &c->source_file;
	int errors = 0;

	for (size_t i = 0; i < files->n; i++) {
		bool journal = source_is_journal(files->at[i]);

		if (journal && !source_journal_is_built()) {
			log_error("%s: source.file: \"%s\": this agent is "
			    "built without the journal", path, files->at[i]);
			errors++;
		} else if (!journal && files->at[i][0] != '/' &&
		    strcmp(files->at[i], "-") != 0) {
			log_error("%s: source.file: \"%s\" must begin with / "
			    "or be journal, or - for standard input", path,
			    files->at[i]);
			errors++;
		}
		for (size_t k = 0; k < i; k++) {
			if (strcmp(files->at[i], files->at[k]) != 0)
				continue;
			log_error("%s: source.file: named twice: %s", path,
			    files->at[i]);
			errors++;
		}
	}
	if (strcmp(c->source_from, "beginning") != 0 &&
	    strcmp(c->source_from, "end") != 0) {
		log_error("%s: source.from must be beginning or end", path);
		errors++;
	}
	return errors;
}

static int
read_zones(struct agent_conf *c, const char *path, struct arena *a)
{
	struct agent_zone *at =
	    arena_array(a, c->source_zone_of.n + 1, sizeof *at);
	int errors = 0;

	for (size_t i = 0; i < c->source_zone_of.n; i++) {
		const char *s = c->source_zone_of.at[i];
		const char *blank = strrchr(s, ' '), *end = blank;

		while (end != NULL && end > s && end[-1] == ' ')
			end--;
		if (blank == NULL || end == s || blank[1] == '\0') {
			log_error("%s: source.zone_of: \"%s\" is not a file "
			    "and a zone", path, s);
			errors++;
			continue;
		}
		at[i].source = arena_copy(a, s, (size_t)(end - s));
		at[i].zone = blank + 1;
	}
	c->zones = at;
	c->zone_count = c->source_zone_of.n;
	return errors;
}

const char *
agent_conf_zone(const struct agent_conf *c, const char *source)
{
	for (size_t i = 0; i < c->zone_count; i++)
		if (fnmatch(c->zones[i].source, source, FNM_PATHNAME) == 0)
			return c->zones[i].zone;
	return c->source_zone;
}

static int
check_hub(const struct agent_conf *c, const char *path)
{
	int errors = 0;

	if (c->hub_connect.n == 0) {
		log_error("%s: hub.connect is empty", path);
		errors++;
	}
	for (size_t i = 0; i < c->hub_connect.n; i++) {
		const char *s = c->hub_connect.at[i];
		const char *colon = strrchr(s, ':');

		if (strncmp(s, "tcp://", 6) == 0 && colon > s + 6 &&
		    colon[1] >= '1' && colon[1] <= '9')
			continue;
		log_error("%s: hub.connect: \"%s\" is not tcp://host:port",
		    path, s);
		errors++;
	}
	if (c->hub_key[0] != '\0' && !curve_is_public(c->hub_key)) {
		log_error("%s: hub.key is not a key: 40 characters of Z85 "
		    "expected", path);
		errors++;
	}
	return errors;
}

const struct agent_conf *
agent_conf_load(const char *path, struct arena *a)
{
	struct agent_conf *c = arena_alloc(a, sizeof *c);
	const char *name = path == NULL ? "defaults" : path;
	int errors;

	if (conf_load(&agent_conf_table, path, a, c) < 0)
		return NULL;
	errors = read_addresses(c, name, a) + check_sources(c, name) +
	    check_hub(c, name) + read_zones(c, name, a);
	if (strlen(c->agent_site) > EVENT_TEXT_BYTES) {
		log_error("%s: agent.site is longer than %d bytes", name,
		    EVENT_TEXT_BYTES);
		errors++;
	}
	c->key_path = c->key_file[0] != '\0' ? c->key_file
	    : arena_printf(a, "%s/agent.key", c->agent_state);
	c->from_end = strcmp(c->source_from, "end") == 0;
	return errors == 0 ? c : NULL;
}
