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

enum { TIME_COLUMNS = 20, PORT_COLUMNS = 5 };

struct widths {
	size_t source, destination, port, service, kind;
	bool logins; /* is there any? */
	size_t rows;
};

static void
widen(size_t *width, const char *s)
{
	size_t n = strlen(s);

	if (*width < n)
		*width = n;
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

		if (s->address.family != family)
			continue;
		for (size_t j = 0; j < s->line_count; j++) {
			const struct entry *e = &f->entries[i].at[j];

			widen(&w.source, e->source);
			widen(&w.destination, e->destination);
			widen(&w.port, e->destination_port);
			widen(&w.service, e->service);
			widen(&w.kind, e->kind);
			w.logins |= s->lines[j].login.n != 0;
		}
		w.rows += s->line_count;
	}
	return w;
}

static void
blanks(struct buf *out, size_t n)
{
	memset(buf_reserve(out, n), ' ', n);
	out->n += n;
}

static void
left(struct buf *out, const char *s, size_t width)
{
	size_t n = strlen(s);

	buf_add(out, s, n);
	blanks(out, (n < width ? width - n : 0) + 1);
}

static void
right(struct buf *out, const char *s, size_t width)
{
	size_t n = strlen(s);

	blanks(out, n < width ? width - n : 0);
	buf_add(out, s, n);
	buf_putc(out, ' ');
}

/* Without blanks at the end, which quoted-printable would have to write. */
static void
row(struct buf *out, const struct widths *w, const char *time,
    const struct entry *e)
{
	left(out, time, TIME_COLUMNS);
	left(out, e->source, w->source);
	right(out, e->port, PORT_COLUMNS);
	left(out, e->destination, w->destination);
	right(out, e->destination_port, w->port);
	left(out, e->service, w->service);
	if (w->logins) {
		left(out, e->kind, w->kind);
		buf_puts(out, e->login);
	} else {
		buf_puts(out, e->kind);
	}
	buf_putc(out, '\n');
}

static void
head(struct buf *out, const struct widths *w)
{
	const char *login = column(WORDING_column_login);
	struct entry e = {.source = column(WORDING_column_source),
	    .destination = column(WORDING_column_destination),
	    .service = column(WORDING_column_service),
	    .kind = column(WORDING_column_kind)};

	(void)snprintf(e.port, sizeof e.port, "%s",
	    column(WORDING_column_port));
	memcpy(e.destination_port, e.port, sizeof e.port);
	(void)snprintf(e.login, sizeof e.login, "%s", login);
	row(out, w, column(WORDING_column_time), &e);
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

		if (s->address.family != family)
			continue;
		for (size_t j = 0; j < s->line_count; j++)
			row(out, w, f->entries[i].at[j].time,
			    &f->entries[i].at[j]);
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
