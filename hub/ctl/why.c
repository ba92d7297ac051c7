/* plaintiff why: every decision about an address in its order, with the
 * facts, then what comes of it. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "hub/ctl/ctl.h"
#include "hub/ctl/decide_rows.h"
#include "hub/ctl/table.h"
#include "hub/db.h"
#include "proto/base/addr.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"
#include "proto/base/log.h"

static const struct {
	const char *name; /* in JSON */
	const char *title;
	const char *statement;
} parts[] = {
    {"decisions", "decisions, in their order", "ctl_why"},
    {"reports", "reports that it is in", "ctl_why_reports"},
    {"conclusion", "conclusion", "ctl_why_conclusion"},
};

enum { PARTS = sizeof parts / sizeof parts[0] };

static int
show(struct ctl *c, const char *address, struct buf *out)
{
	for (size_t i = 0; i < PARTS; i++) {
		struct db_rows *rows;

		if (decide_rows_run(c, parts[i].statement, &address, 1,
		        &rows) < 0)
			return EX_SOFTWARE;
		if (c->json) {
			buf_printf(out, "%s\"%s\": ", i == 0 ? "{" : ",\n",
			    parts[i].name);
			table_json(out, rows);
		} else {
			buf_printf(out, "%s%s\n", i == 0 ? "" : "\n",
			    parts[i].title);
			table_text(out, rows, 0);
		}
		db_rows_free(rows);
	}
	buf_puts(out, c->json ? "}\n" : "");
	return EX_OK;
}

int
ctl_why(struct ctl *c)
{
	char text[ADDR_TEXT_BYTES];
	struct buf out = {0};
	struct addr address;
	int code;

	if (!addr_parse(text_of(c->args[0]), &address)) {
		log_error("\"%s\" is no address", c->args[0]);
		return EX_USAGE;
	}
	code = show(c, addr_format(text, &address), &out);
	if (code == EX_OK)
		table_flush(&out);
	else
		buf_free(&out);
	return code;
}
