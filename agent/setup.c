/* Settings, rules and keys; see setup.h. And `-t`. */
#include "agent/setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "agent/conf.h"
#include "agent/logfile.h"
#include "agent/pattern.h"
#include "agent/rules.h"
#include "agent/run.h"
#include "agent/zone.h"
#include "proto/base/arena.h"
#include "proto/base/die.h"
#include "proto/base/log.h"

/* One complaint of the rules a line. */
static void
log_complaints(const struct buf *errors)
{
	const char *p = errors->data, *lf;

	for (; p != NULL && *p != '\0'; p = lf + 1) {
		lf = strchr(p, '\n');
		if (lf == NULL)
			lf = p + strlen(p) - 1;
		log_error("%.*s", (int)(lf - p), p);
	}
}

static int
load_keys(struct setup *s, const char *conf_path)
{
	const char *why = "";
	int errors = 0;

	if (s->conf->hub_key[0] == '\0') {
		log_error("%s: hub.key is not set; put the key there that "
		    "plaintiff-hub key prints", conf_path);
		errors++;
	}
	if (curve_read(s->conf->key_path, &s->key, &why) < 0) {
		log_error("key file %s: %s; plaintiff-agent key -c %s makes "
		    "one", s->conf->key_path, why, conf_path);
		errors++;
	}
	return errors;
}

static int
load_rules(struct setup *s)
{
	const char *folder = s->conf->rules_folder;
	struct buf errors = {0};

	s->rules = rules_open(folder[0] == '\0' ? NULL : folder, &errors);
	log_complaints(&errors);
	buf_free(&errors);
	if (s->rules != NULL)
		return 0;
	log_error("the rules are refused");
	return 1;
}

static int
check_zone(const char *name, const char *zone)
{
	const char *why = "";
	struct zone *z = zone_open(zone, &why);

	if (z == NULL)
		log_error("source.%s: %s: %s", name, zone, why);
	zone_close(z);
	return z == NULL;
}

static int
check_zones(const struct setup *s)
{
	int errors = check_zone("zone", s->conf->source_zone);

	for (size_t i = 0; i < s->conf->zone_count; i++)
		errors += check_zone("zone_of", s->conf->zones[i].zone);
	return errors;
}

struct setup *
setup_open(const char *conf_path)
{
	struct setup *s = calloc(1, sizeof *s);
	int errors = 0;

	if (s == NULL)
		die(EX_OSERR, "out of memory");
	s->arena = arena_open(0);
	s->conf = agent_conf_load(conf_path, s->arena);
	if (s->conf != NULL)
		errors = load_keys(s, conf_path) + load_rules(s) +
		    check_zones(s);
	if (s->conf == NULL || errors != 0) {
		setup_close(s);
		return NULL;
	}
	return s;
}

void
setup_close(struct setup *s)
{
	if (s == NULL)
		return;
	rules_close(s->rules);
	arena_close(s->arena);
	explicit_bzero(&s->key, sizeof s->key);
	free(s);
}

int
run_check(const char *conf_path)
{
	struct setup *s = setup_open(conf_path);
	const char *why = "";
	int errors = s == NULL;

	for (size_t i = 0; s != NULL && i < s->conf->source_file.n; i++) {
		const char *path = s->conf->source_file.at[i];
		struct logfile *f;

		if (path[0] != '/' || pattern_is(path))
			continue;
		f = logfile_open(path, &why);
		if (f == NULL) {
			log_error("source.file: %s: %s", path, why);
			errors++;
		}
		logfile_close(f);
	}
	if (errors == 0)
		printf("%s: in order; %zu rules, %zu sources\n", conf_path,
		    rules_count(s->rules).rules, s->conf->source_file.n);
	setup_close(s);
	return errors == 0 ? EX_OK : EX_CONFIG;
}
