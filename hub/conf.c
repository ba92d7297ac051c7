/* The hub's settings; see conf.h. */
#include "hub/conf.h"

#include <string.h>
#include <unistd.h>

#include "hub/threshold.h"
#include "proto/base/arena.h"
#include "proto/base/log.h"
#include "proto/kind.h"

#define CONF_STRUCT struct hub_conf
static const struct conf_row rows[] = {
#define CONF CONF_ROW
#include "hub/conf.def"
#undef CONF
};

const struct conf_table hub_conf_table = {
    .program = "plaintiff-hub",
    .rows = rows,
    .count = sizeof rows / sizeof rows[0],
};

/* The largest batch (WIRE_BATCH_EVENTS): an hour must hold one. */
enum { BATCH_EVENTS = 1000 };

static const char *
host_name(struct arena *a)
{
	char name[256];

	if (gethostname(name, sizeof name) < 0)
		return "localhost";
	name[sizeof name - 1] = '\0';
	return arena_string(a, name);
}

/* What depends on more than one value; returns the number of errors. */
static int
check(const struct hub_conf *c, const char *path, struct arena *a)
{
	int errors = 0;

	for (size_t i = 0; i < c->report_kind.n; i++) {
		const char *name = c->report_kind.at[i];
		const char *near = kind_nearest(name);
		enum kind k = kind_of_name(text_of(name));

		if (k == KIND_NONE)
			log_error("%s: report.kind: unknown kind \"%s\"%s%s%s",
			    path, name, near == NULL ? "" : "; did you mean \"",
			    near == NULL ? "" : near,
			    near == NULL ? "" : "\"?");
		else if (kind_is_inner(k))
			log_error("%s: report.kind: %s is never reported",
			    path, name);
		errors += k == KIND_NONE || kind_is_inner(k);
	}
	for (size_t i = 0; i < c->report_threshold.n; i++) {
		const char *s = c->report_threshold.at[i], *why;
		struct threshold t;

		if (threshold_parse(s, a, &t, &why) == 0)
			continue;
		log_error("%s: report.threshold \"%s\": %s", path, s, why);
		errors++;
	}
	if (strchr(c->report_from, '@') == NULL) {
		log_error("%s: report.from must be a mailbox", path);
		errors++;
	}
	if (c->deliver_log[0] != '\0' && c->deliver_log[0] != '/' &&
	    strcmp(c->deliver_log, "journal") != 0 &&
	    strncmp(c->deliver_log, "journal:/", 9) != 0) {
		log_error("%s: deliver.log must be a file's whole path, "
		          "journal or journal:PATH", path);
		errors++;
	}
	if (c->deliver_live) {
		const char *missing =
		    prefixes_missing_special(&c->filter_unreportable);

		if (missing != NULL) {
			log_error("%s: deliver.live = yes is refused while "
			          "filter.unreportable lacks %s; add "
			          "\"unreportable = special\"", path, missing);
			errors++;
		}
	}
	if ((c->receive_addresses_an_hour != 0 &&
	        c->receive_addresses_an_hour < BATCH_EVENTS) ||
	    (c->receive_networks_an_hour != 0 &&
	        c->receive_networks_an_hour < BATCH_EVENTS)) {
		log_error("%s: receive.addresses_an_hour and networks_an_hour "
		          "must be 0 or at least %d, the size of a batch",
		    path, BATCH_EVENTS);
		errors++;
	}
	if (c->tor_stale < 2 * c->tor_every) {
		log_error("%s: tor.stale is less than twice tor.every", path);
		errors++;
	}
	if (c->tidy_evidence_days > c->tidy_event_days) {
		log_error("%s: tidy.evidence_days is above tidy.event_days",
		    path);
		errors++;
	}
	return errors;
}

const struct hub_conf *
hub_conf_load(const char *path, struct arena *a)
{
	struct hub_conf *c = arena_alloc(a, sizeof *c);
	const char *at;

	if (conf_load(&hub_conf_table, path, a, c) < 0)
		return NULL;
	if (c->hub_name[0] == '\0')
		c->hub_name = host_name(a);
	if (c->deliver_hello[0] == '\0')
		c->deliver_hello = host_name(a);
	if (c->report_reply_to[0] == '\0')
		c->report_reply_to = c->report_from;
	at = strrchr(c->report_from, '@');
	if (c->hub_domain[0] == '\0' && at != NULL)
		c->hub_domain = at + 1;
	return check(c, path == NULL ? "defaults" : path, a) == 0 ? c : NULL;
}

bool
hub_conf_reportable(const struct hub_conf *c, const struct addr *source)
{
	return !prefixes_hold(&c->filter_unreportable, source) &&
	    !prefixes_hold(&c->filter_own, source);
}
