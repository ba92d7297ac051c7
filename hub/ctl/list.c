/* Lists; see list.h. */
#include "hub/ctl/list.h"

#include <sysexits.h>

#include "hub/ctl/ctl.h"
#include "hub/ctl/ctl_rows.h"
#include "hub/ctl/table.h"
#include "hub/db.h"
#include "proto/base/buf.h"

void
list_rows(const struct ctl *c, struct db_rows *rows, size_t for_people)
{
	struct buf out = {0};

	if (c->json) {
		table_json(&out, rows);
		buf_putc(&out, '\n');
	} else {
		table_text(&out, rows, for_people);
	}
	table_flush(&out);
	db_rows_free(rows);
}

int
list_show(struct ctl *c, const char *statement, size_t for_people)
{
	struct db_rows *rows;

	if (ctl_rows_list(c, statement, &rows) < 0)
		return EX_SOFTWARE;
	list_rows(c, rows, for_people);
	return EX_OK;
}
