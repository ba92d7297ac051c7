/* The events in the text of a report: one line each, with all that is known
 * of it, so that a line can be passed on alone.  A table for IPv4 and one for
 * IPv6, since a line of the latter is too wide for a terminal.  See body.h. */
#include "hub/report/body.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hub/report/compose.h"
#include "hub/report/entry.h"
#include "hub/report/prose.h"
#include "proto/base/buf.h"

struct widths {
	int source, destination, port, service, kind;
	bool logins; /* is there any? */
	size_t rows;
};

static void
widen(int *width, const char *s)
{
	if (*width < (int)strlen(s))
		*width = (int)strlen(s);
}

static const char *
column(enum wording w)
{
	/* the same in every language */
	return wording_texts[LANGUAGE_EN][w];
}

static struct widths
measure(const struct compose_facts *f, int family)
{
	struct widths w = {0};

	widen(&w.source, column(WORDING_column_source));
	widen(&w.destination, column(WORDING_column_destination));
	widen(&w.port, column(WORDING_column_port));
	widen(&w.service, column(WORDING_column_service));
	widen(&w.kind, column(WORDING_column_kind));
	for (size_t i = 0; i < f->listed; i++) {
		const struct compose_source *s = &f->sources[i];

		for (size_t j = 0; j < s->line_count &&
		    s->address.family == family; j++) {
			struct entry e;

			w.rows++;
			entry_of(&e, f, s, &s->lines[j]);
			widen(&w.source, e.source);
			widen(&w.destination, e.destination);
			widen(&w.port, e.destination_port);
			widen(&w.service, e.service);
			widen(&w.kind, e.kind);
			w.logins |= s->lines[j].login.n != 0;
		}
	}
	return w;
}

/* Without blanks at the end, which quoted-printable would have to write. */
static void
row(struct buf *out, const struct widths *w, const struct entry *e)
{
	buf_printf(out, "%-20s %-*s %5s %-*s %*s %-*s ", e->time, w->source,
	    e->source, e->port, w->destination, e->destination, w->port,
	    e->destination_port, w->service, e->service);
	if (w->logins)
		buf_printf(out, "%-*s %s\n", w->kind, e->kind, e->login);
	else
		buf_printf(out, "%s\n", e->kind);
}

static void
head(struct buf *out, const struct widths *w)
{
	buf_printf(out, "%-20s %-*s %5s %-*s %*s %-*s ",
	    column(WORDING_column_time), w->source,
	    column(WORDING_column_source), column(WORDING_column_port),
	    w->destination, column(WORDING_column_destination), w->port,
	    column(WORDING_column_port), w->service,
	    column(WORDING_column_service));
	if (w->logins)
		buf_printf(out, "%-*s %s\n", w->kind,
		    column(WORDING_column_kind), column(WORDING_column_login));
	else
		buf_printf(out, "%s\n", column(WORDING_column_kind));
}

static void
table(struct buf *out, const struct compose_facts *f, int family,
    const struct widths *w)
{
	if (w->rows == 0)
		return;
	head(out, w);
	for (size_t i = 0; i < f->listed; i++) {
		const struct compose_source *s = &f->sources[i];

		for (size_t j = 0; j < s->line_count &&
		    s->address.family == family; j++) {
			struct entry e;

			entry_of(&e, f, s, &s->lines[j]);
			row(out, w, &e);
		}
	}
}

static void
notes(struct buf *out, const struct compose_facts *f, bool logins,
    size_t listed)
{
	char some[24], all[24];

	if (logins) {
		buf_putc(out, '\n');
		prose_say(out, f->language, WORDING_tokens, NULL, "");
	}
	if ((int64_t)listed < f->events) {
		(void)snprintf(some, sizeof some, "%zu", listed);
		(void)snprintf(all, sizeof all, "%" PRId64, f->events);
		buf_putc(out, '\n');
		prose_say(out, f->language, WORDING_latest,
		    WORDING_FIELDS({"listed", some}, {"events", all}), "");
	}
}

void
body_events(struct buf *out, const struct compose_facts *f)
{
	const struct widths four = measure(f, 4), six = measure(f, 6);

	prose_heading(out, f->language, WORDING_heading_events);
	table(out, f, 4, &four);
	if (four.rows != 0 && six.rows != 0)
		buf_putc(out, '\n');
	table(out, f, 6, &six);
	notes(out, f, four.logins || six.logins, four.rows + six.rows);
}
