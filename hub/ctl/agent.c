/* plaintiff agent ...: who may send events. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "hub/ctl/ctl.h"
#include "hub/ctl/ctl_rows.h"
#include "hub/ctl/decide_rows.h"
#include "hub/ctl/list.h"
#include "hub/ctl/table.h"
#include "hub/db.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"
#include "proto/base/log.h"
#include "proto/base/text.h"

/* Is there an agent of this name or key already?  EX_OK: no; EX_TEMPFAIL: the
 * very same, *same set. */
static int
check_new(const struct db_rows *rows, const char *name, const char *key,
    bool *same)
{
	const char *has_name, *has_key, *state;

	*same = false;
	if (db_rows_count(rows) == 0)
		return EX_OK;
	has_name = db_string(rows, 0, 0);
	has_key = db_string(rows, 0, 1);
	state = db_string(rows, 0, 2);
	*same = strcmp(has_name, name) == 0 && strcmp(has_key, key) == 0 &&
	    strcmp(state, "revoked") != 0;
	if (*same)
		return EX_OK;
	if (strcmp(has_name, name) != 0)
		log_error("that key is agent %s's (%s); make another with "
		          "plaintiff-agent key", has_name, state);
	else if (strcmp(state, "revoked") == 0)
		log_error("agent %s was revoked, and a revoked name is not "
		          "used again; take another", name);
	else
		log_error("agent %s is there already, with another key; "
		          "revoke it and take another name", name);
	return EX_DATAERR;
}

int
ctl_agent_add(struct ctl *c)
{
	const char *name = c->args[0], *key = c->args[1];
	struct db_rows *rows;
	bool same;
	int code;

	if (ctl_rows_agent_find(c, name, key, &rows) < 0)
		return EX_SOFTWARE;
	code = check_new(rows, name, key, &same);
	db_rows_free(rows);
	if (code != EX_OK)
		return code;
	if (same) {
		printf("agent %s is there already, with this key\n", name);
		return EX_OK;
	}
	if (ctl_rows_agent_add(c, name, key) < 0)
		return EX_SOFTWARE;
	printf("agent %s added\n", name);
	return EX_OK;
}

int
ctl_agent_list(struct ctl *c)
{
	enum { FOR_PEOPLE = 11 };

	return list_show(c, "ctl_agent_list", FOR_PEOPLE);
}

static void
no_such_agent(struct ctl *c, const char *name)
{
	struct db_rows *rows;
	const char **names, *near;

	if (ctl_rows_list(c, "ctl_agent_names", &rows) < 0)
		return;
	names = arena_array(c->arena, db_rows_count(rows) + 1, sizeof *names);
	for (size_t i = 0; i < db_rows_count(rows); i++)
		names[i] = db_string(rows, i, 0);
	near = text_nearest(name, names, db_rows_count(rows));
	if (near != NULL)
		log_error("no active agent %s; did you mean %s?", name, near);
	else
		log_error("no active agent %s; see plaintiff agent list", name);
	db_rows_free(rows);
}

/* Also of an agent that was revoked before. */
static int
purge(struct ctl *c, const char *name)
{
	struct decide_purged purged;
	struct db_rows *rows;
	bool there;

	if (ctl_rows_agent_find(c, name, name, &rows) < 0)
		return EX_SOFTWARE;
	there = db_rows_count(rows) != 0 &&
	    strcmp(db_string(rows, 0, 0), name) == 0;
	db_rows_free(rows);
	if (!there) {
		no_such_agent(c, name);
		return EX_DATAERR;
	}
	if (decide_rows_purge(c, name, &purged) < 0)
		return EX_SOFTWARE;
	printf("agent %s purged: events removed: %" PRId64 ", kept as another "
	       "agent's: %" PRId64 ", reports held: %" PRId64 "\n", name,
	    purged.removed, purged.kept, purged.held);
	return EX_OK;
}

int
ctl_agent_revoke(struct ctl *c)
{
	const char *name = c->args[0];
	bool with_purge = c->args[1] != NULL, done;

	if (ctl_rows_agent_revoke(c, name, &done) < 0)
		return EX_SOFTWARE;
	if (with_purge)
		return purge(c, name);
	if (!done) {
		no_such_agent(c, name);
		return EX_DATAERR;
	}
	printf("agent %s revoked: nothing more of it is stored; what it sent "
	       "before stays\n", name);
	return EX_OK;
}

int
ctl_agent_release(struct ctl *c)
{
	const char *name = c->args[0];
	struct db_rows *rows;
	int64_t events;
	bool there, revoked;

	if (ctl_rows_agent_find(c, name, name, &rows) < 0)
		return EX_SOFTWARE;
	there = db_rows_count(rows) != 0 &&
	    strcmp(db_string(rows, 0, 0), name) == 0;
	revoked = there && strcmp(db_string(rows, 0, 2), "revoked") == 0;
	db_rows_free(rows);
	if (revoked)
		log_error("agent %s is revoked: what it sent in quarantine is "
		          "not reported", name);
	else if (!there)
		no_such_agent(c, name);
	if (revoked || !there)
		return EX_DATAERR;
	if (ctl_rows_agent_release(c, name, &events) < 0) {
		log_error("agent %s is not released yet: run the same again",
		    name);
		return EX_TEMPFAIL;
	}
	printf("agent %s is active; events no longer held back: %" PRId64
	       "\n", name, events);
	return EX_OK;
}
