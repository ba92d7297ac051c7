/* The table of events in the text of a report: one line each, with all that
 * is known of it, so that a line can be passed on alone.  See body.h. */
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
measure(const struct compose_facts *f)
{
	struct widths w = {0};

	widen(&w.source, column(WORDING_column_source));
	widen(&w.destination, column(WORDING_column_destination));
	widen(&w.port, column(WORDING_column_port));
	widen(&w.service, column(WORDING_column_service));
	widen(&w.kind, column(WORDING_column_kind));
	for (size_t i = 0; i < f->listed; i++) {
		const struct compose_source *s = &f->sources[i];

		for (size_t j = 0; j < s->line_count; j++) {
			struct entry e;

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
notes(struct buf *out, const struct compose_facts *f, const struct widths *w,
    int64_t listed)
{
	char some[24], all[24];

	if (w->logins) {
		buf_putc(out, '\n');
		prose_say(out, f->language, WORDING_tokens, NULL, "");
	}
	if (listed < f->events) {
		(void)snprintf(some, sizeof some, "%" PRId64, listed);
		(void)snprintf(all, sizeof all, "%" PRId64, f->events);
		buf_putc(out, '\n');
		prose_say(out, f->language, WORDING_latest,
		    WORDING_FIELDS({"listed", some}, {"events", all}), "");
	}
}

void
body_events(struct buf *out, const struct compose_facts *f)
{
	struct widths w = measure(f);
	int64_t listed = 0;

	prose_heading(out, f->language, WORDING_heading_events);
	head(out, &w);
	for (size_t i = 0; i < f->listed; i++) {
		const struct compose_source *s = &f->sources[i];

		for (size_t j = 0; j < s->line_count; j++) {
			struct entry e;

			entry_of(&e, f, s, &s->lines[j]);
			row(out, &w, &e);
		}
		listed += (int64_t)s->line_count;
	}
	notes(out, f, &w, listed);
}
