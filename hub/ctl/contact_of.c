/* plaintiff contact of, plaintiff lookup: who answers for an address, by which
 * rule or source, and what each source said. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "hub/ctl/contact_rows.h"
#include "hub/ctl/ctl.h"
#include "hub/ctl/table.h"
#include "hub/db.h"
#include "proto/base/addr.h"
#include "proto/base/buf.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

enum { WAIT_MS = 60000, LOOK_MS = 200 };

static const struct {
	const char *name; /* in JSON */
	const char *title;
	const char *statement;
} parts[] = {
    {"source", "what holds now", "ctl_contact_of"},
    {"tables", "what the tables say, in the order of looking",
        "ctl_contact_tables"},
    {"answers", "what each source said, latest first", "ctl_contact_answers"},
};

static int
address_of(const struct ctl *c, struct addr *out)
{
	if (addr_parse(text_of(c->args[0]), out))
		return EX_OK;
	log_error("\"%s\" is no address", c->args[0]);
	return EX_USAGE;
}

static int
show(struct ctl *c, const struct addr *address)
{
	struct buf out = {0};
	int code = EX_OK;

	buf_puts(&out, c->json ? "{" : "");
	for (size_t i = 0; code == EX_OK && i < sizeof parts / sizeof parts[0];
	     i++) {
		struct db_rows *rows;

		if (contact_rows_about(c, parts[i].statement, address, &rows) <
		    0) {
			code = EX_SOFTWARE;
			break;
		}
		if (c->json) {
			buf_printf(&out, "%s\"%s\": ", i == 0 ? "" : ",\n",
			    parts[i].name);
			table_json(&out, rows);
		} else {
			buf_printf(&out, "%s%s\n", i == 0 ? "" : "\n",
			    parts[i].title);
			table_text(&out, rows, 0);
		}
		db_rows_free(rows);
	}
	buf_puts(&out, c->json ? "}\n" : "");
	if (code == EX_OK)
		table_flush(&out);
	else
		buf_free(&out);
	return code;
}

int
ctl_contact_of(struct ctl *c)
{
	struct addr address;
	int code = address_of(c, &address);

	return code == EX_OK ? show(c, &address) : code;
}

/* Until there is a newer answer than that of asked_us: 1; 0 when none came in
 * time; -1: logged. */
static int
await(struct ctl *c, const struct addr *address, int64_t asked_us)
{
	int64_t until_ms = clock_mono_ms() + WAIT_MS;
	bool dots = isatty(STDERR_FILENO) == 1;

	do {
		struct db_rows *rows;
		bool newer;

		if (contact_rows_about(c, "ctl_contact_asked", address, &rows) <
		    0)
			return -1;
		newer = db_rows_count(rows) != 0 &&
		    db_int(rows, 0, 0) > asked_us;
		db_rows_free(rows);
		if (newer)
			return 1;
		if (dots)
			(void)fputc('.', stderr);
		(void)poll(NULL, 0, LOOK_MS);
	} while (clock_mono_ms() < until_ms);
	return 0;
}

int
ctl_lookup(struct ctl *c)
{
	struct addr address;
	int64_t asked_us;
	int code = address_of(c, &address), came;

	if (code != EX_OK || c->args[1] == NULL)
		return code == EX_OK ? show(c, &address) : code;
	if (contact_rows_ask(c, &address, &asked_us) < 0)
		return EX_SOFTWARE;
	came = await(c, &address, asked_us);
	if (came < 0)
		return EX_SOFTWARE;
	if (came == 0) {
		log_error("no answer within %d s; does plaintiff-hub lookup "
		          "run?", WAIT_MS / 1000);
		return EX_TEMPFAIL;
	}
	return show(c, &address);
}
