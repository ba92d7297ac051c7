/* The text of a report; see body.h.  Addresses: body_sources.c; events:
 * body_events.c. */
#include "hub/report/body.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hub/report/compose.h"
#include "hub/report/greeting.h"
#include "hub/report/prose.h"
#include "hub/report/xarf.h"
#include "proto/base/buf.h"
#include "proto/base/clock.h"

static size_t
label_columns(enum language l)
{
	static const enum wording labels[] = {WORDING_label_report,
	    WORDING_label_source, WORDING_label_sources, WORDING_label_events,
	    WORDING_label_first, WORDING_label_last, WORDING_label_servers};
	size_t widest = 0;

	for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
		const char *s = wording_texts[l][labels[i]];
		size_t n = prose_columns(s, strlen(s));

		widest = n > widest ? n : widest;
	}
	return widest + 1;
}

static void
counts(struct buf *out, const struct compose_facts *f, size_t columns)
{
	enum language l = f->language;
	char s[ADDR_TEXT_BYTES];

	prose_label(out, l, WORDING_label_report, columns);
	buf_printf(out, "%s\n", f->uuid);
	if (f->source_count == 1) {
		prose_label(out, l, WORDING_label_source, columns);
		buf_puts(out, addr_format(s, &f->sources[0].address));
	} else {
		prose_label(out, l, WORDING_label_sources, columns);
		wording_say_count(out, l, WORDING_addresses,
		    (int64_t)f->source_count);
	}
	buf_putc(out, '\n');
	prose_label(out, l, WORDING_label_events, columns);
	buf_printf(out, "%" PRId64 " (", f->events);
	wording_say_kinds(out, l, f->kinds);
	buf_puts(out, ")\n");
}

static void
summary(struct buf *out, const struct compose_facts *f)
{
	enum language l = f->language;
	size_t columns = label_columns(l);
	char time[CLOCK_TEXT_BYTES];

	prose_heading(out, l, WORDING_heading_summary);
	counts(out, f, columns);
	prose_label(out, l, WORDING_label_first, columns);
	buf_printf(out, "%s\n", clock_format(time, f->first_us, false));
	prose_label(out, l, WORDING_label_last, columns);
	buf_printf(out, "%s\n", clock_format(time, f->last_us, false));
	prose_label(out, l, WORDING_label_servers, columns);
	wording_say_count(out, l, WORDING_servers, f->hosts);
	buf_puts(out, "\n\n");
	prose_say(out, l, WORDING_zone, NULL, "");
	prose_say(out, l, WORDING_zone_note, NULL, "");
}

static void
explanations(struct buf *out, const struct compose_facts *f)
{
	for (int k = 0; k < KIND_COUNT; k++) {
		const char *word = wording_kind((enum kind)k);

		if (f->kinds[k] == 0)
			continue;
		buf_putc(out, '\n');
		prose_say(out, f->language, wording_explain((enum kind)k),
		    WORDING_FIELDS({"word", word}), "");
	}
	buf_putc(out, '\n');
	prose_say(out, f->language, WORDING_handshake, NULL, "");
}

static void
attachments(struct buf *out, const struct compose_facts *f,
    const struct body_around *around)
{
	char worst[ADDR_TEXT_BYTES], n[24];
	struct buf s = {0};

	(void)addr_format(worst, &f->sources[0].address);
	(void)snprintf(n, sizeof n, "%zu", around->documents);
	if (!around->csv) {
		wording_say(&s, f->language, WORDING_attached_only_xarf,
		    WORDING_FIELDS({"version", XARF_VERSION}));
	} else {
		wording_say(&s, f->language, WORDING_attached,
		    WORDING_FIELDS({"csv", "report.csv"}));
		if (around->documents != 0) {
			buf_putc(&s, ' ');
			wording_say(&s, f->language, around->documents == 1
			        ? WORDING_attached_xarf
			        : WORDING_attached_xarf_many,
			    WORDING_FIELDS({"n", n}, {"address", worst},
			        {"version", XARF_VERSION}));
		}
	}
	prose_wrap(out, s.data, s.n, "");
	buf_putc(out, '\n');
	buf_free(&s);
}

static bool
uses_abusix(const struct compose_facts *f)
{
	for (size_t i = 0; i < f->source_count; i++)
		if (f->sources[i].method != NULL &&
		    strcmp(f->sources[i].method, "abusix") == 0)
			return true;
	return false;
}

static void
about(struct buf *out, const struct compose_facts *f,
    const struct body_around *around)
{
	struct buf s = {0};

	prose_heading(out, f->language, WORDING_heading_about);
	if (around->csv || around->documents != 0)
		attachments(out, f, around);
	wording_say(&s, f->language, WORDING_goes_to,
	    WORDING_FIELDS({"to", f->to}));
	buf_putc(&s, ' ');
	wording_say_count(&s, f->language, WORDING_one_of_mails,
	    (int64_t)around->mails);
	prose_wrap(out, s.data, s.n, "");
	buf_free(&s);
	buf_putc(out, '\n');
	prose_say(out, f->language, WORDING_answer,
	    WORDING_FIELDS({"reply_to", f->reply_to}, {"report_id", f->uuid}),
	    "");
	if (uses_abusix(f)) {
		buf_putc(out, '\n');
		prose_say(out, f->language, WORDING_attribution, NULL, "");
	}
	if (f->organisation[0] != '\0') {
		buf_puts(out, "\n-- \n");
		prose_wrap(out, f->organisation, strlen(f->organisation), "");
	}
}

void
body_write(struct buf *out, const struct compose_facts *f,
    const struct body_around *around, struct arena *a)
{
	greeting_write(out, f);
	summary(out, f);
	explanations(out, f);
	body_sources(out, f, a);
	body_events(out, f);
	about(out, f, around);
}
