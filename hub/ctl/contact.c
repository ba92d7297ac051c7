/* plaintiff contact suspend, resume, note, fixed, mode, language: what the
 * administrator says of a contact, as it is known already. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "hub/ctl/ctl.h"
#include "hub/ctl/ctl_rows.h"
#include "hub/ctl/decide_rows.h"
#include "hub/db.h"
#include "hub/lookup/mailbox.h"
#include "proto/base/addr.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/base/text.h"

static void
no_such_contact(struct ctl *c, const char *mailbox)
{
	struct db_rows *rows;
	const char **list, *near;

	if (ctl_rows_list(c, "ctl_contact_mailboxes", &rows) < 0)
		return;
	list = arena_array(c->arena, db_rows_count(rows) + 1, sizeof *list);
	for (size_t i = 0; i < db_rows_count(rows); i++)
		list[i] = db_string(rows, i, 0);
	near = text_nearest(mailbox, list, db_rows_count(rows));
	if (near != NULL)
		log_error("no contact \"%s\"; did you mean %s?", mailbox,
		    near);
	else
		log_error("no contact \"%s\"; see plaintiff contact list",
		    mailbox);
	db_rows_free(rows);
}

/* The key of the mailbox that was said; NULL: logged. */
static const char *
key_of(struct ctl *c)
{
	struct mailbox m;
	const char *why;

	if (mailbox_parse(c->arena, text_of(c->args[0]), &m, &why) !=
	    MAILBOX_MALFORMED)
		return m.key;
	log_error("\"%s\" is no mailbox: %s", c->args[0], why);
	return NULL;
}

/* A statement about the contact, its key first and then the n of more; says
 * words when it met one. */
static int
change(struct ctl *c, const char *statement, const char *const *more,
    size_t n, const char *words)
{
	const char *args[DECIDE_ARGS_MOST] = {key_of(c)};
	int64_t count;

	if (args[0] == NULL)
		return EX_USAGE;
	for (size_t i = 0; i < n; i++)
		args[i + 1] = more[i];
	if (decide_rows_count(c, statement, args, n + 1, &count) < 0)
		return EX_SOFTWARE;
	if (count < 0) {
		no_such_contact(c, c->args[0]);
		return EX_DATAERR;
	}
	printf("%s %s\n", args[0], words);
	return EX_OK;
}

int
ctl_contact_suspend(struct ctl *c)
{
	return change(c, "ctl_contact_suspend", &c->args[1], 1,
	    "is suspended: it gets no report");
}

int
ctl_contact_resume(struct ctl *c)
{
	return change(c, "ctl_contact_resume", NULL, 0,
	    "may be reported to again");
}

int
ctl_contact_note(struct ctl *c)
{
	return change(c, "ctl_contact_note", &c->args[1], 1,
	    c->args[1] == NULL ? "has no note" : "has that note");
}

int
ctl_contact_mode(struct ctl *c)
{
	const char *mode = c->args[1], *form = c->args[2];
	bool is_form = strcmp(mode, "form") == 0;

	if (form != NULL && !is_form) {
		log_error("only mode form has an address");
		return EX_USAGE;
	}
	return change(c, "ctl_contact_mode", &c->args[1], 2,
	    arena_printf(c->arena, "has mode %s%s", mode,
	        is_form ? ": it gets no mail" : ""));
}

int
ctl_contact_language(struct ctl *c)
{
	const char *language = c->args[1];

	return change(c, "ctl_contact_language", &c->args[1], 1,
	    strcmp(language, "auto") == 0
	        ? "is written to in the language of its country"
	        : arena_printf(c->arena, "is written to in %s", language));
}

/* RFC 3339 as PostgreSQL is told; NULL: logged. */
static const char *
time_of(struct ctl *c, const char *s)
{
	char *out = arena_alloc(c->arena, CLOCK_TEXT_BYTES);
	int64_t us;
	size_t n = clock_parse(s, strlen(s), &us);

	if (n != 0 && n == strlen(s))
		return clock_format(out, us, true);
	log_error("\"%s\" is no time, as 2026-11-21T20:42:32Z", s);
	return NULL;
}

int
ctl_contact_fixed(struct ctl *c)
{
	bool is_mailbox = strchr(c->args[0], '@') != NULL;
	const char *args[3] = {c->args[0], NULL, NULL};
	struct addr address;
	int64_t count;

	if (c->args[1] != NULL && (args[1] = time_of(c, c->args[1])) == NULL)
		return EX_USAGE;
	if (is_mailbox && (args[0] = key_of(c)) == NULL)
		return EX_USAGE;
	if (!is_mailbox && !addr_parse(text_of(c->args[0]), &address)) {
		log_error("\"%s\" is neither an address nor a mailbox",
		    c->args[0]);
		return EX_USAGE;
	}
	args[2] = arena_printf(c->arena, "said by %s", decide_who(c));
	if (decide_rows_count(c, is_mailbox ? "ctl_fixed_contact"
	                                    : "ctl_fixed_address",
	        args, 3, &count) < 0)
		return EX_SOFTWARE;
	if (count <= 0) {
		no_such_contact(c, c->args[0]);
		return EX_DATAERR;
	}
	printf("%s: %" PRId64 " %s fixed; what %s did before is never "
	       "reported\n", args[0], count,
	    count == 1 ? "address counts as" : "addresses count as",
	    count == 1 ? "it" : "they");
	return EX_OK;
}
