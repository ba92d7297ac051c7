/* plaintiff contact set, refuse, merge ...: what the administrator says of who
 * answers for a network, and who is never mailed. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "hub/ctl/contact_rows.h"
#include "hub/ctl/ctl.h"
#include "hub/ctl/ctl_rows.h"
#include "hub/ctl/list.h"
#include "hub/ctl/table.h"
#include "hub/db.h"
#include "hub/lookup/mailbox.h"
#include "hub/lookup/refusal.h"
#include "proto/base/addr.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"
#include "proto/base/log.h"

int
ctl_contact_list(struct ctl *c)
{
	return list_show(c, "ctl_contact_list", 0);
}

int
ctl_contact_prefixes(struct ctl *c)
{
	return list_show(c, "ctl_contact_prefixes", 0);
}

int
ctl_contact_refusals(struct ctl *c)
{
	return list_show(c, "ctl_contact_refusals", 0);
}

static int
prefix_of(const char *s, struct prefix *out)
{
	const char *why;

	if (prefix_parse(s, out, &why))
		return EX_OK;
	log_error("\"%s\" is no network: %s", s, why);
	return EX_USAGE;
}

/* A mailbox as somebody typed it. */
static int
mailbox_of(struct ctl *c, const char *s, struct mailbox *out)
{
	const char *why;

	if (mailbox_parse(c->arena, text_of(s), out, &why) == MAILBOX_GOOD)
		return EX_OK;
	log_error("\"%s\" is not to be mailed: %s", s, why);
	return EX_USAGE;
}

int
ctl_contact_set(struct ctl *c)
{
	char text[ADDR_TEXT_BYTES];
	struct prefix p;
	struct mailbox m;
	int64_t addresses = 0;
	int code = prefix_of(c->args[0], &p);

	if (code == EX_OK)
		code = mailbox_of(c, c->args[1], &m);
	if (code != EX_OK)
		return code;
	if (contact_rows_set(c, &p, &m, c->args[2], &addresses) < 0)
		return EX_SOFTWARE;
	printf("%s answers for %s; %" PRId64 " known addresses\n", m.address,
	    prefix_format(text, &p), addresses);
	return EX_OK;
}

int
ctl_contact_unset(struct ctl *c)
{
	char text[ADDR_TEXT_BYTES];
	struct prefix p;
	int64_t addresses = 0;
	bool done;
	int code = prefix_of(c->args[0], &p);

	if (code != EX_OK)
		return code;
	if (contact_rows_unset(c, &p, &done, &addresses) < 0)
		return EX_SOFTWARE;
	if (!done) {
		log_error("%s is not in the table; see plaintiff contact "
		          "prefixes", prefix_format(text, &p));
		return EX_DATAERR;
	}
	printf("%s is out of the table; %" PRId64 " addresses are looked up "
	       "again\n", prefix_format(text, &p), addresses);
	return EX_OK;
}

static const char *
pattern_of(struct ctl *c)
{
	const char *why, *p = refusal_pattern(c->arena, c->args[0], &why);

	if (p == NULL)
		log_error("\"%s\" is no pattern: %s", c->args[0], why);
	return p;
}

int
ctl_contact_refuse(struct ctl *c)
{
	const char *pattern = pattern_of(c), *why = c->args[1];
	int64_t addresses = 0, reports = 0;

	if (pattern == NULL)
		return EX_USAGE;
	if (contact_rows_refuse(c, pattern,
	        why == NULL ? "refused by the administrator" : why, &addresses,
	        &reports) < 0)
		return EX_SOFTWARE;
	printf("%s is refused; %" PRId64 " addresses had it, %" PRId64
	       " ready reports are held\n", pattern, addresses, reports);
	return EX_OK;
}

static void
no_such_pattern(struct ctl *c, const char *pattern)
{
	struct db_rows *rows;
	const char **names, *near;

	if (ctl_rows_list(c, "ctl_contact_refused", &rows) < 0)
		return;
	names = arena_array(c->arena, db_rows_count(rows) + 1, sizeof *names);
	for (size_t i = 0; i < db_rows_count(rows); i++)
		names[i] = db_string(rows, i, 0);
	near = text_nearest(pattern, names, db_rows_count(rows));
	if (near != NULL)
		log_error("%s is not refused; did you mean %s?", pattern, near);
	else
		log_error("%s is not refused; see plaintiff contact refusals",
		    pattern);
	db_rows_free(rows);
}

int
ctl_contact_accept(struct ctl *c)
{
	const char *pattern = pattern_of(c);
	int64_t addresses = 0;
	bool done;

	if (pattern == NULL)
		return EX_USAGE;
	if (contact_rows_accept(c, pattern, &done, &addresses) < 0)
		return EX_SOFTWARE;
	if (!done) {
		no_such_pattern(c, pattern);
		return EX_DATAERR;
	}
	printf("%s is accepted; %" PRId64 " addresses are looked up again\n",
	    pattern, addresses);
	return EX_OK;
}

/* The number of a contact and what it was merged into (0: nothing). */
static int
contact_of(struct ctl *c, const char *s, int64_t *contact, int64_t *into)
{
	struct mailbox m;
	struct db_rows *rows;
	int code = mailbox_of(c, s, &m);

	if (code != EX_OK)
		return code;
	if (contact_rows_find(c, m.key, &rows) < 0)
		return EX_SOFTWARE;
	if (db_rows_count(rows) == 0) {
		log_error("no contact %s; see plaintiff contact list", s);
		code = EX_DATAERR;
	} else {
		*contact = db_int(rows, 0, 0);
		*into = db_int(rows, 0, 2);
	}
	db_rows_free(rows);
	return code;
}

int
ctl_contact_merge(struct ctl *c)
{
	int64_t from, into, from_into, into_into, addresses = 0;
	int code = contact_of(c, c->args[0], &from, &from_into);

	if (code == EX_OK)
		code = contact_of(c, c->args[1], &into, &into_into);
	if (code != EX_OK)
		return code;
	if (into_into != 0)
		into = into_into;
	if (from == into) {
		log_error("they are one contact already");
		return EX_DATAERR;
	}
	if (from_into != 0) {
		log_error("%s is merged already; see plaintiff contact list",
		    c->args[0]);
		return EX_DATAERR;
	}
	switch (contact_rows_merge(c, from, into, &addresses)) {
	case CONTACT_MERGED:
		printf("what would go to %s goes to %s; %" PRId64
		       " addresses\n", c->args[0], c->args[1], addresses);
		return EX_OK;
	case CONTACT_BOTH_MAILED:
		log_error("both were mailed within one week, or both have an "
		          "open report: try again when that is over");
		return EX_TEMPFAIL;
	case CONTACT_FAILED:
		break;
	}
	return EX_SOFTWARE;
}
