/* report.csv; see csv.h. */
#include "hub/report/csv.h"

#include <string.h>

#include "hub/report/compose.h"
#include "hub/report/entry.h"
#include "hub/report/wording.h"
#include "proto/base/buf.h"

static const char header[] =
    "time,source_ip,source_port,destination_ip,destination_port,protocol,"
    "service,type,login,source_events,source_types,source_first,source_last,"
    "source_servers\n";

/* How much of s needs neither quotes nor a substitute. */
static size_t
plain_length(const char *s)
{
	size_t n = 0;

	for (;; n++) {
		unsigned char c = (unsigned char)s[n];

		if (c < 0x20 || c == 0x7f || c == ',' || c == '"')
			return n;
	}
}

void
csv_cell(struct buf *out, const char *s)
{
	const size_t plain = plain_length(s);
	const bool formula = *s == '=' || *s == '+' || *s == '-' ||
	    *s == '@' || *s == '\t' || *s == '\r' || *s == '\n';
	bool quoted;

	if (!formula && s[plain] == '\0') {
		buf_add(out, s, plain);
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
totals(struct buf *out, const struct compose_source *s,
    const struct entries *e)
{
	const char *between = "";

	buf_number(out, s->events);
	buf_putc(out, ',');
	for (int k = 0; k < KIND_COUNT; k++) {
		if (s->kinds[k] == 0)
			continue;
		buf_puts(out, between);
		buf_puts(out, wording_kind((enum kind)k));
		buf_putc(out, '=');
		buf_number(out, s->kinds[k]);
		between = " ";
	}
	buf_putc(out, ',');
	buf_puts(out, e->first);
	buf_putc(out, ',');
	buf_puts(out, e->last);
	buf_putc(out, ',');
	buf_number(out, s->hosts);
	buf_putc(out, '\n');
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
	const struct entries *e = &f->entries[i];
	const struct entry none = {.time = "-", .port = "-",
	    .source = e->source, .destination = "-", .destination_port = "-",
	    .login = "-", .service = "-", .kind = "-"};
	struct buf t = {0};

	totals(&t, s, e);
	if (s->line_count == 0)
		row(out, &none, (struct text){.at = t.data, .n = t.n});
	for (size_t j = 0; j < s->line_count; j++)
		row(out, &e->at[j], (struct text){.at = t.data, .n = t.n});
	buf_free(&t);
}

void
csv_write(struct buf *out, const struct compose_facts *f)
{
	buf_puts(out, header);
	for (size_t i = 0; i < f->listed; i++)
		source(out, f, i);
}
