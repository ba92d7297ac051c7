/* report.csv; see csv.h. */
#include "hub/report/csv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hub/report/compose.h"
#include "hub/report/entry.h"
#include "hub/report/wording.h"
#include "proto/base/buf.h"

static const char header[] =
    "time,source_ip,source_port,destination_ip,destination_port,protocol,"
    "service,type,login,source_events,source_types,source_first,source_last,"
    "source_servers\n";

static bool
is_plain(const char *s)
{
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c < 0x20 || c == 0x7f || c == ',' || c == '"')
			return false;
	}
	return true;
}

void
csv_cell(struct buf *out, const char *s)
{
	bool formula = *s != '\0' && strchr("=+-@\t\r\n", *s) != NULL;
	bool quoted;

	if (!formula && is_plain(s)) {
		buf_puts(out, s);
		return;
	}
	quoted = formula || s[strcspn(s, ",\"\r\n")] != '\0';
	if (quoted)
		buf_putc(out, '"');
	if (formula)
		buf_putc(out, '\'');
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"')
			buf_putc(out, '"');
		buf_putc(out, c < 0x20 || c == 0x7f ? ' ' : *s);
	}
	if (quoted)
		buf_putc(out, '"');
}

/* "-" is for people; a program takes an empty cell. */
static void
cell(struct buf *out, const char *s)
{
	csv_cell(out, strcmp(s, "-") == 0 ? "" : s);
	buf_putc(out, ',');
}

/* What is the same in all rows of an address: "login=12 relay=2". */
static void
totals(struct buf *out, const struct compose_source *s)
{
	char first[CLOCK_TEXT_BYTES], last[CLOCK_TEXT_BYTES];
	const char *between = "";

	buf_printf(out, "%" PRId64 ",", s->events);
	for (int k = 0; k < KIND_COUNT; k++) {
		if (s->kinds[k] == 0)
			continue;
		buf_printf(out, "%s%s=%" PRId64, between,
		    wording_kind((enum kind)k), s->kinds[k]);
		between = " ";
	}
	buf_printf(out, ",%s,%s,%" PRId64 "\n",
	    clock_format(first, s->first_us, false),
	    clock_format(last, s->last_us, false), s->hosts);
}

static void
row(struct buf *out, const struct entry *e, struct text totals_text)
{
	cell(out, e->time);
	cell(out, e->source);
	cell(out, e->port);
	cell(out, e->destination);
	cell(out, e->destination_port);
	cell(out, "tcp");
	cell(out, e->service);
	cell(out, e->kind);
	cell(out, e->login);
	buf_add(out, totals_text.at, totals_text.n);
}

static void
source(struct buf *out, const struct compose_facts *f, size_t i)
{
	const struct compose_source *s = &f->sources[i];
	char address[ADDR_TEXT_BYTES];
	const struct entry none = {.time = "-", .port = "-",
	    .source = addr_format(address, &s->address), .destination = "-",
	    .destination_port = "-", .login = "-", .service = "-",
	    .kind = "-"};
	struct buf t = {0};

	totals(&t, s);
	if (s->line_count == 0)
		row(out, &none, (struct text){.at = t.data, .n = t.n});
	for (size_t j = 0; j < s->line_count; j++)
		row(out, &f->entries[i][j],
		    (struct text){.at = t.data, .n = t.n});
	buf_free(&t);
}

void
csv_write(struct buf *out, const struct compose_facts *f)
{
	buf_puts(out, header);
	for (size_t i = 0; i < f->listed; i++)
		source(out, f, i);
}
