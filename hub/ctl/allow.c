/* plaintiff allow, plaintiff deny: networks and mailboxes whose networks are
 * not reported. */
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
#include "hub/lookup/mailbox.h"
#include "proto/base/addr.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"
#include "proto/base/log.h"
#include "proto/base/text.h"

/* A network or a mailbox, as the tables have it. */
struct named {
	bool is_mailbox;
	const char *text;
};

static int
name_of(struct ctl *c, const char *s, struct named *out)
{
	char text[ADDR_TEXT_BYTES];
	struct mailbox m;
	struct prefix p;
	const char *why;

	out->is_mailbox = strchr(s, '@') != NULL;
	if (out->is_mailbox) {
		if (mailbox_parse(c->arena, text_of(s), &m, &why) ==
		    MAILBOX_MALFORMED) {
			log_error("\"%s\" is no mailbox: %s", s, why);
			return -1;
		}
		out->text = m.key;
		return 0;
	}
	if (!prefix_parse(s, &p, &why)) {
		log_error("\"%s\" is neither a network nor a mailbox: %s", s,
		    why);
		return -1;
	}
	out->text = arena_string(c->arena, prefix_format(text, &p));
	return 0;
}

int
ctl_allow(struct ctl *c)
{
	struct named n;
	const char *args[3];

	if (name_of(c, c->args[0], &n) < 0)
		return EX_USAGE;
	args[0] = n.text;
	args[1] = c->args[1];
	args[2] = decide_who(c);
	if (decide_rows_run(c, n.is_mailbox ? "ctl_allow_mailbox"
	                                    : "ctl_allow_prefix",
	        args, 3, NULL) < 0)
		return EX_SOFTWARE;
	printf("%s is allowed: %s\n", n.text, n.is_mailbox
	        ? "what it answers for is not reported"
	        : "nothing in it is reported");
	return EX_OK;
}

/* What is there and looks like it. */
static void
not_there(struct ctl *c, const struct named *n)
{
	struct db_rows *rows;
	const char **list, *near;

	if (ctl_rows_list(c, "ctl_allow_list", &rows) < 0)
		return;
	list = arena_array(c->arena, db_rows_count(rows) + 1, sizeof *list);
	for (size_t i = 0; i < db_rows_count(rows); i++)
		list[i] = db_string(rows, i, 1);
	near = text_nearest(n->text, list, db_rows_count(rows));
	if (near != NULL)
		log_error("%s is not allowed; did you mean %s?", n->text, near);
	else
		log_error("%s is not allowed; see plaintiff allow list",
		    n->text);
	db_rows_free(rows);
}

int
ctl_deny(struct ctl *c)
{
	struct named n;
	int64_t count;

	if (name_of(c, c->args[0], &n) < 0)
		return EX_USAGE;
	if (decide_rows_count(c, n.is_mailbox ? "ctl_deny_mailbox"
	                                      : "ctl_deny_prefix",
	        &n.text, 1, &count) < 0)
		return EX_SOFTWARE;
	if (count < 0) {
		not_there(c, &n);
		return EX_DATAERR;
	}
	printf("%s is no longer allowed\n", n.text);
	return EX_OK;
}

int
ctl_allow_list(struct ctl *c)
{
	return list_show(c, "ctl_allow_list", 0);
}
