/* plaintiff replies ..., reply classify: what contacts answered.  Nothing
 * answers them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "hub/bounce/reply.h"
#include "hub/ctl/ctl.h"
#include "hub/ctl/ctl_rows.h"
#include "hub/ctl/list.h"
#include "hub/ctl/table.h"
#include "hub/db.h"
#include "proto/base/buf.h"
#include "proto/base/log.h"
#include "proto/base/text.h"

enum { FOR_PEOPLE = 7, HEADS = 12, TEXT_COLUMN = 12 };

int
ctl_replies_list(struct ctl *c)
{
	return list_show(c, "ctl_replies_list", FOR_PEOPLE);
}

/* Line by line, made harmless. */
static void
show_text(struct buf *out, const char *s)
{
	while (*s != '\0') {
		size_t n = strcspn(s, "\n");

		table_neuter(out, s, n);
		buf_putc(out, '\n');
		s += n + (s[n] == '\n');
	}
}

static void
show(struct buf *out, const struct db_rows *rows)
{
	for (size_t i = 0; i < HEADS; i++) {
		const char *value = db_string(rows, 0, i);

		if (db_is_null(rows, 0, i))
			continue;
		if (db_column_shape(rows, i) == DB_SHAPE_FLAG)
			value = db_flag(rows, 0, i) ? "yes" : "no";
		buf_printf(out, "%-13s ", db_column_name(rows, i));
		table_neuter(out, value, strlen(value));
		buf_putc(out, '\n');
	}
	buf_putc(out, '\n');
	show_text(out, db_string(rows, 0, TEXT_COLUMN));
}

int
ctl_replies_show(struct ctl *c)
{
	int64_t reply = strtoll(c->args[0], NULL, 10);
	struct db_rows *rows;
	struct buf out = {0};

	if (ctl_rows_number(c, "ctl_reply", reply, &rows) < 0)
		return EX_SOFTWARE;
	if (db_rows_count(rows) == 0) {
		log_error("no reply %" PRId64 "; see plaintiff replies list",
		    reply);
		db_rows_free(rows);
		return EX_DATAERR;
	}
	if (c->json) {
		table_json(&out, rows);
		buf_putc(&out, '\n');
	} else {
		show(&out, rows);
	}
	table_flush(&out);
	db_rows_free(rows);
	return EX_OK;
}

/* Is it the name of a kind?  Otherwise logged with the nearest. */
static bool
is_kind(const char *word)
{
	const char *names[REPLY_KINDS], *near;

	for (int i = 0; i < REPLY_KINDS; i++) {
		names[i] = reply_kind_name((enum reply_kind)i);
		if (strcmp(word, names[i]) == 0)
			return true;
	}
	near = text_nearest(word, names, REPLY_KINDS);
	log_error("no kind \"%s\"%s%s%s; there are receipt, away, form, "
	          "not_ours, forwarded, fixed and human", word,
	    near == NULL ? "" : "; did you mean \"", near == NULL ? "" : near,
	    near == NULL ? "" : "\"?");
	return false;
}

int
ctl_reply_classify(struct ctl *c)
{
	int64_t reply = strtoll(c->args[0], NULL, 10), fixed;
	bool done;

	if (!is_kind(c->args[1]))
		return EX_USAGE;
	if (ctl_rows_reply_classify(c, reply, c->args[1], &done, &fixed) < 0)
		return EX_SOFTWARE;
	if (!done) {
		log_error("no reply %" PRId64 "; see plaintiff replies list",
		    reply);
		return EX_DATAERR;
	}
	printf("reply %" PRId64 " is %s", reply, c->args[1]);
	if (strcmp(c->args[1], "fixed") == 0)
		printf("; addresses said to be fixed: %" PRId64, fixed);
	putchar('\n');
	return EX_OK;
}
