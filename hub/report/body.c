/* The text of a report; see body.h. */
#include "hub/report/body.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "hub/report/compose.h"
#include "hub/report/texts.h"
#include "hub/report/wording.h"
#include "proto/base/buf.h"
#include "proto/base/clock.h"

/* 75, so that quoted-printable needs no break of its own */
enum { COLUMNS = 75, DATE_CHARS = 10 };

/* Characters, not bytes. */
static size_t
columns(const char *s, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += ((unsigned char)s[i] & 0xc0) != 0x80;
	return count;
}

/* One line of text, broken at blanks; continued lines begin with indent.
 * A blank at the line's own beginning stays. */
static void
wrap(struct buf *out, const char *s, size_t n, const char *indent)
{
	size_t at = 0, column = 0;

	while (at < n) {
		size_t blanks = strspn(s + at, " ");
		size_t word, width;

		if (blanks > n - at)
			blanks = n - at;
		for (word = blanks; at + word < n && s[at + word] != ' ';)
			word++;
		width = columns(s + at, word);
		if (column != 0 && column + width > COLUMNS) {
			buf_putc(out, '\n');
			buf_puts(out, indent);
			column = strlen(indent);
			at += blanks;
			word -= blanks;
			width -= blanks;
		}
		buf_add(out, s + at, word);
		column += width;
		at += word;
	}
	buf_putc(out, '\n');
}

static void
paragraph(struct buf *out, const char *s)
{
	wrap(out, s, strlen(s), "");
}

/* The operator's own words: whatever the file holds, only printable text
 * gets on, and long lines are broken. */
static void
greeting(struct buf *out, struct text t)
{
	struct buf clean = {0};
	size_t line = 0;

	for (size_t i = 0; i < t.n;) {
		unsigned char c = (unsigned char)t.at[i];
		size_t n = text_utf8_length(t.at + i, t.n - i);
		bool c1 = n == 2 && c == 0xc2 &&
		    (unsigned char)t.at[i + 1] < 0xa0;

		if (c == '\t')
			buf_putc(&clean, ' ');
		else if (c == '\n' || (n != 0 && c >= 0x20 && c != 0x7f && !c1))
			buf_add(&clean, t.at + i, n);
		i += n == 0 ? 1 : n;
	}
	while (line < clean.n) {
		const char *s = clean.data + line;
		size_t n = strcspn(s, "\n");

		while (n != 0 && s[n - 1] == ' ')
			n--;
		wrap(out, s, n, "");
		line += strcspn(s, "\n") + 1;
	}
	buf_free(&clean);
}

static void
heading(struct buf *out, const char *s)
{
	buf_printf(out, "\n%s\n", s);
	for (size_t i = 0; i < strlen(s); i++)
		buf_putc(out, '-');
	buf_putc(out, '\n');
}

static const char *
plural(int64_t n)
{
	return n == 1 ? "" : "s";
}

static void
facts(struct buf *out, const struct compose_facts *f)
{
	char first[CLOCK_TEXT_BYTES], last[CLOCK_TEXT_BYTES];
	size_t n = f->source_count;

	heading(out, "Summary");
	buf_printf(out, "Report:     %s\n", f->uuid);
	if (n == 1) {
		char s[ADDR_TEXT_BYTES];

		buf_printf(out, "Source IP:  %s\n",
		    addr_format(s, &f->sources[0].address));
	} else {
		buf_printf(out, "Source IPs: %zu addresses\n", n);
	}
	buf_printf(out, "Events:     %" PRId64 " (", f->events);
	wording_counts(out, f->kinds);
	buf_printf(out, ")\nFirst:      %s\nLast:       %s\n",
	    clock_format(first, f->first_us, false),
	    clock_format(last, f->last_us, false));
	buf_printf(out, "Seen by:    %" PRId64 " mail server%s of ours\n\n",
	    f->hosts, plural(f->hosts));
	buf_puts(out, "All times are UTC (+0000), as in ISO 8601.\n"
	              "Note: Local timezone is +0000 (UTC)\n");
	for (int k = 0; k < KIND_COUNT; k++) {
		const char *s = wording_explain((enum kind)k);

		if (f->kinds[k] == 0 || s == NULL)
			continue;
		buf_putc(out, '\n');
		paragraph(out, s);
	}
	buf_putc(out, '\n');
	paragraph(out, "Each of these came over an established TCP "
	               "connection: the source addresses are not forged.");
}

static void
contact_line(struct buf *out, const struct compose_facts *f,
    const struct compose_source *s)
{
	char address[ADDR_TEXT_BYTES], day[CLOCK_TEXT_BYTES];
	int64_t days = (f->made_us - s->asked_us) / CLOCK_DAY_US;
	struct buf line = {0};

	if (s->method == NULL)
		return;
	buf_printf(&line, "  contact for %s found in %s on %.*s",
	    addr_format(address, &s->address),
	    strcmp(s->method, "abusix") == 0 ? "the Abusix Abuse Contact DB"
	                                     : "a public registry",
	    DATE_CHARS, clock_format(day, s->asked_us, false));
	if (days > 0)
		buf_printf(&line, " (%" PRId64 " day%s ago)", days,
		    plural(days));
	wrap(out, line.data, line.n, "    ");
	buf_free(&line);
}

static void
source(struct buf *out, const struct compose_facts *f,
    const struct compose_source *s)
{
	char address[ADDR_TEXT_BYTES];
	char first[CLOCK_TEXT_BYTES], last[CLOCK_TEXT_BYTES];
	struct buf line = {0};

	buf_printf(out, "%s\n", addr_format(address, &s->address));
	buf_printf(&line, "  %" PRId64 " event%s: ", s->events,
	    plural(s->events));
	wording_counts(&line, s->kinds);
	wrap(out, line.data, line.n, "    ");
	buf_printf(out, "  first %s, last %s, seen by %" PRId64 " server%s\n",
	    clock_format(first, s->first_us, false),
	    clock_format(last, s->last_us, false), s->hosts,
	    plural(s->hosts));
	contact_line(out, f, s);
	buf_free(&line);
}

static void
sources(struct buf *out, const struct compose_facts *f)
{
	size_t rest = f->source_count - f->listed;
	int64_t events = 0;

	heading(out, "Source addresses");
	for (size_t i = 0; i < f->listed; i++)
		source(out, f, &f->sources[i]);
	for (size_t i = f->listed; i < f->source_count; i++)
		events += f->sources[i].events;
	if (rest != 0)
		buf_printf(out, "\n... and %zu more address%s with %" PRId64
		    " event%s, counted above, not listed here.\n", rest,
		    rest == 1 ? "" : "es", events, plural(events));
}

struct widths {
	int source, destination, service;
};

static void
widen(int *width, const char *s)
{
	if (*width < (int)strlen(s))
		*width = (int)strlen(s);
}

static const char *
format_addr(char out[ADDR_TEXT_BYTES], const struct addr *a)
{
	return a->family == 0 ? "-" : addr_format(out, a);
}

static struct widths
measure(const struct compose_facts *f)
{
	struct widths w = {.source = (int)strlen("source IP"),
	    .destination = (int)strlen("dest IP"),
	    .service = (int)strlen("proto")};
	char s[ADDR_TEXT_BYTES];

	for (size_t i = 0; i < f->listed; i++) {
		const struct compose_source *c = &f->sources[i];

		widen(&w.source, addr_format(s, &c->address));
		for (size_t j = 0; j < c->line_count; j++) {
			const struct compose_event *e = &c->lines[j];

			widen(&w.destination, format_addr(s, &e->destination));
			widen(&w.service, wording_service(e->service,
			    e->destination_port));
		}
	}
	return w;
}

static void
row(struct buf *out, const struct widths *w, const struct compose_source *s,
    const struct compose_event *e)
{
	char when[CLOCK_TEXT_BYTES], from[ADDR_TEXT_BYTES],
	    to[ADDR_TEXT_BYTES], port[8] = "-", our_port[8] = "-";

	if (e->port != 0)
		(void)snprintf(port, sizeof port, "%u", e->port);
	if (e->destination_port != 0)
		(void)snprintf(our_port, sizeof our_port, "%u",
		    e->destination_port);
	buf_printf(out, "%s %-*s %5s %-*s %5s %-*s %s\n",
	    clock_format(when, e->time_us, false), w->source,
	    addr_format(from, &s->address), port, w->destination,
	    format_addr(to, &e->destination), our_port, w->service,
	    wording_service(e->service, e->destination_port),
	    wording_kind(e->kind));
}

static void
events(struct buf *out, const struct compose_facts *f)
{
	struct widths w = measure(f);
	int64_t listed = 0;

	heading(out, "Events");
	buf_printf(out, "%-20s %-*s %5s %-*s %5s %-*s %s\n", "time (UTC)",
	    w.source, "source IP", "port", w.destination, "dest IP", "port",
	    w.service, "proto", "type");
	for (size_t i = 0; i < f->listed; i++) {
		const struct compose_source *s = &f->sources[i];

		for (size_t j = 0; j < s->line_count; j++)
			row(out, &w, s, &s->lines[j]);
		listed += (int64_t)s->line_count;
	}
	if (listed < f->events)
		buf_printf(out, "\nListed are the latest %" PRId64
		    " of %" PRId64 " events; all are counted above.\n",
		    listed, f->events);
}

static bool
uses(const struct compose_facts *f, const char *method)
{
	for (size_t i = 0; i < f->source_count; i++)
		if (f->sources[i].method != NULL &&
		    strcmp(f->sources[i].method, method) == 0)
			return true;
	return false;
}

static void
ending(struct buf *out, const struct compose_facts *f)
{
	struct buf s = {0};

	heading(out, "About this mail");
	buf_printf(&s, "It goes to %s. A person reads the answers: please tell "
	               "us when the cause is gone, when somebody else answers "
	               "for these addresses, or when you want no reports of "
	               "this kind; write to %s and name report %s. For log "
	               "lines or other details of an event, ask there, too.",
	    f->to, f->reply_to, f->uuid);
	paragraph(out, s.data);
	if (uses(f, "abusix")) {
		buf_putc(out, '\n');
		paragraph(out, "Who is to be told was looked up in the Abusix "
		    "Abuse Contact DB (abusix.com/contactdb). Abusix did not "
		    "write this report, has not checked it and does not answer "
		    "for what it says. That database is built on the data of "
		    "the internet registries: whoever finds a wrong contact in "
		    "it should turn to the operator of the network (AS) or to "
		    "the registry for a correction.");
	}
	if (f->organisation[0] != '\0') {
		buf_puts(out, "\n-- \n");
		greeting(out, text_of(f->organisation));
	}
	buf_free(&s);
}

void
body_write(struct buf *out, const struct compose_facts *f)
{
	greeting(out, f->greeting.at == NULL ? text_of(texts_greeting_en)
	                                     : f->greeting);
	facts(out, f);
	sources(out, f);
	events(out, f);
	ending(out, f);
}
